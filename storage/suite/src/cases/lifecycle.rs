//! Opening, closing, and what a store says about itself.

use sukkal_storage::{
    Capability, CreateClaim, CreateQueue, DeadLetter, Durability, NewMessage, QueueKey, Store,
};

use crate::bench::{Bench, Queue, SECOND, message};
use crate::case::{Need, assert_refused, cases};
use crate::snapshot::Snapshot;

cases! {
    [] => {
        an_open_store_answers,
        a_store_says_what_drives_it,
        a_driver_keeps_its_word_on_durability,
        a_shared_store_tells_the_time,
    }
    [Need::Reopen] => {
        a_closed_store_is_unavailable_for_messages,
        a_closed_store_is_unavailable_for_queue_records,
        a_store_may_be_closed_twice,
    }
    [Need::Reopen, Need::Has(Capability::Durability)] => {
        messages_survive_a_restart_of_the_store,
        queue_records_survive_a_restart_of_the_store,
        a_seal_survives_a_restart_of_the_store,
    }
    [Need::Reopen, Need::Has(Capability::Durability), Need::Has(Capability::Claims)] => {
        claims_and_transfers_survive_a_restart_of_the_store,
    }
}

async fn close(store: Store) {
    store.data.close().await;
    store.control.close().await;
}

async fn an_open_store_answers(bench: Bench) {
    bench.store.data.ping().await.expect("the data role answers");
    bench.store.control.ping().await.expect("the control role answers");
}

async fn a_store_says_what_drives_it(bench: Bench) {
    let data = bench.store.data.status().await.expect("the status is read");
    let control = bench.store.control.status().await.expect("the status is read");

    assert!(!data.driver.is_empty());
    assert_eq!(data.driver, control.driver);
}

async fn a_driver_keeps_its_word_on_durability(bench: Bench) {
    let declared = bench.store.data.capabilities();
    let status = bench.store.data.status().await.expect("the status is read");

    if declared.has(Capability::SurvivesCrash) {
        assert_ne!(status.durability, Durability::None);
        assert!(declared.has(Capability::Durability));
    }
}

async fn a_shared_store_tells_the_time(bench: Bench) {
    let is_shared = bench.store.data.capabilities().has(Capability::MultiServer);

    let first = bench.store.data.time().await.expect("the store answers");
    let second = bench.store.data.time().await.expect("the store answers");

    assert_eq!(first.is_some(), is_shared);
    assert!(second >= first, "the time goes backwards");
    assert!(first.is_none_or(|time| time > 1_500_000_000_000), "{first:?} is not in milliseconds");
}

async fn a_closed_store_is_unavailable_for_messages(bench: Bench) {
    let store = bench.store_for(&bench.project).await;
    let queue = bench.queue().on(&store);
    queue.post(&["a"]).await;

    store.data.close().await;

    let (data, now) = (&store.data, queue.start);
    let post = queue.post_of(vec![message("b")]);
    assert_refused!(data.ping().await, Unavailable { .. });
    assert_refused!(data.collect(now, 10).await, Unavailable { .. });
    assert_refused!(data.messages().post(post).await, Unavailable { .. });
    assert_refused!(data.messages().list(queue.query(now)).await, Unavailable { .. });
    assert_refused!(data.claims().create(queue.claim_of(1, now)).await, Unavailable { .. });
    assert_refused!(data.queues().state(&queue.key).await, Unavailable { .. });
    assert_refused!(data.queues().seal(&queue.key).await, Unavailable { .. });
    assert_refused!(data.transfers().pending(None, 1).await, Unavailable { .. });
}

async fn a_closed_store_is_unavailable_for_queue_records(bench: Bench) {
    let store = bench.store_for(&bench.project).await;
    let records = store.control.queues();
    let queue = bench.queue().key;

    store.control.close().await;

    assert_refused!(store.control.ping().await, Unavailable { .. });
    assert_refused!(records.get(&queue).await, Unavailable { .. });
    assert_refused!(
        records.count(&bench.project, sukkal_storage::Kind::Queue).await,
        Unavailable { .. }
    );
    assert_refused!(records.create(record(queue, bench.start)).await, Unavailable { .. });
}

