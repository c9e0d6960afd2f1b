//! Collecting garbage is seen by nobody.

use sukkal_storage::{
    Capability, CreateClaim, DeadLetter, NewMessage, Post, QueueKey, ReceiveTransfers,
};
use uuid::Uuid;

use crate::bench::{Bench, CLAIM_TTL, Queue, SECOND, bodies, ids, message};
use crate::case::{Need, cases};
use crate::snapshot::Snapshot;

cases! {
    [Need::Collects] => {
        collection_removes_expired_messages,
        collection_goes_in_small_steps,
        collection_ends,
        a_collected_id_may_be_posted_anew,
        collection_leaves_the_next_generation_alone,
        collection_of_an_empty_store_is_no_error,
        collection_leaves_markers_rising,
        collection_leaves_delayed_messages,
        collection_leaves_queue_records_alone,
    }
    [Need::Collects, Need::Has(Capability::Claims)] => {
        collection_changes_nothing_that_is_seen,
        collection_leaves_a_message_its_claim_extended,
        collection_of_an_expired_claim_frees_what_was_free,
        collection_leaves_pending_transfers,
        received_ids_are_kept_for_an_hour,
        collection_while_others_work_loses_nothing,
    }
}

/// Collects until nothing is left to do; returns how many records went.
pub(super) async fn collect_all(queue: &Queue, now: i64, budget: usize) -> u64 {
    let mut removed = 0;
    for _ in 0..100_000 {
        let step = queue.data.collect(now, budget).await.expect("garbage is collected");
        removed += step.removed;
        if !step.more {
            return removed;
        }
    }
    panic!("the collection does not end");
}

fn short(body: &str) -> NewMessage {
    NewMessage { ttl: 5, ..message(body) }
}

async fn collection_removes_expired_messages(bench: Bench) {
    let queue = bench.queue();
    queue.send(vec![short("a"), message("b"), short("c")]).await;
    let end = queue.start + 5 * SECOND;

    let removed = collect_all(&queue, end, 1000).await;

    assert!(removed >= 2, "only {removed} records were removed");
    assert_eq!(queue.all_bodies(queue.start).await, ["b"]);
}

async fn collection_goes_in_small_steps(bench: Bench) {
    let queue = bench.queue();
    queue.send((0..200).map(|_| short("a")).collect()).await;
    let end = queue.start + 5 * SECOND;

    let step = queue.data.collect(end, 10).await.expect("garbage is collected");

    assert!(step.more);
    assert!(step.removed <= 40, "a budget of 10 removed {}", step.removed);
    assert!(collect_all(&queue, end, 10).await + step.removed >= 200);
}

async fn collection_ends(bench: Bench) {
    let queue = bench.queue();
    queue.send((0..30).map(|_| short("a")).collect()).await;
    let end = queue.start + 5 * SECOND;

    for budget in [1, 7, 1000] {
        collect_all(&queue, end, budget).await;
    }

    assert!(queue.all(end).await.is_empty());
}

async fn a_collected_id_may_be_posted_anew(bench: Bench) {
    let queue = bench.queue();
    let end = queue.start + 5 * SECOND;
    let id = queue.send(vec![short("first")]).await[0];
    collect_all(&queue, end, 1000).await;

    let again = NewMessage { id, ..message("again") };
    let post = Post { now: end, ..queue.post_of(vec![again]) };
    queue.messages().post(post).await.expect("the post is stored");

    assert_eq!(queue.all_bodies(end).await, ["again"]);
}

async fn collection_leaves_the_next_generation_alone(bench: Bench) {
    let queue = bench.queue();
    let messages: Vec<_> = (0..50).map(|index| message(&index.to_string())).collect();
    queue.send(messages.clone()).await;
    let generation = queue.seal().await;
    queue.unseal(generation).await;
    let post = Post { generation, ..queue.post_of(messages[..3].to_vec()) };
    queue.messages().post(post).await.expect("the post is stored");
    let before = Snapshot::of(&queue, &[messages[0].id, messages[9].id], &[], queue.start).await;

    collect_all(&queue, queue.start, 7).await;

    let after = Snapshot::of(&queue, &[messages[0].id, messages[9].id], &[], queue.start).await;
    assert_eq!(after, before);
    assert_eq!(bodies(&queue.pop(5, queue.start).await), ["0", "1", "2"]);
}

async fn collection_of_an_empty_store_is_no_error(bench: Bench) {
    let queue = bench.queue();

    collect_all(&queue, queue.start, 100).await;

    assert!(queue.all(queue.start).await.is_empty());
}

async fn collection_leaves_markers_rising(bench: Bench) {
    let queue = bench.queue();
    let end = queue.start + 5 * SECOND;
    queue.send(vec![short("a"), short("b")]).await;
    let last = queue.all(queue.start).await[1].marker;
    collect_all(&queue, end, 100).await;

    let post = Post { now: end, ..queue.post_of(vec![message("c")]) };
    queue.messages().post(post).await.expect("the post is stored");

    assert!(queue.all(end).await[0].marker > last);
}

async fn collection_leaves_delayed_messages(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + 10 * SECOND;
    queue.send(vec![NewMessage { delay_until: Some(due), ..message("a") }]).await;

    collect_all(&queue, due - 1, 100).await;

    assert!(queue.free(due - 1).await.is_empty());
    assert_eq!(queue.free_bodies(due).await, ["a"]);
}

