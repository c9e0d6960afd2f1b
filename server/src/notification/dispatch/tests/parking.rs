use std::sync::atomic::Ordering;
use std::time::Duration;

use sukkal_storage::{DataDriver, ListMessages, QueueKey, SubscriptionState};
use tokio::time::sleep;
use uuid::Uuid;

use super::setting::{Behaviour, DELIVERS, FAILS, Setting};
use crate::config::NotificationConfig;
use crate::notification::Outcome;

const SCHEDULE: [u64; 15] = [0, 0, 0, 0, 5, 10, 15, 20, 30, 45, 65, 90, 120, 150, 180];
const DEAD_LETTERS: &str = r#"{"_dead_letter_queue": "dead"}"#;

impl Setting {
    /// How many calls the store gets and how many deliveries are written within this time.
    async fn costs(&self, time: Duration) -> (usize, usize) {
        let counts = || [&self.data.calls, &self.data.written].map(|it| it.load(Ordering::Relaxed));
        let before = counts();
        sleep(time).await;
        let after = counts();
        (after[0] - before[0], after[1] - before[1])
    }

    async fn dead_letters(&self) -> usize {
        let query = ListMessages {
            queue: QueueKey::new("p", "dead"),
            after: None,
            limit: 10_000,
            include_claimed: true,
            include_delayed: true,
            exclude_client: None,
            now: self.clock.now(),
        };
        self.data.messages().list(query).await.unwrap().len()
    }

    async fn collect(&self) {
        while self.data.collect(self.clock.now(), 1000).await.unwrap().more {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_endpoint_is_told_again_exactly_when_the_policy_says() {
    for (failures, messages) in [(1, 1), (5, 20)] {
        let config = NotificationConfig { breaker_failures: failures, ..Default::default() };
        let setting = Setting::with(config);
        let _work = setting.work();
        setting.world.behave("http://a/", FAILS);
        setting.subscribe("http://a/").await;

        let ids = setting.post(messages).await;
        sleep(Duration::from_secs(200)).await;

        let seen = setting.world.seen_by("http://a/");
        let times = seen.iter().filter(|each| each.message == ids[0]);
        let times: Vec<u64> = times.map(|each| each.at.as_secs_f64().round() as u64).collect();
        assert_eq!(times, SCHEDULE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backlog_for_a_dead_endpoint_costs_next_to_nothing() {
    let setting = Setting::new();
    setting.world.behave("http://a/", FAILS);
    setting.subscribe("http://a/").await;
    for _ in 0..10_000 {
        setting.post(1).await;
    }

    let _work = setting.work();
    let (_, written) = setting.costs(Duration::from_secs(20)).await;
    assert!(written < 10_500, "{written} deliveries were written at first");
    let (calls, written) = setting.costs(Duration::from_secs(1000)).await;

    let seen = setting.world.seen().len();
    assert!(seen < 20_000, "{seen} attempts");
    assert!(written < 25_000, "{written} deliveries were written");
    assert!(calls < 60_000, "{calls} calls");
}

#[tokio::test(start_paused = true)]
async fn a_backlog_for_an_endpoint_that_hangs_costs_next_to_nothing() {
    let setting = Setting::new();
    setting.world.behave("http://a/", Behaviour::Hangs);
    setting.subscribe("http://a/").await;
    for _ in 0..10_000 {
        setting.post(1).await;
    }

    let _work = setting.work();
    let (_, written) = setting.costs(Duration::from_secs(60)).await;
    assert!(written < 11_000, "{written} deliveries were written at first");
    let (_, written) = setting.costs(Duration::from_secs(300)).await;
    assert!(written < 1500, "{written} deliveries were written then");

    setting.world.behave("http://a/", DELIVERS);
    setting.until_empty().await;
    let mut told: Vec<_> = setting.world.seen().into_iter().map(|each| each.message).collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn messages_for_a_dead_endpoint_become_dead_letters_in_waves() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    let options = r#"{"_dead_letter_queue": "dead", "_retry_policy": {"retries_with_no_delay": 1,
        "minimum_delay_retries": 1, "minimum_delay": 7, "maximum_delay": 12, "maximum_delay_retries": 0}}"#;
    setting.subscribe_with("http://a/", options).await;

    for _ in 0..500 {
        setting.post(1).await;
    }
    sleep(Duration::from_secs(10)).await;
    assert!(setting.dead_letters().await < 100);
    setting.until_empty().await;

    assert_eq!(setting.dead_letters().await, 500);
    assert!(setting.elapsed() < Duration::from_secs(600), "{:?}", setting.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_broken_endpoint_refuses_at_last_does_not_strand_what_is_parked() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    setting.subscribe_with("http://a/", DEAD_LETTERS).await;
    for _ in 0..300 {
        setting.post(1).await;
    }
    sleep(Duration::from_secs(3)).await;

    setting.world.behave("http://a/", Behaviour::Answers(Outcome::Refused));
    setting.until_empty().await;

    assert_eq!(setting.dead_letters().await, 300);
}

#[tokio::test(start_paused = true)]
async fn what_expires_while_its_endpoint_is_broken_becomes_a_dead_letter() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    setting.subscribe_with("http://a/", DEAD_LETTERS).await;
    setting.post(50).await;
    for _ in 0..300 {
        setting.post_for(&setting.queue, vec![Uuid::new_v4()], 60).await;
    }
    sleep(Duration::from_secs(55)).await;
    assert_eq!(setting.dead_letters().await, 0);

    sleep(Duration::from_secs(6)).await;
    setting.collect().await;
    sleep(Duration::from_secs(5)).await;

    let dead = setting.dead_letters().await;
    assert!((280..=300).contains(&dead), "{dead}: some are being told again");
    setting.world.behave("http://a/", DELIVERS);
    setting.until_empty().await;
    let told = setting.world.seen().into_iter().filter(|each| each.at.as_secs() > 65).count();
    assert_eq!(told + setting.dead_letters().await, 350);
}

#[tokio::test(start_paused = true)]
async fn what_expires_while_its_subscription_is_paused_becomes_a_dead_letter() {
    let setting = Setting::new();
    let _work = setting.work();
    let id = setting.subscribe_with("http://a/", DEAD_LETTERS).await;
    setting.set_state(id, SubscriptionState::Paused).await;
    setting.post(2).await;
    let ids = (0..3).map(|_| Uuid::new_v4()).collect();
    setting.post_for(&setting.queue, ids, 60).await;
    sleep(Duration::from_secs(59)).await;
    setting.collect().await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(setting.dead_letters().await, 0);

    setting.collect().await;
    sleep(Duration::from_secs(5)).await;

    assert_eq!(setting.dead_letters().await, 3);
    assert!(setting.world.seen().is_empty());
    setting.set_state(id, SubscriptionState::Active).await;
    setting.resume(id).await;
    setting.until_empty().await;
    assert_eq!(setting.world.seen().len(), 2);
}
