//! The outbox: logs of attempts.

use sukkal_storage::{QueueKey, SubscriptionState};
use uuid::Uuid;

use crate::bench::{Bench, Queue};
use crate::case::cases;
use crate::outbox::Outbox;

cases! {
    [] => {
        a_log_is_read_newest_first,
        a_log_keeps_the_newest,
        a_page_of_a_log_has_the_newest,
        logs_of_subscriptions_are_kept_apart,
        a_log_goes_with_its_subscription,
        a_log_stays_while_its_subscription_changes,
        a_log_survives_the_deletion_of_the_queue,
        a_log_of_nobody_is_no_error,
        records_come_back_byte_for_byte,
    }
}

async fn a_log_is_read_newest_first(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    assert!(outbox.attempts(id, 10).await.is_empty());

    outbox.log(&[(id, "1"), (id, "2")], 100).await;
    outbox.log(&[(id, "3")], 100).await;

    assert_eq!(outbox.attempts(id, 10).await, ["3", "2", "1"]);
}

async fn a_log_keeps_the_newest(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;

    for number in 0..7 {
        outbox.log(&[(id, &number.to_string())], 3).await;
    }
    assert_eq!(outbox.attempts(id, 10).await, ["6", "5", "4"]);
    outbox.log(&[(id, "a"), (id, "b"), (id, "c"), (id, "d"), (id, "e")], 3).await;

    assert_eq!(outbox.attempts(id, 10).await, ["e", "d", "c"]);
}

async fn a_page_of_a_log_has_the_newest(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.log(&[(id, "1"), (id, "2"), (id, "3")], 100).await;

    assert_eq!(outbox.attempts(id, 2).await, ["3", "2"]);
}

async fn logs_of_subscriptions_are_kept_apart(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let other = outbox.subscriptions.subscribe("http://b").await;
    let key = QueueKey::topic(bench.project.clone(), outbox.queue.key.name.clone());
    let topic = Outbox::of(Queue { key, ..outbox.queue.clone() });

    outbox.log(&[(id, "1"), (other, "2"), (id, "3"), (other, "4"), (other, "5")], 2).await;

    assert_eq!(outbox.attempts(id, 10).await, ["3", "1"]);
    assert_eq!(outbox.attempts(other, 10).await, ["5", "4"]);
    assert!(topic.attempts(id, 10).await.is_empty());
}

async fn a_log_goes_with_its_subscription(bench: Bench) {
    let (outbox, deleted) = Outbox::told(&bench).await;
    outbox.log(&[(deleted, "1")], 100).await;
    outbox.subscriptions.delete(deleted).await;
    assert!(outbox.attempts(deleted, 10).await.is_empty());

    let (outbox, purged) = Outbox::told(&bench).await;
    outbox.log(&[(purged, "1")], 100).await;
    while outbox.subscriptions.purge(10).await {}
    assert!(outbox.attempts(purged, 10).await.is_empty());
}

async fn a_log_stays_while_its_subscription_changes(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.log(&[(id, "1")], 100).await;

    outbox.subscriptions.confirm(id, true).await.expect("the word is noted");
    outbox.subscriptions.hand_over(id, "http://b").await.expect("the subscriber is changed");
    outbox.subscriptions.renew(id, 900).await.expect("the lifetime is changed");
    outbox.subscriptions.set_state(id, SubscriptionState::Paused).await.expect("the state is set");

    assert_eq!(outbox.attempts(id, 10).await, ["1"]);
}

async fn a_log_survives_the_deletion_of_the_queue(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.log(&[(id, "1")], 100).await;

    outbox.queue.seal().await;

    assert_eq!(outbox.attempts(id, 10).await, ["1"]);
}

async fn a_log_of_nobody_is_no_error(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let id = outbox.subscriptions.subscribe("http://a").await;

    outbox.log(&[(Uuid::now_v7(), "x"), (id, "1"), (Uuid::now_v7(), "y")], 100).await;
    outbox.log(&[], 100).await;

    assert_eq!(outbox.attempts(id, 10).await, ["1"]);
}

async fn records_come_back_byte_for_byte(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let record = bytes::Bytes::from_static(b"\0\xff\r\n\x80 record");
    let queue = outbox.queue.key.clone();
    let attempts = vec![sukkal_storage::Attempt { subscription: id, record: record.clone() }];
    let command = sukkal_storage::LogAttempts { queue: queue.clone(), attempts, keep: 100 };
    outbox.store().log(command).await.expect("the attempt is noted");

    let query = sukkal_storage::ListAttempts { queue, subscription: id, limit: 10 };
    let read = outbox.store().attempts(query).await.expect("the log is read");

    assert_eq!(read, [record]);
}
