use std::collections::HashSet;
use std::time::Duration;

use sukkal_storage::{DataDriver, EnqueueEntry, EntryKind, ListAttempts, NewMessage};
use uuid::Uuid;

use super::setting::{FAILS, Setting};
use crate::notification::AttemptRecord;

const GRACE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn every_subscriber_is_told_of_every_message_once_and_at_once() {
    let setting = Setting::new();
    let _work = setting.work();
    for number in 0..5 {
        setting.subscribe(&format!("http://{number}/")).await;
    }

    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.extend(setting.post(3).await);
    }
    setting.world.until_count(150).await;

    assert!(setting.elapsed() < Duration::from_millis(100), "{:?}", setting.elapsed());
    setting.until_empty().await;
    for number in 0..5 {
        let seen = setting.world.seen_by(&format!("http://{number}/"));
        assert_eq!(seen.len(), 30);
        for post in ids.chunks(3) {
            let told = seen.iter().map(|each| each.message).filter(|it| post.contains(it));
            assert_eq!(told.collect::<Vec<_>>(), post, "the messages of a post come in order");
        }
        assert!(seen.iter().all(|each| each.body == format!("\"{}\"", each.message)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_subscribers_are_told_page_by_page() {
    let setting = Setting::new();
    let _work = setting.work();
    for number in 0..1000 {
        setting.subscribe(&format!("http://{number}/")).await;
    }

    setting.post(1).await;
    setting.post(1).await;
    setting.world.until_count(2000).await;

    setting.until_empty().await;
    let seen = setting.world.seen();
    let distinct: HashSet<_> = seen.iter().map(|each| each.delivery).collect();
    assert_eq!((seen.len(), distinct.len()), (2000, 2000));
}

#[tokio::test(start_paused = true)]
async fn what_was_posted_while_nobody_worked_is_told_later() {
    let setting = Setting::new();
    setting.subscribe("http://a/").await;
    setting.post(2).await;

    let _work = setting.work();

    setting.world.until_count(2).await;
    setting.until_empty().await;
}

#[tokio::test(start_paused = true)]
async fn an_announcement_that_is_lost_costs_a_second() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.subscribe("http://a/").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let queue = setting.queue.clone();
    let other = sukkal_storage::QueueKey::new("p", "other");
    setting.placement.announcements().announce(&other);
    let id = setting.subscribe("http://b/").await;
    let messages = vec![NewMessage {
        id: Uuid::new_v4(),
        ttl: 60,
        delay_until: None,
        body: sukkal_storage::Body::json("1"),
        checksum: None,
        attributes: Default::default(),
    }];
    let (client_id, now) = ("client".into(), setting.clock.now());
    let kind = EntryKind::Test;
    let command = EnqueueEntry { queue, only: id, kind, messages, client_id, now };

    setting.data.outbox().enqueue(command).await.unwrap();
    setting.world.until_count(1).await;

    assert!(setting.elapsed() <= Duration::from_millis(1300), "{:?}", setting.elapsed());
    setting.until_empty().await;
    assert_eq!(setting.world.seen()[0].subscriber, "http://b/");
}

#[tokio::test(start_paused = true)]
async fn all_attempts_at_one_message_have_one_delivery_id() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    let id = setting.subscribe("http://a/").await;

    let message = setting.post(1).await[0];
    setting.world.until_count(4).await;

    let wanted = Uuid::new_v5(&id, message.as_bytes());
    let seen = setting.world.seen();
    assert!(seen.iter().all(|each| each.delivery == wanted));
    assert_eq!(seen.iter().map(|each| each.attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_written_down_the_last_ones_when_the_server_stops() {
    let setting = Setting::new();
    let work = setting.work();
    let id = setting.subscribe("http://a/").await;
    let ids = setting.post(3).await;
    setting.world.until_count(3).await;

    assert_eq!(work.finish(GRACE).await, 0);

    let query = ListAttempts { queue: setting.queue.clone(), subscription: id, limit: 100 };
    let records = setting.data.outbox().attempts(query).await.unwrap();
    let records: Vec<_> = records.iter().map(|it| AttemptRecord::decode(it).unwrap()).collect();
    let told: Vec<_> = records.iter().map(|record| record.message_id.clone()).collect();
    assert_eq!(told, ids.iter().rev().map(Uuid::to_string).collect::<Vec<_>>());
    assert!(records.iter().all(|record| record.outcome == "delivered"));
}