async fn a_store_may_be_closed_twice(bench: Bench) {
    let store = bench.store_for(&bench.project).await;

    close(store.clone()).await;
    close(store.clone()).await;

    assert_refused!(store.data.ping().await, Unavailable { .. });
}

/// Closes the store of a case and opens it again.
async fn restart(bench: &Bench, store: Store, queue: Queue) -> (Store, Queue) {
    close(store).await;
    let key = queue.key.clone();
    drop(queue);
    let store = bench.store_for(&bench.project).await;
    let queue = bench.queue_of(&key.project, &key.name).on(&store);
    (store, queue)
}

async fn messages_survive_a_restart_of_the_store(bench: Bench) {
    let store = bench.store_for(&bench.project).await;
    let queue = bench.queue().on(&store);
    let now = queue.start;
    let delayed = NewMessage { delay_until: Some(now + SECOND), ..message("delayed") };
    let posted = queue.send(vec![message("a"), delayed, message("b")]).await;
    queue.delete(posted[2], None, now).await.expect("the message is deleted");
    let before = Snapshot::of(&queue, &posted, &[], now).await;

    let (store, queue) = restart(&bench, store, queue).await;

    assert_eq!(Snapshot::of(&queue, &posted, &[], now).await, before);
    queue.post(&["c"]).await;
    assert_eq!(queue.all_bodies(now).await, ["a", "delayed", "c"]);
    close(store).await;
}

async fn claims_and_transfers_survive_a_restart_of_the_store(bench: Bench) {
    let store = bench.store_for(&bench.project).await;
    let (queue, target) = (bench.queue().on(&store), bench.queue().key);
    let now = queue.start;
    let posted = queue.post(&["dead", "a", "b"]).await;
    let rule = DeadLetter { max_claim_count: 0, target, ttl: None, same_store: false };
    let dead = CreateClaim { dead_letter: Some(rule), ..queue.claim_of(1, now) };
    queue.create_claim(dead).await;
    let claim = queue.claim(1, now).await.id;
    let before = Snapshot::of(&queue, &posted, &[claim], now).await;

    let (store, queue) = restart(&bench, store, queue).await;

    assert_eq!(Snapshot::of(&queue, &posted, &[claim], now).await, before);
    queue.delete(posted[1], Some(claim), now).await.expect("the claim holds it");
    assert_eq!(queue.all_bodies(now).await, ["b"]);
    close(store).await;
}

async fn a_seal_survives_a_restart_of_the_store(bench: Bench) {
    let store = bench.store_for(&bench.project).await;
    let queue = bench.queue().on(&store);
    queue.post(&["a"]).await;
    queue.seal().await;
    let before = Snapshot::of(&queue, &[], &[], queue.start).await;

    let (store, queue) = restart(&bench, store, queue).await;

    assert_eq!(Snapshot::of(&queue, &[], &[], queue.start).await, before);
    let post = queue.post_of(vec![message("b")]);
    assert_refused!(queue.messages().post(post).await, QueueChanged);
    close(store).await;
}

async fn queue_records_survive_a_restart_of_the_store(bench: Bench) {
    let store = bench.store_for(&bench.project).await;
    let queue = bench.queue().on(&store);
    let records = store.control.queues();
    let command = record(queue.key.clone(), queue.start);
    records.create(command).await.expect("the record is created");
    let before = records.get(&queue.key).await.expect("the record is read");

    let (store, queue) = restart(&bench, store, queue).await;

    assert!(before.is_some());
    assert_eq!(store.control.queues().get(&queue.key).await.expect("a read"), before);
    close(store).await;
}

fn record(queue: QueueKey, now: i64) -> CreateQueue {
    let metadata = bytes::Bytes::from_static(b"{\"a\":1}");
    CreateQueue { queue, metadata, generation: 3, pool: None, now }
}
