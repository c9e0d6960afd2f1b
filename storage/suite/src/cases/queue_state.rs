//! Generations and sealing.

use sukkal_storage::{CreateQueue, DeleteQueue, Post, QueueState};

use crate::bench::{Bench, message};
use crate::case::{assert_refused, cases};

cases! {
    [] => {
        a_queue_never_seen_has_generation_0_and_is_open,
        reading_a_queue_does_not_create_it,
        sealing_raises_the_generation_and_seals,
        sealing_a_sealed_queue_raises_the_generation_again,
        unsealing_opens_the_queue_for_posts,
        unsealing_another_generation_does_nothing,
        unsealing_twice_does_nothing,
        sealing_drops_free_and_delayed_messages,
        a_post_of_an_old_generation_is_refused,
        a_post_to_a_sealed_queue_is_refused,
        a_refused_post_stores_none_of_its_messages,
        markers_go_on_rising_across_generations,
        an_id_of_an_earlier_generation_may_be_posted_anew,
        another_server_may_finish_a_deletion,
        a_marker_of_an_earlier_generation_continues_in_the_new_one,
    }
}

async fn a_queue_never_seen_has_generation_0_and_is_open(bench: Bench) {
    let queue = bench.queue();

    let state = queue.states().state(&queue.key).await.expect("the state is read");

    assert_eq!(state, QueueState { generation: 0, sealed: false });
}

async fn reading_a_queue_does_not_create_it(bench: Bench) {
    let queue = bench.queue();

    queue.unseal(0).await;
    queue.unseal(7).await;
    queue.free(queue.start).await;
    queue.stats(queue.start).await;

    let state = queue.states().state(&queue.key).await.expect("the state is read");
    assert_eq!(state, QueueState::default());
    assert_eq!(bench.store.control.queues().get(&queue.key).await.expect("a read"), None);
}

async fn sealing_raises_the_generation_and_seals(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;

    let generation = queue.seal().await;

    let state = queue.states().state(&queue.key).await.expect("the state is read");
    assert_eq!(generation, 1);
    assert_eq!(state, QueueState { generation: 1, sealed: true });
}

async fn sealing_a_sealed_queue_raises_the_generation_again(bench: Bench) {
    let queue = bench.queue();
    queue.seal().await;

    let generation = queue.seal().await;

    let state = queue.states().state(&queue.key).await.expect("the state is read");
    assert_eq!(state, QueueState { generation, sealed: true });
    assert_eq!(generation, 2);
}

async fn unsealing_opens_the_queue_for_posts(bench: Bench) {
    let queue = bench.queue();
    let generation = queue.seal().await;

    queue.unseal(generation).await;

    let post = Post { generation, ..queue.post_of(vec![message("a")]) };
    queue.messages().post(post).await.expect("the queue is open");
    let state = queue.states().state(&queue.key).await.expect("the state is read");
    assert_eq!(state, QueueState { generation, sealed: false });
    assert_eq!(queue.free_bodies(queue.start).await, ["a"]);
}

async fn unsealing_another_generation_does_nothing(bench: Bench) {
    let queue = bench.queue();
    queue.seal().await;
    queue.seal().await;

    for other in [0, 1, 3, 100] {
        queue.unseal(other).await;
    }

    let state = queue.states().state(&queue.key).await.expect("the state is read");
    assert_eq!(state, QueueState { generation: 2, sealed: true });
}

async fn unsealing_twice_does_nothing(bench: Bench) {
    let queue = bench.queue();
    let first = queue.seal().await;
    queue.unseal(first).await;
    let second = queue.seal().await;

    queue.unseal(first).await;

    let state = queue.states().state(&queue.key).await.expect("the state is read");
    assert_eq!(state, QueueState { generation: second, sealed: true });
}

async fn sealing_drops_free_and_delayed_messages(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    let mut delayed = message("delayed");
    delayed.delay_until = Some(now + 5000);
    let ids = queue.send(vec![message("free"), delayed]).await;

    let generation = queue.seal().await;
    let sealed = queue.all_bodies(now).await;
    queue.unseal(generation).await;

    assert!(sealed.is_empty(), "{sealed:?}");
    assert!(queue.all(now).await.is_empty());
    assert!(queue.get(&ids, now).await.is_empty());
    assert!(queue.pop(10, now + 6000).await.is_empty());
    assert_eq!(queue.stats(now).await, Default::default());
    queue.delete(ids[0], None, now).await.expect("a message that is gone is deleted already");
}

