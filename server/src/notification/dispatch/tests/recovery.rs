use std::collections::HashSet;
use std::time::Duration;

use sukkal_storage::{
    AdvanceEntries, DataDriver, DeliveryKey, EntryKind, EntryProgress, EntryStep, LeaseWork,
    MessageId, NewDelivery, ResumeDeliveries, SubscriptionId, SubscriptionState,
};
use tokio::time::sleep;
use uuid::Uuid;

use super::setting::{Behaviour, DELIVERS, FAILS, Setting};
use crate::config::NotificationConfig;

impl Setting {
    pub(super) async fn resume(&self, subscription: SubscriptionId) {
        let (queue, now) = (self.queue.clone(), self.clock.now());
        let command = ResumeDeliveries { queue, subscription, limit: 1000, now };
        while self.data.outbox().resume(command.clone()).await.unwrap() {}
        self.placement.announcements().announce(&self.queue);
    }

    /// Posts so many messages, one by one, for an endpoint that fails, and waits until most are parked.
    async fn post_in_vain(&self, count: usize) -> Vec<MessageId> {
        self.world.behave("http://a/", FAILS);
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.extend(self.post(1).await);
        }
        sleep(Duration::from_secs(3)).await;
        ids
    }

    fn told_since(&self, since: Duration) -> HashSet<MessageId> {
        let seen = self.world.seen().into_iter().filter(|each| each.at >= since);
        seen.map(|each| each.message).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_well_again_is_told_of_everything_about_in_order() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.subscribe("http://a/").await;
    let ids = setting.post_in_vain(10_000).await;

    setting.world.behave("http://a/", DELIVERS);
    let before = setting.elapsed();
    setting.until_empty().await;

    assert!(setting.elapsed() - before < Duration::from_secs(30), "{:?}", setting.elapsed());
    let told = setting.told_since(before);
    assert_eq!(told.len(), 10_000);
    let place = |id: &MessageId| ids.iter().position(|each| each == id).unwrap();
    let seen = setting.world.seen();
    let first = seen.iter().filter(|each| each.at >= before && each.attempt == 1);
    let mut highest = 0;
    for each in first {
        let place = place(&each.message);
        assert!(place + 2500 > highest, "{place} after {highest}");
        highest = highest.max(place);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_endpoint_is_told_of_a_backlog_without_writing_it_again_and_again() {
    let setting = Setting::new();
    setting.subscribe("http://a/").await;
    setting.world.behave("http://a/", Behaviour::AnswersAfter(Duration::from_millis(500)));
    for _ in 0..10_000 {
        setting.post(1).await;
    }

    let _work = setting.work();
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 10_000);
    assert!(setting.elapsed() < Duration::from_secs(500), "{:?}", setting.elapsed());
    let written = setting.data.written.load(std::sync::atomic::Ordering::Relaxed);
    assert!(written < 60_000, "{written} deliveries were written");
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_is_found_after_a_restart_and_after_a_crash() {
    for grace in [Duration::from_secs(30), Duration::ZERO] {
        let setting = Setting::new();
        setting.subscribe("http://a/").await;
        let work = setting.work();
        setting.post_in_vain(500).await;
        work.finish(grace).await;

        setting.world.behave("http://a/", DELIVERS);
        let before = setting.elapsed();
        let _work = setting.work();
        setting.until_empty().await;

        assert_eq!(setting.told_since(before).len(), 500);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_behind_a_probe_that_was_never_noted_is_found() {
    let setting = Setting::new();
    let id = setting.subscribe("http://a/").await;
    let ids = [setting.post(1).await, setting.post(1).await].concat();
    // A server parks the second message and dies before it notes that the first is the probe.
    let (queue, lease, now) = (setting.queue.clone(), Uuid::new_v4(), setting.clock.now());
    let (limit, max_bytes, until) = (10, 1000, now + 100);
    let command = LeaseWork { queue: queue.clone(), lease, limit, max_bytes, until, now };
    let entry = setting.data.outbox().lease_entries(command).await.unwrap()[1].marker;
    let key = DeliveryKey { subscription: id, entry, index: 0 };
    let deliveries = vec![NewDelivery { key, attempts: 0, due_at: None, lease: None }];
    let steps = vec![EntryStep { entry, deliveries, progress: EntryProgress::Finish }];
    let command = AdvanceEntries { queue, lease, steps, now };
    assert_eq!(setting.data.outbox().advance(command).await.unwrap(), [true]);

    let _work = setting.work();
    setting.world.until_count(2).await;

    setting.until_empty().await;
    let told: Vec<_> = setting.world.seen().into_iter().map(|each| each.message).collect();
    assert_eq!(told, ids);
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_is_found_however_often_servers_die() {
    let setting = Setting::new();
    for subscriber in ["http://a/", "http://a/?b"] {
        setting.subscribe(subscriber).await;
        setting.world.behave(subscriber, FAILS);
    }
    for _ in 0..300 {
        setting.post(1).await;
    }
    for number in 0..40 {
        let behaviour = if number % 4 == 3 { DELIVERS } else { FAILS };
        setting.world.behave("http://a/", behaviour);
        let work = setting.work();
        sleep(Duration::from_millis(37 * number)).await;
        work.finish(Duration::ZERO).await;
    }

    setting.world.behave("http://a/", DELIVERS);
    setting.world.behave("http://a/?b", DELIVERS);
    let _work = setting.work();
    setting.until_empty().await;

    let told: HashSet<_> = setting.world.seen().into_iter().map(|each| each.delivery).collect();
    assert_eq!(told.len(), 600);
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_stays_so_while_its_subscription_is_paused() {
    let setting = Setting::new();
    let _work = setting.work();
    let id = setting.subscribe("http://a/").await;
    setting.post_in_vain(200).await;
    setting.set_state(id, SubscriptionState::Paused).await;
    setting.world.behave("http://a/", DELIVERS);
    sleep(Duration::from_secs(1)).await;
    let before = setting.elapsed();

    sleep(Duration::from_secs(200)).await;
    assert!(setting.told_since(before).is_empty());

    setting.set_state(id, SubscriptionState::Active).await;
    setting.resume(id).await;
    setting.until_empty().await;
    assert!(setting.told_since(before).len() > 180);
}

#[tokio::test(start_paused = true)]
async fn every_subscription_at_a_broken_endpoint_recovers() {
    let setting = Setting::new();
    let _work = setting.work();
    for number in 0..50 {
        let subscriber = format!("http://a/?{number}");
        setting.subscribe(&subscriber).await;
        setting.world.behave(&subscriber, FAILS);
    }
    for _ in 0..100 {
        setting.post(1).await;
    }
    sleep(Duration::from_secs(20)).await;

    for number in 0..50 {
        setting.world.behave(&format!("http://a/?{number}"), DELIVERS);
    }
    let before = setting.elapsed();
    setting.until_empty().await;

    let told = setting.world.seen().into_iter().filter(|each| each.at >= before);
    assert_eq!(told.map(|each| each.delivery).collect::<HashSet<_>>().len(), 5000);
    assert!(setting.elapsed() - before < Duration::from_secs(70), "{:?}", setting.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_test_reaches_a_broken_endpoint_at_once_and_closes_the_breaker() {
    let config =
        NotificationConfig { breaker_pause: Duration::from_secs(60), ..Default::default() };
    let setting = Setting::with(config);
    let _work = setting.work();
    let id = setting.subscribe("http://a/").await;
    setting.post_in_vain(200).await;
    setting.world.behave("http://a/", DELIVERS);
    let before = setting.elapsed();

    setting.enqueue(id, EntryKind::Test).await;
    sleep(Duration::from_secs(3)).await;

    assert_eq!(setting.told_since(before).len(), 200, "all but the probe");
    setting.until_empty().await;
    assert_eq!(setting.told_since(before).len(), 201);
}
