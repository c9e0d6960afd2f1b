//! Popping and purging.

use sukkal_storage::{Capability, Marker, NewMessage, PurgeMessages, Purged};

use crate::bench::{Bench, CLAIM_TTL, Queue, SECOND, bodies, message};
use crate::case::{Need, cases};

cases! {
    [] => {
        pop_removes_and_returns_the_oldest_messages,
        pop_returns_fewer_when_there_are_fewer,
        pop_of_an_unknown_queue_returns_nothing,
        a_popped_message_is_gone_for_every_call,
        purge_removes_everything_in_one_large_step,
        purge_goes_in_bounded_steps,
        purge_removes_delayed_messages,
        purge_leaves_messages_posted_after_its_first_step,
        purge_of_an_unknown_queue_is_done_at_once,
        purge_leaves_other_queues_alone,
        purge_ends_although_messages_expire_between_its_steps,
    }
    [Need::Has(Capability::Claims)] => {
        pop_skips_claimed_messages,
        pop_takes_a_message_whose_claim_has_expired,
        purge_leaves_claimed_messages,
        purge_goes_round_many_claimed_messages,
    }
}

async fn purge_step(queue: &Queue, limit: usize, up_to: Option<Marker>, now: i64) -> Purged {
    let command = PurgeMessages { queue: queue.key.clone(), limit, up_to, now };
    queue.messages().purge(command).await.expect("a step is done")
}

/// Runs steps until none is needed; returns how many there were.
async fn purge(queue: &Queue, limit: usize, now: i64) -> usize {
    let mut step = purge_step(queue, limit, None, now).await;
    let mut steps = 1;
    while step.more {
        step = purge_step(queue, limit, Some(step.up_to), now).await;
        steps += 1;
        assert!(steps < 1000, "the purge does not end");
    }
    steps
}

async fn pop_removes_and_returns_the_oldest_messages(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;

    let popped = queue.pop(2, queue.start).await;

    assert_eq!(bodies(&popped), ["a", "b"]);
    assert!(popped.iter().all(|each| each.claim.is_none() && each.claim_count == 0));
    assert_eq!(queue.all_bodies(queue.start).await, ["c"]);
}

async fn pop_returns_fewer_when_there_are_fewer(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;

    assert_eq!(bodies(&queue.pop(20, queue.start).await), ["a"]);
    assert!(queue.pop(20, queue.start).await.is_empty());
}

async fn pop_of_an_unknown_queue_returns_nothing(bench: Bench) {
    assert!(bench.queue().pop(5, bench.start).await.is_empty());
}

async fn a_popped_message_is_gone_for_every_call(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a"]).await;

    queue.pop(1, queue.start).await;

    assert!(queue.get(&posted, queue.start).await.is_empty());
    assert!(queue.all(queue.start).await.is_empty());
    assert_eq!(queue.stats(queue.start).await, Default::default());
}

async fn purge_removes_everything_in_one_large_step(bench: Bench) {
    let queue = bench.queue();
    queue.fill(30).await;

    let step = purge_step(&queue, 100, None, queue.start).await;

    assert!(!step.more);
    assert!(queue.all(queue.start).await.is_empty());
}

async fn purge_goes_in_bounded_steps(bench: Bench) {
    let queue = bench.queue();
    queue.fill(35).await;

    let first = purge_step(&queue, 10, None, queue.start).await;
    let left = queue.all(queue.start).await.len();

    assert!(first.more);
    assert!(left >= 25, "a step of 10 removed {}", 35 - left);
    purge(&queue, 10, queue.start).await;
    assert!(queue.all(queue.start).await.is_empty());
}

async fn purge_removes_delayed_messages(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    let delayed = NewMessage { delay_until: Some(now + SECOND), ..message("delayed") };
    queue.send(vec![delayed, message("free")]).await;

    purge(&queue, 10, now).await;

    assert!(queue.all(now).await.is_empty());
    assert!(queue.all(now + SECOND).await.is_empty());
}

async fn purge_leaves_messages_posted_after_its_first_step(bench: Bench) {
    let queue = bench.queue();
    queue.fill(5).await;

    let mut step = purge_step(&queue, 2, None, queue.start).await;
    queue.post(&["new", "newer"]).await;
    while step.more {
        step = purge_step(&queue, 2, Some(step.up_to), queue.start).await;
    }

    assert_eq!(queue.all_bodies(queue.start).await, ["new", "newer"]);
}

async fn purge_of_an_unknown_queue_is_done_at_once(bench: Bench) {
    assert_eq!(purge(&bench.queue(), 10, bench.start).await, 1);
}

async fn purge_leaves_other_queues_alone(bench: Bench) {
    let (queue, other) = (bench.queue(), bench.queue());
    queue.fill(3).await;
    other.post(&["kept"]).await;

    purge(&queue, 10, queue.start).await;

    assert_eq!(other.all_bodies(queue.start).await, ["kept"]);
}

async fn purge_ends_although_messages_expire_between_its_steps(bench: Bench) {
    let queue = bench.queue();
    queue.send((0..20).map(|_| NewMessage { ttl: 5, ..message("short") }).collect()).await;
    queue.post(&["long"]).await;

    let first = purge_step(&queue, 3, None, queue.start).await;
    let end = queue.start + 5 * SECOND;
    let mut step = purge_step(&queue, 3, Some(first.up_to), end).await;
    for _ in 0..30 {
        if step.more {
            step = purge_step(&queue, 3, Some(step.up_to), end).await;
        }
    }

    assert!(!step.more);
    assert!(queue.all(end).await.is_empty());
}

async fn pop_skips_claimed_messages(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;
    queue.claim(1, queue.start).await;

    assert_eq!(bodies(&queue.pop(5, queue.start).await), ["b", "c"]);
}

async fn pop_takes_a_message_whose_claim_has_expired(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    queue.claim(1, queue.start).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    assert_eq!(bodies(&queue.pop(1, end - 1).await), ["b"]);
    let popped = queue.pop(1, end).await;

    assert_eq!(bodies(&popped), ["a"]);
    assert_eq!(popped[0].claim, None);
}

async fn purge_leaves_claimed_messages(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c", "d"]).await;
    let claim = queue.claim(2, queue.start).await;

    purge(&queue, 1, queue.start).await;

    assert_eq!(queue.all_bodies(queue.start).await, ["a", "b"]);
    let held = queue.get_claim(claim.id, queue.start).await.expect("the claim lives");
    assert_eq!(bodies(&held.messages), ["a", "b"]);
}

async fn purge_goes_round_many_claimed_messages(bench: Bench) {
    let queue = bench.queue();
    queue.fill(100).await;
    queue.claim(100, queue.start).await;
    queue.fill(7).await;

    purge(&queue, 5, queue.start).await;

    let stats = queue.stats(queue.start).await;
    assert_eq!((stats.claimed, stats.free), (100, 0));
}
