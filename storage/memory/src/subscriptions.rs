//! Subscriptions: one map per queue or topic, in the order of ids.

use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;
use sukkal_storage::{
    ConfirmSubscription, CreateSubscription, CreatedSubscription, DeleteSubscription,
    GetSubscription, ListSubscriptions, Millis, PurgeSubscriptions, QueueKey, Result, StorageError,
    Subscription, SubscriptionId, SubscriptionStore, UpdateSubscription,
};

use crate::data::MemoryData;

/// The subscriptions of every queue that ever had one.
pub(crate) type Subscriptions = BTreeMap<QueueKey, BTreeMap<SubscriptionId, Subscription>>;

/// Removes up to `budget` subscriptions that have ended; returns how many.
pub(crate) fn collect(subscriptions: &mut Subscriptions, now: Millis, budget: usize) -> usize {
    let mut removed = 0;
    for of_queue in subscriptions.values_mut() {
        of_queue.retain(|_, each| {
            let goes = removed < budget && has_ended(each, now);
            removed += usize::from(goes);
            !goes
        });
    }
    subscriptions.retain(|_, of_queue| !of_queue.is_empty());
    removed
}

fn has_ended(subscription: &Subscription, now: Millis) -> bool {
    now >= subscription.expires_at
}

fn of_subscriber<'a>(
    of_queue: &'a BTreeMap<SubscriptionId, Subscription>,
    subscriber: &str,
    now: Millis,
) -> Option<&'a Subscription> {
    of_queue.values().find(|each| each.subscriber == subscriber && !has_ended(each, now))
}

fn live(
    of_queue: Option<&mut BTreeMap<SubscriptionId, Subscription>>,
    id: SubscriptionId,
    now: Millis,
) -> Result<&mut Subscription> {
    of_queue
        .and_then(|of_queue| of_queue.get_mut(&id))
        .filter(|each| !has_ended(each, now))
        .ok_or(StorageError::SubscriptionDoesNotExist)
}

#[async_trait]
impl SubscriptionStore for MemoryData {
    async fn create(&self, command: CreateSubscription) -> Result<CreatedSubscription> {
        self.run_on_subscriptions(|all| {
            let of_queue = all.entry(command.queue).or_default();
            match of_subscriber(of_queue, &command.subscriber, command.now) {
                Some(found) if found.is_confirmed => {
                    return Ok(CreatedSubscription::Confirmed(found.id));
                }
                Some(found) if found.id == command.id => return Ok(CreatedSubscription::Created),
                Some(found) => return Ok(CreatedSubscription::Unconfirmed(found.id)),
                None => {}
            }
            if live(Some(of_queue), command.id, command.now).is_ok() {
                return Ok(CreatedSubscription::Created);
            }
            let subscription = Subscription {
                id: command.id,
                subscriber: command.subscriber,
                ttl: command.ttl,
                options: command.options,
                is_confirmed: false,
                is_follower: command.is_follower,
                state: sukkal_storage::SubscriptionState::Active,
                created_at: command.now,
                expires_at: command.expires_at,
            };
            of_queue.insert(command.id, subscription);
            Ok(CreatedSubscription::Created)
        })
    }

    async fn get(&self, query: GetSubscription) -> Result<Subscription> {
        self.run_on_subscriptions(|all| {
            live(all.get_mut(&query.queue), query.id, query.now).cloned()
        })
    }

    async fn list(&self, query: ListSubscriptions) -> Result<Vec<Subscription>> {
        self.run_on_subscriptions(|all| {
            let Some(of_queue) = all.get(&query.queue) else { return Ok(Vec::new()) };
            let start = query.after.map_or(Bound::Unbounded, Bound::Excluded);
            Ok(of_queue
                .range((start, Bound::Unbounded))
                .map(|(_, each)| each)
                .filter(|each| !has_ended(each, query.now))
                .take(query.limit)
                .cloned()
                .collect())
        })
    }

    async fn update(&self, command: UpdateSubscription) -> Result<()> {
        self.run_on_subscriptions(|all| {
            let of_queue = all.get_mut(&command.queue);
            if let (Some(of_queue), Some(wanted)) = (&of_queue, &command.subscriber) {
                let taken = of_subscriber(of_queue, wanted, command.now);
                let exists =
                    of_queue.get(&command.id).is_some_and(|each| !has_ended(each, command.now));
                if exists && taken.is_some_and(|other| other.id != command.id) {
                    return Err(StorageError::SubscriberIsTaken);
                }
            }
            let found = live(of_queue, command.id, command.now)?;
            if let Some(subscriber) = command.subscriber {
                found.is_confirmed &= found.subscriber == subscriber;
                found.subscriber = subscriber;
            }
            if let Some(lifetime) = command.lifetime {
                found.ttl = lifetime.ttl;
                found.expires_at = lifetime.expires_at;
            }
            if let Some(options) = command.options {
                found.options = options;
            }
            Ok(())
        })
    }

    async fn confirm(&self, command: ConfirmSubscription) -> Result<()> {
        self.run_on_subscriptions(|all| {
            live(all.get_mut(&command.queue), command.id, command.now)?.is_confirmed =
                command.is_confirmed;
            Ok(())
        })
    }

    async fn set_state(&self, _: sukkal_storage::SetSubscriptionState) -> Result<()> {
        Err(StorageError::unavailable("this store cannot pause subscriptions"))
    }

    async fn renew(
        &self,
        _: Vec<sukkal_storage::RenewSubscription>,
        _: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        Err(StorageError::unavailable("this store cannot renew subscriptions"))
    }

    async fn delete(&self, command: DeleteSubscription) -> Result<()> {
        self.run_on_subscriptions(|all| {
            if let Some(of_queue) = all.get_mut(&command.queue) {
                of_queue.remove(&command.id);
            }
            Ok(())
        })
    }

    async fn purge(&self, command: PurgeSubscriptions) -> Result<bool> {
        self.run_on_subscriptions(|all| {
            let Some(of_queue) = all.get_mut(&command.queue) else { return Ok(false) };
            for _ in 0..command.limit {
                of_queue.pop_first();
            }
            Ok(!of_queue.is_empty())
        })
    }
}
