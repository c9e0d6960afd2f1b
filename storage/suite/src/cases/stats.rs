//! Statistics.

use sukkal_storage::{Capability, MessageStamp, NewMessage, Post, QueueStats};

use crate::bench::{Bench, CLAIM_TTL, SECOND, message};
use crate::case::{Need, cases};

cases! {
    [] => {
        an_unknown_queue_has_no_messages,
        an_emptied_queue_has_no_messages,
        counts_free_messages_and_names_the_ends,
        delayed_messages_count_as_free,
        delayed_messages_may_be_oldest_and_newest,
        expired_messages_are_not_counted,
    }
    [Need::Has(Capability::Claims)] => {
        counts_claimed_messages,
        claimed_messages_may_be_oldest_and_newest,
        messages_of_an_expired_claim_count_as_free,
    }
}

async fn an_unknown_queue_has_no_messages(bench: Bench) {
    assert_eq!(bench.queue().stats(bench.start).await, QueueStats::default());
}

async fn an_emptied_queue_has_no_messages(bench: Bench) {
    let queue = bench.queue();
    queue.fill(3).await;
    queue.pop(3, queue.start).await;

    assert_eq!(queue.stats(queue.start).await, QueueStats::default());
}

async fn counts_free_messages_and_names_the_ends(bench: Bench) {
    let queue = bench.queue();
    let (now, later) = (queue.start, queue.start + 7);
    let oldest = queue.post(&["a", "b"]).await[0];
    let last = message("c");
    let newest = last.id;
    let post = Post { now: later, ..queue.post_of(vec![last]) };
    queue.messages().post(post).await.expect("the post is stored");

    let expected = QueueStats {
        claimed: 0,
        free: 3,
        oldest: Some(MessageStamp { id: oldest, created_at: now }),
        newest: Some(MessageStamp { id: newest, created_at: later }),
    };

    assert_eq!(queue.stats(later).await, expected);
}

async fn delayed_messages_count_as_free(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    let delayed = NewMessage { delay_until: Some(now + SECOND), ..message("delayed") };
    queue.send(vec![delayed, message("free")]).await;

    for at in [now, now + SECOND] {
        let stats = queue.stats(at).await;
        assert_eq!((stats.claimed, stats.free), (0, 2));
    }
}

async fn delayed_messages_may_be_oldest_and_newest(bench: Bench) {
    let queue = bench.queue();
    let delay_until = Some(queue.start + SECOND);
    let delayed = |body| NewMessage { delay_until, ..message(body) };
    let posted = queue.send(vec![delayed("a"), message("b"), delayed("c")]).await;

    let stats = queue.stats(queue.start).await;

    assert_eq!(stats.oldest.map(|stamp| stamp.id), Some(posted[0]));
    assert_eq!(stats.newest.map(|stamp| stamp.id), Some(posted[2]));
}

async fn expired_messages_are_not_counted(bench: Bench) {
    let queue = bench.queue();
    let short = |body| NewMessage { ttl: 5, ..message(body) };
    let posted = queue.send(vec![short("a"), message("b"), short("c")]).await;

    let stats = queue.stats(queue.start + 5 * SECOND).await;

    let stamp = Some(MessageStamp { id: posted[1], created_at: queue.start });
    assert_eq!(stats, QueueStats { claimed: 0, free: 1, oldest: stamp, newest: stamp });
}

async fn counts_claimed_messages(bench: Bench) {
    let queue = bench.queue();
    queue.fill(5).await;
    queue.claim(2, queue.start).await;
    queue.claim(1, queue.start).await;

    let stats = queue.stats(queue.start).await;

    assert_eq!((stats.claimed, stats.free), (3, 2));
}

async fn claimed_messages_may_be_oldest_and_newest(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(3).await;
    queue.claim(3, queue.start).await;

    let stats = queue.stats(queue.start).await;

    assert_eq!(stats.oldest.map(|stamp| stamp.id), Some(posted[0]));
    assert_eq!(stats.newest.map(|stamp| stamp.id), Some(posted[2]));
}

async fn messages_of_an_expired_claim_count_as_free(bench: Bench) {
    let queue = bench.queue();
    queue.fill(3).await;
    queue.claim(2, queue.start).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    let (before, after) = (queue.stats(end - 1).await, queue.stats(end).await);

    assert_eq!((before.claimed, before.free), (2, 1));
    assert_eq!((after.claimed, after.free), (0, 3));
}