async fn collection_leaves_queue_records_alone(bench: Bench) {
    let queue = bench.queue();
    let records = bench.store.control.queues();
    let command = sukkal_storage::CreateQueue {
        queue: queue.key.clone(),
        metadata: bytes::Bytes::from_static(b"{}"),
        generation: 0,
        pool: None,
        now: queue.start,
    };
    records.create(command).await.expect("the record is created");
    let before = records.get(&queue.key).await.expect("the record is read");

    collect_all(&queue, queue.start + 7200 * SECOND, 100).await;

    assert!(before.is_some());
    assert_eq!(records.get(&queue.key).await.expect("the record is read"), before);
}

async fn collection_changes_nothing_that_is_seen(bench: Bench) {
    let queue = bench.queue();
    let (start, now) = (queue.start, queue.start + CLAIM_TTL * SECOND);
    let delayed = |until| NewMessage { delay_until: Some(until), ..message("delayed") };
    let mut posted = queue.fill(6).await;
    let ended = queue.claim(3, start).await.id;
    let long = CreateClaim { ttl: 600, ..queue.claim_of(2, start) };
    let live = queue.create_claim(long).await.id;
    posted.extend(queue.send(vec![short("x"), delayed(now), delayed(now + 1), short("y")]).await);
    let claims = [ended, live, Uuid::new_v4()];
    let before = Snapshot::of(&queue, &posted, &claims, now).await;

    collect_all(&queue, now, 3).await;

    assert_eq!(before.ids().len(), 8);
    assert_eq!(Snapshot::of(&queue, &posted, &claims, now).await, before);
    assert_eq!(ids(&queue.claim(10, now).await.messages), [0, 1, 2, 5, 7].map(|at| posted[at]));
}

async fn collection_leaves_a_message_its_claim_extended(bench: Bench) {
    let queue = bench.queue();
    queue.send(vec![short("a")]).await;
    let claim = queue.claim(1, queue.start).await;
    let later = queue.start + 6 * SECOND;

    collect_all(&queue, later, 100).await;

    let held = queue.get_claim(claim.id, later).await.expect("the claim lives");
    assert_eq!(bodies(&held.messages), ["a"]);
}

async fn collection_of_an_expired_claim_frees_what_was_free(bench: Bench) {
    let queue = bench.queue();
    let end = queue.start + CLAIM_TTL * SECOND;
    queue.post(&["a", "b"]).await;
    queue.claim(1, queue.start).await;
    let before = queue.free(end).await;

    collect_all(&queue, end, 100).await;

    assert_eq!(queue.free(end).await, before);
    assert_eq!(bodies(&queue.claim(2, end).await.messages), ["a", "b"]);
}

/// Moves everything in a queue into its transfer set.
async fn move_all(queue: &Queue, target: &Queue) {
    let rule = DeadLetter { max_claim_count: 0, ..target.dead_letter(false) };
    let command = CreateClaim { dead_letter: Some(rule), ..queue.claim_of(100, queue.start) };
    queue.create_claim(command).await;
}

async fn collection_leaves_pending_transfers(bench: Bench) {
    let (queue, target) = (bench.queue(), bench.queue());
    queue.post(&["a", "b"]).await;
    move_all(&queue, &target).await;
    let before = queue.transfers().pending(Some(&queue.key), 10).await.expect("a read");

    collect_all(&queue, queue.start + 2 * 3600 * SECOND, 100).await;

    let after = queue.transfers().pending(Some(&queue.key), 10).await.expect("a read");
    assert_eq!(before.len(), 2);
    assert_eq!(after, before);
}

async fn received_ids_are_kept_for_an_hour(bench: Bench) {
    let (queue, target) = (bench.queue(), bench.queue());
    queue.send(vec![NewMessage { ttl: 100_000, ..message("a") }]).await;
    move_all(&queue, &target).await;
    let pending = queue.transfers().pending(Some(&queue.key), 10).await.expect("a read");
    let receive = |now| ReceiveTransfers {
        target: target.key.clone(),
        generation: 0,
        messages: vec![pending[0].message.clone()],
        now,
    };
    target.transfers().receive(receive(queue.start)).await.expect("the message is received");
    target.pop(1, queue.start).await;
    let later = queue.start + 3600 * SECOND - 1;

    collect_all(&target, later, 100).await;
    target.transfers().receive(receive(later)).await.expect("the repeated step is no error");

    assert!(target.all(later).await.is_empty());
}

async fn collection_while_others_work_loses_nothing(bench: Bench) {
    let queue = bench.queue();
    let end = queue.start + 5 * SECOND;
    queue.send((0..100).map(|_| short("old")).collect()).await;
    let worker = Queue { start: end, ..queue.clone() };
    let posting = tokio::spawn(async move {
        let mut done = Vec::new();
        for round in 0..30 {
            worker.post(&[&round.to_string()]).await;
            let claim = worker.claim(1, end).await;
            assert_eq!(claim.messages.len(), 1, "what was posted is claimed");
            done.push(ids(&claim.messages)[0]);
        }
        done
    });

    while !posting.is_finished() {
        queue.data.collect(end, 5).await.expect("garbage is collected");
        tokio::task::yield_now().await;
    }

    let done = posting.await.expect("the worker ends");
    assert_eq!(ids(&queue.all(end).await), done);
    let key = QueueKey::clone(&queue.key);
    assert_eq!(queue.states().state(&key).await.expect("a read").generation, 0);
}
