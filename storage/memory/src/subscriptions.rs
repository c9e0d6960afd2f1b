//! Subscriptions: one map per queue or topic, in the order of ids.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use sukkal_storage::{
    ConfirmSubscription, CreateSubscription, CreatedSubscription, DeleteSubscription,
    GetSubscription, Lifetime, ListSubscriptions, Millis, PurgeSubscriptions, QueueKey,
    RenewSubscription, Result, SetSubscriptionState, StorageError, Subscription, SubscriptionId,
    SubscriptionState, SubscriptionStore, UpdateSubscription,
};

use crate::data::MemoryData;
use crate::subscribers::{Audience, Subscribers};

/// The subscriptions of every queue that has one, or whose entries may still be followed.
pub(crate) type Subscriptions = BTreeMap<QueueKey, Subscribers>;

/// Removes up to `budget` subscriptions that have ended; returns how many.
pub(crate) fn collect(subscriptions: &mut Subscriptions, now: Millis, budget: usize) -> usize {
    let mut removed = 0;
    for of_queue in subscriptions.values_mut() {
        removed += of_queue.collect(now, budget - removed);
    }
    subscriptions.retain(|_, of_queue| !of_queue.is_empty() || of_queue.is_followed(now));
    removed
}

/// Who hears of a post to a queue at this time.
pub(crate) fn audience(subscriptions: &Subscriptions, queue: &QueueKey, now: Millis) -> Audience {
    subscriptions.get(queue).map_or(Audience::Nobody, |of_queue| of_queue.audience(now))
}

/// Whether a queue has a follower at this time, or one that was deleted before its end.
pub(crate) fn is_followed(subscriptions: &Subscriptions, queue: &QueueKey, now: Millis) -> bool {
    subscriptions.get(queue).is_some_and(|of_queue| of_queue.is_followed(now))
}

impl MemoryData {
    /// Changes a live subscription.
    fn edit(
        &self,
        queue: &QueueKey,
        id: SubscriptionId,
        now: Millis,
        change: impl FnOnce(&mut Subscription),
    ) -> Result<()> {
        self.run_on_subscriptions(|all| {
            let of_queue = all.get_mut(queue).ok_or(StorageError::SubscriptionDoesNotExist)?;
            of_queue.edit(id, now, change).map(drop)
        })
    }
}

#[async_trait]
impl SubscriptionStore for MemoryData {
    async fn create(&self, command: CreateSubscription) -> Result<CreatedSubscription> {
        self.run_on_subscriptions(|all| {
            let of_queue = all.entry(command.queue).or_default();
            match of_queue.of_subscriber(&command.subscriber, command.now) {
                Some(found) if found.is_confirmed => {
                    return Ok(CreatedSubscription::Confirmed(found.id));
                }
                Some(found) if found.id == command.id => return Ok(CreatedSubscription::Created),
                Some(found) => return Ok(CreatedSubscription::Unconfirmed(found.id)),
                None => {}
            }
            if of_queue.get(command.id, command.now).is_none() {
                of_queue.insert(Subscription {
                    id: command.id,
                    subscriber: command.subscriber,
                    ttl: command.ttl,
                    options: command.options,
                    is_confirmed: false,
                    is_follower: command.is_follower,
                    state: SubscriptionState::Active,
                    created_at: command.now,
                    expires_at: command.expires_at,
                });
            }
            Ok(CreatedSubscription::Created)
        })
    }

    async fn get(&self, query: GetSubscription) -> Result<Subscription> {
        self.run_on_subscriptions(|all| {
            let found = all.get(&query.queue).and_then(|all| all.get(query.id, query.now));
            found.cloned().ok_or(StorageError::SubscriptionDoesNotExist)
        })
    }

    async fn list(&self, query: ListSubscriptions) -> Result<Vec<Subscription>> {
        self.run_on_subscriptions(|all| {
            let Some(of_queue) = all.get(&query.queue) else { return Ok(Vec::new()) };
            Ok(of_queue
                .behind(query.after, query.now)
                .filter(|each| query.include_followers || !each.is_follower)
                .take(query.limit)
                .cloned()
                .collect())
        })
    }

    async fn update(&self, command: UpdateSubscription) -> Result<()> {
        self.run_on_subscriptions(|all| {
            let UpdateSubscription { queue, id, subscriber, lifetime, options, now } = command;
            let of_queue = all.get_mut(&queue).ok_or(StorageError::SubscriptionDoesNotExist)?;
            of_queue.get(id, now).ok_or(StorageError::SubscriptionDoesNotExist)?;
            let taken = subscriber.as_deref().and_then(|each| of_queue.of_subscriber(each, now));
            if taken.is_some_and(|other| other.id != id) {
                return Err(StorageError::SubscriberIsTaken);
            }
            of_queue.edit(id, now, |found| change(found, subscriber, lifetime, options)).map(drop)
        })
    }

    async fn confirm(&self, command: ConfirmSubscription) -> Result<()> {
        let ConfirmSubscription { queue, id, is_confirmed, now } = command;
        self.edit(&queue, id, now, |found| found.is_confirmed = is_confirmed)
    }

    async fn set_state(&self, command: SetSubscriptionState) -> Result<()> {
        let SetSubscriptionState { queue, id, state, now } = command;
        self.edit(&queue, id, now, |found| found.state = state)
    }

    async fn renew(
        &self,
        renewals: Vec<RenewSubscription>,
        now: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        self.run_on_subscriptions(|all| {
            let renew = |each: RenewSubscription| {
                let renewed = all.get_mut(&each.queue)?.edit(each.id, now, |found| {
                    if found.expires_at == each.expected {
                        found.expires_at = each.expires_at;
                    }
                });
                renewed.ok()
            };
            Ok(renewals.into_iter().map(renew).collect())
        })
    }

    async fn delete(&self, command: DeleteSubscription) -> Result<()> {
        self.run_on_subscriptions(|all| {
            if let Some(of_queue) = all.get_mut(&command.queue) {
                of_queue.remove(command.id);
            }
            Ok(())
        })
    }

    async fn purge(&self, command: PurgeSubscriptions) -> Result<bool> {
        self.run_on_subscriptions(|all| {
            let Some(of_queue) = all.get_mut(&command.queue) else { return Ok(false) };
            of_queue.purge(command.limit);
            Ok(!of_queue.is_empty())
        })
    }
}

/// Changes what is named; another subscriber has not agreed yet, and is told.
fn change(
    found: &mut Subscription,
    subscriber: Option<String>,
    lifetime: Option<Lifetime>,
    options: Option<Bytes>,
) {
    if let Some(subscriber) = subscriber.filter(|each| *each != found.subscriber) {
        found.is_confirmed = false;
        found.is_follower = false;
        found.state = SubscriptionState::Active;
        found.subscriber = subscriber;
    }
    if let Some(lifetime) = lifetime {
        found.ttl = lifetime.ttl;
        found.expires_at = lifetime.expires_at;
    }
    if let Some(options) = options {
        found.options = options;
    }
}