async fn a_post_of_an_old_generation_is_refused(bench: Bench) {
    let queue = bench.queue();
    let generation = queue.seal().await;
    queue.unseal(generation).await;

    let result = queue.messages().post(queue.post_of(vec![message("stale")])).await;

    assert_refused!(result, QueueChanged);
    assert!(queue.all(queue.start).await.is_empty());
}

async fn a_post_to_a_sealed_queue_is_refused(bench: Bench) {
    let queue = bench.queue();
    let generation = queue.seal().await;

    let post = Post { generation, ..queue.post_of(vec![message("early")]) };
    let result = queue.messages().post(post).await;

    assert_refused!(result, QueueChanged);
    queue.unseal(generation).await;
    assert!(queue.all(queue.start).await.is_empty());
}

async fn a_refused_post_stores_none_of_its_messages(bench: Bench) {
    let queue = bench.queue();
    let generation = queue.seal().await;
    queue.unseal(generation).await;
    let messages: Vec<_> = (0..20).map(|index| message(&index.to_string())).collect();
    let ids: Vec<_> = messages.iter().map(|each| each.id).collect();

    let result = queue.messages().post(queue.post_of(messages)).await;

    assert_refused!(result, QueueChanged);
    assert!(queue.get(&ids, queue.start).await.is_empty());
}

async fn markers_go_on_rising_across_generations(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;
    let last = queue.all(queue.start).await.pop().expect("there are messages").marker;

    for _ in 0..2 {
        let generation = queue.seal().await;
        queue.unseal(generation).await;
    }
    let post = Post { generation: 2, ..queue.post_of(vec![message("d")]) };
    queue.messages().post(post).await.expect("the post is stored");

    let first = queue.all(queue.start).await.remove(0).marker;
    assert!(first > last, "{first} does not follow {last}");
}

async fn an_id_of_an_earlier_generation_may_be_posted_anew(bench: Bench) {
    let queue = bench.queue();
    let old = message("old");
    let id = old.id;
    queue.send(vec![old]).await;
    let generation = queue.seal().await;
    queue.unseal(generation).await;

    let mut new = message("new");
    new.id = id;
    let post = Post { generation, ..queue.post_of(vec![new]) };
    queue.messages().post(post).await.expect("the post is stored");

    assert_eq!(queue.all_bodies(queue.start).await, ["new"]);
    assert_eq!(queue.get(&[id], queue.start).await.len(), 1);
}

async fn another_server_may_finish_a_deletion(bench: Bench) {
    let queue = bench.queue();
    let records = bench.store.control.queues();
    let metadata = bytes::Bytes::from_static(b"{}");
    let record = |generation| CreateQueue {
        queue: queue.key.clone(),
        metadata: metadata.clone(),
        generation,
        pool: None,
        now: queue.start,
    };
    records.create(record(0)).await.expect("the record is created");

    let generation = queue.seal().await;
    let below = DeleteQueue { queue: queue.key.clone(), below: generation, pool: None };
    assert!(records.delete(below.clone()).await.expect("the helper deletes the record"));
    queue.unseal(generation).await;
    assert!(records.create(record(generation)).await.expect("the queue is created anew"));
    let deleted_late = records.delete(below).await.expect("the deleter repeats the step");
    queue.unseal(generation).await;

    assert!(!deleted_late, "the new record belongs to the new generation");
    assert!(records.get(&queue.key).await.expect("the record is read").is_some());
}

async fn a_marker_of_an_earlier_generation_continues_in_the_new_one(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    let marker = queue.all(queue.start).await[1].marker;
    let generation = queue.seal().await;
    queue.unseal(generation).await;

    let post = Post { generation, ..queue.post_of(vec![message("c"), message("d")]) };
    queue.messages().post(post).await.expect("the post is stored");

    let mut query = queue.query(queue.start);
    query.after = Some(sukkal_storage::After::Marker(marker));
    assert_eq!(crate::bench::bodies(&queue.list(query).await), ["c", "d"]);
}
