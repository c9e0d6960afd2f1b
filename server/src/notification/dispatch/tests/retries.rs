use std::time::Duration;

use sukkal_storage::{ListMessages, QueueKey};

use super::setting::{Behaviour, DELIVERS, FAILS, Setting};
use crate::notification::Outcome;

fn seconds(setting: &Setting, subscriber: &str) -> Vec<u64> {
    let seen = setting.world.seen_by(subscriber);
    seen.iter().map(|each| each.at.as_secs_f64().round() as u64).collect()
}

async fn messages_in(setting: &Setting, name: &str) -> usize {
    let query = ListMessages {
        queue: QueueKey::new("p", name),
        after: None,
        limit: 100,
        include_claimed: true,
        include_delayed: true,
        exclude_client: None,
        now: setting.clock.now(),
    };
    sukkal_storage::DataDriver::messages(&*setting.data).list(query).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_failing_subscriber_is_told_again_on_the_schedule_of_its_policy() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    setting.subscribe("http://a/").await;

    setting.post(1).await;
    setting.until_empty().await;

    let wanted = [0, 0, 0, 0, 5, 10, 15, 20, 30, 45, 65, 90, 120, 150, 180];
    assert_eq!(seconds(&setting, "http://a/"), wanted);
}

#[tokio::test(start_paused = true)]
async fn the_options_of_a_subscription_may_have_a_policy() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    let options = r#"{"_retry_policy": {"retries_with_no_delay": 1, "minimum_delay_retries": 1,
        "minimum_delay": 7, "maximum_delay": 17, "maximum_delay_retries": 0}}"#;
    setting.subscribe_with("http://a/", options).await;

    setting.post(1).await;
    setting.until_empty().await;

    assert_eq!(seconds(&setting, "http://a/"), [0, 0, 7, 14, 26]);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_may_ask_to_be_left_alone() {
    let setting = Setting::new();
    let _work = setting.work();
    let retry_after = Some(Duration::from_secs(100));
    setting.world.behave("http://a/", Behaviour::Answers(Outcome::Failed { retry_after }));
    setting.subscribe("http://a/").await;

    setting.post(1).await;
    setting.world.until_count(1).await;
    setting.world.behave("http://a/", DELIVERS);
    setting.until_empty().await;

    assert_eq!(seconds(&setting, "http://a/"), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn one_message_that_fails_holds_up_no_other() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    setting.subscribe("http://a/").await;

    let ids = setting.post(3).await;
    setting.world.until_count(3).await;
    setting.world.behave("http://a/", DELIVERS);
    setting.until_empty().await;

    let seen = setting.world.seen();
    let first = seen.iter().filter(|each| each.attempt == 1).map(|each| each.message);
    assert_eq!(first.collect::<Vec<_>>(), ids);
    for id in ids {
        assert!(seen.iter().any(|each| each.message == id && each.attempt > 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_refuses_is_not_told_again() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", Behaviour::Answers(Outcome::Refused));
    setting.subscribe("http://a/").await;

    setting.post(1).await;
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_goes_to_the_dead_letter_queue() {
    let setting = Setting::new();
    let _work = setting.work();
    let options = r#"{"_dead_letter_queue": "dead"}"#;
    setting.world.behave("http://fails/", FAILS);
    setting.subscribe_with("http://fails/", options).await;
    setting.post(2).await;
    setting.until_empty().await;
    assert_eq!(messages_in(&setting, "dead").await, 2);

    setting.world.behave("http://refuses/", Behaviour::Answers(Outcome::Refused));
    setting.world.behave("http://fails/", DELIVERS);
    setting.subscribe_with("http://refuses/", options).await;
    setting.post(1).await;
    setting.until_empty().await;
    assert_eq!(messages_in(&setting, "dead").await, 3);
}

#[tokio::test(start_paused = true)]
async fn dead_letters_do_not_go_in_circles() {
    let mut setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", Behaviour::Answers(Outcome::Refused));
    setting.subscribe_with("http://a/", r#"{"_dead_letter_queue": "two"}"#).await;
    setting.subscribe_with("http://a/?own", r#"{"_dead_letter_queue": "news"}"#).await;
    let source = std::mem::replace(&mut setting.queue, QueueKey::new("p", "two"));
    setting.world.behave("http://b/", Behaviour::Answers(Outcome::Refused));
    setting.subscribe_with("http://b/", r#"{"_dead_letter_queue": "news"}"#).await;

    let id = uuid::Uuid::new_v4();
    setting.post_to(&source, vec![id]).await;
    setting.until_empty().await;

    let seen: Vec<_> = setting.world.seen().into_iter().map(|each| each.subscriber).collect();
    assert_eq!(seen, ["http://a/", "http://a/?own", "http://b/"]);
    assert_eq!(messages_in(&setting, "two").await, 1);
}
