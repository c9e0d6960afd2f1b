//! The subscriptions of one queue or topic, with short calls.

use std::sync::Arc;

use bytes::Bytes;
use sukkal_storage::{
    ConfirmSubscription, CreateSubscription, CreatedSubscription, DataDriver, DeleteSubscription,
    GetSubscription, Lifetime, ListSubscriptions, Millis, PurgeSubscriptions, QueueKey, Result,
    SetSubscriptionState, Store, Subscription, SubscriptionId, SubscriptionState,
    SubscriptionStore, UpdateSubscription,
};
use uuid::Uuid;

use crate::bench::{Bench, Queue, SECOND};

/// The lifetime of a subscription in seconds where a case names none.
pub(crate) const LIFETIME: i64 = 600;

/// The subscriptions of a queue in one store.
#[derive(Clone)]
pub(crate) struct Subscriptions {
    pub(crate) data: Arc<dyn DataDriver>,
    pub(crate) key: QueueKey,
    pub(crate) start: Millis,
}

impl Subscriptions {
    /// Those of a queue of this case that nobody has used.
    pub(crate) fn new(bench: &Bench) -> Self {
        Self::of(&bench.queue())
    }

    pub(crate) fn of(queue: &Queue) -> Self {
        Self { data: queue.data.clone(), key: queue.key.clone(), start: queue.start }
    }

    /// The same subscriptions in another store.
    pub(crate) fn on(&self, store: &Store) -> Self {
        Self { data: store.data.clone(), ..self.clone() }
    }

    pub(crate) fn store(&self) -> &dyn SubscriptionStore {
        self.data.subscriptions()
    }

    /// When a subscription made at the start ends.
    pub(crate) fn end(&self) -> Millis {
        self.start + LIFETIME * SECOND
    }

    pub(crate) fn create_of(&self, subscriber: &str) -> CreateSubscription {
        CreateSubscription {
            queue: self.key.clone(),
            id: Uuid::now_v7(),
            subscriber: subscriber.to_owned(),
            ttl: LIFETIME,
            expires_at: self.end(),
            options: Bytes::from_static(b"{}"),
            is_follower: false,
            now: self.start,
        }
    }

    pub(crate) async fn try_create(&self, command: CreateSubscription) -> CreatedSubscription {
        self.store().create(command).await.expect("the subscription is created or there")
    }

    /// Creates a subscription that must be new.
    pub(crate) async fn create(&self, command: CreateSubscription) -> SubscriptionId {
        let id = command.id;
        assert_eq!(self.try_create(command).await, CreatedSubscription::Created);
        id
    }

    /// Subscribes at the start.
    pub(crate) async fn subscribe(&self, subscriber: &str) -> SubscriptionId {
        self.create(self.create_of(subscriber)).await
    }

    pub(crate) async fn try_get(&self, id: SubscriptionId, now: Millis) -> Result<Subscription> {
        self.store().get(GetSubscription { queue: self.key.clone(), id, now }).await
    }

    /// Reads a subscription at the start.
    pub(crate) async fn get(&self, id: SubscriptionId) -> Subscription {
        self.try_get(id, self.start).await.expect("the subscription is there")
    }

    pub(crate) async fn page(
        &self,
        after: Option<SubscriptionId>,
        limit: usize,
        now: Millis,
    ) -> Vec<SubscriptionId> {
        let query = ListSubscriptions {
            queue: self.key.clone(),
            after,
            limit,
            include_followers: true,
            now,
        };
        let page = self.store().list(query).await.expect("the subscriptions are listed");
        page.iter().map(|each| each.id).collect()
    }

    /// Every subscription at this time.
    pub(crate) async fn all(&self, now: Millis) -> Vec<Subscription> {
        let query = ListSubscriptions {
            queue: self.key.clone(),
            after: None,
            limit: 1000,
            include_followers: true,
            now,
        };
        self.store().list(query).await.expect("the subscriptions are listed")
    }

    /// The ids at the start.
    pub(crate) async fn ids(&self) -> Vec<SubscriptionId> {
        self.page(None, 1000, self.start).await
    }

    /// A change of nothing at the start.
    pub(crate) fn change_of(&self, id: SubscriptionId) -> UpdateSubscription {
        UpdateSubscription {
            queue: self.key.clone(),
            id,
            subscriber: None,
            lifetime: None,
            options: None,
            now: self.start,
        }
    }

    pub(crate) async fn change(&self, command: UpdateSubscription) -> Result<()> {
        self.store().update(command).await
    }

    /// Gives a subscription to another subscriber at the start.
    pub(crate) async fn hand_over(&self, id: SubscriptionId, to: &str) -> Result<()> {
        let subscriber = Some(to.to_owned());
        self.change(UpdateSubscription { subscriber, ..self.change_of(id) }).await
    }

    /// Lets a subscription live this long, in seconds, from the start.
    pub(crate) async fn renew(&self, id: SubscriptionId, ttl: i64) -> Result<()> {
        let lifetime = Some(Lifetime { ttl, expires_at: self.start + ttl * SECOND });
        self.change(UpdateSubscription { lifetime, ..self.change_of(id) }).await
    }

    pub(crate) async fn confirm(&self, id: SubscriptionId, is_confirmed: bool) -> Result<()> {
        let (queue, now) = (self.key.clone(), self.start);
        self.store().confirm(ConfirmSubscription { queue, id, is_confirmed, now }).await
    }

    /// Says at the start whether a subscriber is told.
    pub(crate) async fn set_state(
        &self,
        id: SubscriptionId,
        state: SubscriptionState,
    ) -> Result<()> {
        let (queue, now) = (self.key.clone(), self.start);
        self.store().set_state(SetSubscriptionState { queue, id, state, now }).await
    }

    pub(crate) async fn delete(&self, id: SubscriptionId) {
        let command = DeleteSubscription { queue: self.key.clone(), id };
        self.store().delete(command).await.expect("the subscription is deleted");
    }

    /// One step of a purge; tells whether any may be left.
    pub(crate) async fn purge(&self, limit: usize) -> bool {
        let command = PurgeSubscriptions { queue: self.key.clone(), limit };
        self.store().purge(command).await.expect("the subscriptions are deleted")
    }
}
