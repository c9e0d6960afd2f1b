//! Short calls on the outbox of one queue.

use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use sukkal_storage::{
    AdvanceEntries, Attributes, Body, CreateSubscription, DeleteSubscription, DeliveryKey,
    EntryProgress, EntryStep, LeaseId, LeaseWork, MessageId, NewDelivery, NewMessage, OutboxEntry,
    Post, Posted, QueueKey, Result, SettleDeliveries, Settlement, Store, SubscriptionId,
};

pub(crate) const NOW: i64 = 1_700_000_000_000;
pub(crate) const LATER: i64 = NOW + 10_000;
pub(crate) const END: i64 = NOW + 600_000;

pub(crate) fn queue() -> QueueKey {
    QueueKey::new("p", "q")
}

pub(crate) fn subscription(
    queue: QueueKey,
    subscriber: &str,
    is_follower: bool,
) -> CreateSubscription {
    CreateSubscription {
        queue,
        id: SubscriptionId::new_v4(),
        subscriber: subscriber.to_owned(),
        ttl: 600,
        expires_at: END,
        options: Body::json(&b"{}"[..]).bytes,
        is_follower,
        now: NOW,
    }
}

pub(crate) async fn subscribe(
    store: &Store,
    subscriber: &str,
    is_follower: bool,
) -> SubscriptionId {
    let command = subscription(queue(), subscriber, is_follower);
    let id = command.id;
    store.data.subscriptions().create(command).await.unwrap();
    id
}

pub(crate) async fn unsubscribe(store: &Store, id: SubscriptionId) {
    let command = DeleteSubscription { queue: queue(), id };
    store.data.subscriptions().delete(command).await.unwrap();
}

pub(crate) fn command(ids: &[MessageId]) -> Post {
    let message = |id: &MessageId| NewMessage {
        id: *id,
        ttl: 3600,
        delay_until: None,
        body: Body::json(&b"{\"a\":1}"[..]),
        checksum: None,
        attributes: Attributes::new(),
    };
    Post {
        queue: queue(),
        generation: 0,
        messages: ids.iter().map(message).collect(),
        client_id: "c".into(),
        idempotency_key: None,
        now: NOW,
    }
}

pub(crate) async fn post(store: &Store, count: usize) -> Result<Posted> {
    let ids: Vec<MessageId> = (0..count).map(|_| MessageId::new_v4()).collect();
    store.data.messages().post(command(&ids)).await
}

/// Posts until a hint comes: the connection for hints may still be on its way.
pub(crate) async fn hint(store: &Store, hints: &mut BoxStream<'static, QueueKey>) -> QueueKey {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            hint = hints.next() => return hint.expect("the store is open"),
            // Redis may be away.
            _ = tick.tick() => drop(post(store, 1).await),
        }
    }
}

pub(crate) fn work(lease: LeaseId, limit: usize, now: i64) -> LeaseWork {
    LeaseWork { queue: queue(), lease, limit, max_bytes: 1_000_000, until: now + 5000, now }
}

pub(crate) async fn lease(store: &Store, limit: usize, now: i64) -> (LeaseId, Vec<OutboxEntry>) {
    let lease = LeaseId::new_v4();
    (lease, store.data.outbox().lease_entries(work(lease, limit, now)).await.unwrap())
}

pub(crate) async fn finish(
    store: &Store,
    lease: LeaseId,
    entries: &[OutboxEntry],
    now: i64,
) -> Vec<bool> {
    let step = |entry: &OutboxEntry| EntryStep {
        entry: entry.marker,
        deliveries: Vec::new(),
        progress: EntryProgress::Finish,
    };
    let steps = entries.iter().map(step).collect();
    let command = AdvanceEntries { queue: queue(), lease, steps, now };
    store.data.outbox().advance(command).await.unwrap()
}

pub(crate) async fn advance(store: &Store, lease: LeaseId, steps: Vec<EntryStep>) -> Vec<bool> {
    let command = AdvanceEntries { queue: queue(), lease, steps, now: NOW };
    store.data.outbox().advance(command).await.unwrap()
}

pub(crate) fn key(subscription: SubscriptionId, entry: i64, index: u32) -> DeliveryKey {
    DeliveryKey { subscription, entry, index }
}

pub(crate) fn kept(key: DeliveryKey, due_at: Option<i64>) -> NewDelivery {
    NewDelivery { key, attempts: 1, due_at, lease: None }
}

pub(crate) async fn settle(store: &Store, lease: LeaseId, key: DeliveryKey) {
    let deliveries = vec![(key, Settlement::Done)];
    let command = SettleDeliveries { queue: queue(), lease, deliveries, now: NOW };
    store.data.outbox().settle(command).await.unwrap();
}
