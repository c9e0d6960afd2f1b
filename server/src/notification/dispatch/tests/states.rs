use std::time::Duration;

use sukkal_storage::{
    DataDriver, DeleteSubscription, EnqueueEntry, EntryKind, NewMessage, ResumeDeliveries,
    SetSubscriptionState, SubscriptionId, SubscriptionState,
};
use tokio::time::sleep;

use super::setting::{Behaviour, DELIVERS, FAILS, Setting};
use crate::config::NotificationConfig;
use crate::notification::Outcome;

impl Setting {
    pub(super) async fn set_state(&self, id: SubscriptionId, state: SubscriptionState) {
        let (queue, now) = (self.queue.clone(), self.clock.now());
        let command = SetSubscriptionState { queue, id, state, now };
        self.data.subscriptions().set_state(command).await.unwrap();
    }

    pub(super) async fn enqueue(&self, only: SubscriptionId, kind: EntryKind) {
        let message = NewMessage {
            id: uuid::Uuid::new_v4(),
            ttl: 3600,
            delay_until: None,
            body: sukkal_storage::Body::json("1"),
            checksum: None,
            attributes: Default::default(),
        };
        let command = EnqueueEntry {
            queue: self.queue.clone(),
            only,
            kind,
            messages: vec![message],
            client_id: "client".into(),
            now: self.clock.now(),
        };
        self.data.outbox().enqueue(command).await.unwrap();
        self.placement.announcements().announce(&self.queue);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_for_a_paused_subscription_waits_until_it_is_resumed() {
    let setting = Setting::new();
    let _work = setting.work();
    let id = setting.subscribe("http://a/").await;
    setting.set_state(id, SubscriptionState::Paused).await;

    setting.post(3).await;
    sleep(Duration::from_secs(60)).await;
    assert!(setting.world.seen().is_empty());

    setting.set_state(id, SubscriptionState::Active).await;
    let (queue, now) = (setting.queue.clone(), setting.clock.now());
    let command = ResumeDeliveries { queue, subscription: id, limit: 100, now };
    assert!(!setting.data.outbox().resume(command).await.unwrap());
    setting.world.until_count(3).await;
    setting.until_empty().await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_whose_subscription_is_paused_meanwhile_waits() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    let id = setting.subscribe("http://a/").await;
    setting.post(1).await;
    setting.world.until_count(4).await;

    setting.set_state(id, SubscriptionState::Paused).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(setting.world.seen().len(), 4);

    setting.world.behave("http://a/", DELIVERS);
    setting.set_state(id, SubscriptionState::Active).await;
    let (queue, now) = (setting.queue.clone(), setting.clock.now());
    let command = ResumeDeliveries { queue, subscription: id, limit: 100, now };
    setting.data.outbox().resume(command).await.unwrap();
    setting.until_empty().await;
    assert_eq!(setting.world.seen().last().unwrap().attempt, 5);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_is_gone_is_told_of_nothing_any_more() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", Behaviour::Answers(Outcome::Gone));
    let id = setting.subscribe("http://a/").await;
    setting.post(1).await;
    setting.until_empty().await;
    assert_eq!(setting.subscription(id).await.state, SubscriptionState::Disabled);

    setting.world.behave("http://a/", DELIVERS);
    setting.post(1).await;
    setting.until_empty().await;
    assert_eq!(setting.world.seen().len(), 1);

    setting.enqueue(id, EntryKind::Test).await;
    setting.until_empty().await;
    assert_eq!(setting.world.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn deleting_a_subscription_cancels_what_is_pending() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    let id = setting.subscribe("http://a/").await;
    setting.post(1).await;
    setting.world.until_count(4).await;

    let command = DeleteSubscription { queue: setting.queue.clone(), id };
    setting.data.subscriptions().delete(command).await.unwrap();
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn mail_addresses_and_if_configured_others_must_have_confirmed() {
    let config = NotificationConfig { require_confirmation: true, ..Default::default() };
    for (config, told) in [(NotificationConfig::default(), 1), (config, 0)] {
        let setting = Setting::with(config);
        let _work = setting.work();
        setting.subscribe("http://a/").await;
        let mail = setting.subscribe("mailto:a@example.com").await;

        setting.post(1).await;
        setting.until_empty().await;
        assert_eq!(setting.world.seen().len(), told);

        setting.enqueue(mail, EntryKind::Confirm).await;
        setting.until_empty().await;
        assert_eq!(setting.world.seen_by("mailto:a@example.com").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_whose_scheme_nobody_knows_holds_up_nobody() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.subscribe("gopher://a/").await;
    setting.subscribe("http://b/").await;

    setting.post(1).await;
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 1);
}
