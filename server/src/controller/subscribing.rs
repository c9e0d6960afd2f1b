//! Subscriptions of queues and topics alike.

use std::sync::{Mutex, PoisonError};

use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, Operation, RequestContext, Subscription};
use sukkal_storage::{
    CreateSubscription, CreatedSubscription, DeleteSubscription, EntryKind, GetSubscription,
    Lifetime, ListSubscriptions, Millis, PurgeSubscriptions, QueueKey, StorageError,
    Subscription as Stored, SubscriptionId, UpdateSubscription,
};
use uuid::{ContextV7, Timestamp, Uuid};

use super::present::age;
use super::{Controller, parse_id, signing_secret, subscriber};
use crate::error::api_error;
use crate::notification::follow::{CannotBegin, Lease};
use crate::stage::{Answer, Command};

/// The end of the year 9999.
const LAST_MILLISECOND: Millis = 253_402_300_799_999;
/// How many subscriptions one step of a purge removes.
const PURGE_STEP: usize = 1000;

/// What a caller asks for who subscribes.
pub(super) struct NewSubscription {
    pub(super) subscriber: Option<String>,
    pub(super) ttl: i64,
    pub(super) options: Raw,
    /// Where a connection that wants cursors begins; empty for now.
    pub(super) cursor: Option<String>,
}

/// What is to be changed.
pub(super) struct Change {
    pub(super) subscriber: Option<String>,
    pub(super) ttl: Option<i64>,
    pub(super) options: Option<Raw>,
}

/// What subscribing found.
pub(super) enum Subscribed {
    /// The subscription of this id is new, and begins at this cursor if it wants cursors.
    Created(String, Option<String>),
    /// The subscriber has the one of this id, which nobody confirmed.
    Unconfirmed(String),
    /// The subscriber has a confirmed one.
    Confirmed,
}

/// Makes ids that nobody can guess and of which later ones are greater.
pub struct SubscriptionIds(Mutex<ContextV7>);

impl SubscriptionIds {
    /// Makes ids from now on.
    pub fn new() -> Self {
        Self(Mutex::new(ContextV7::new()))
    }

    fn next(&self, now: Millis) -> SubscriptionId {
        let context = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.unsigned_abs();
        let nanos = u32::try_from(now % 1000 * 1_000_000).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&*context, now / 1000, nanos))
    }
}

impl Default for SubscriptionIds {
    fn default() -> Self {
        Self::new()
    }
}

impl Controller {
    /// Subscribes somebody, or the connection of the caller.
    pub(super) async fn subscribe<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        new: NewSubscription,
    ) -> Result<Subscribed, ApiError> {
        let now = self.placement.now();
        let ends = end(now, new.ttl)?;
        let own = context.own_address.as_ref();
        let (who, holder) = match (new.subscriber, own) {
            (Some(given), None) => (given, None),
            (Some(given), _) if !given.is_empty() => (given, None),
            (_, Some(own)) => (own.to_string(), Some(own)),
            (None, None) => return Err(ApiError::SubscriberMissing),
        };
        if holder.is_none() {
            let policy = self.egress.policy(&key.project);
            subscriber::check(&who, &self.subscriber_types, policy)?;
        }
        let service_signs = !self.webhook_keys.is_empty();
        if subscriber::check_options(Some(&who), &new.options, service_signs)? {
            return Err(subscriber::no_secret());
        }
        let id = self.subscription_ids.next(now);
        let asked = holder.is_none().then(|| who.clone());
        let mut row = CreateSubscription {
            queue: key.clone(),
            id,
            subscriber: who,
            ttl: new.ttl,
            expires_at: ends,
            options: new.options.bytes().clone(),
            is_follower: holder.is_some(),
            now,
        };
        let since = new.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        let lease = holder.map(|address| (address, Lease::begin(&mut row)));
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::CreateSubscription(&row)).await?;
        self.placement.open(key).await.map_err(api_error)?;
        let held = match lease {
            Some((address, lease)) => {
                let beginning = self.followers.begin(address, key, since).await;
                Some((address, lease, beginning.map_err(cannot_begin)?))
            }
            None => None,
        };
        let store = self.data(key).await?;
        let created = store.subscriptions().create(row.clone()).await.map_err(api_error)?;
        let begins = held.as_ref().filter(|_| new.cursor.is_some());
        let begins = begins.map(|(_, _, beginning)| beginning.cursor());
        // Held before the stages see it: a row without its lease ends though its connection lives.
        if let (CreatedSubscription::Created, Some((address, lease, beginning))) = (&created, held)
        {
            self.followers.join(address, row, lease, (beginning, new.cursor.is_some())).await;
        }
        stages.after(Answer::Done).await?;
        if let (CreatedSubscription::Created | CreatedSubscription::Unconfirmed(_), Some(who)) =
            (&created, &asked)
        {
            let id = if let CreatedSubscription::Unconfirmed(old) = created { old } else { id };
            self.ask::<O>(context, key, (id, who), EntryKind::Confirm).await?;
        }
        Ok(match created {
            CreatedSubscription::Created => Subscribed::Created(id.to_string(), begins),
            CreatedSubscription::Unconfirmed(id) => Subscribed::Unconfirmed(id.to_string()),
            CreatedSubscription::Confirmed(_) => Subscribed::Confirmed,
        })
    }

    /// A page of subscriptions; none follow a marker that is no id.
    pub(super) async fn subscriptions<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        marker: Option<String>,
        limit: i64,
    ) -> Result<Vec<Subscription>, ApiError> {
        let after = match marker.as_deref().map(parse_id) {
            Some(None) => return Ok(Vec::new()),
            Some(after) => after,
            None => None,
        };
        let now = self.placement.now();
        let limit = usize::try_from(limit).unwrap_or(1);
        let query =
            ListSubscriptions { queue: key.clone(), after, limit, include_followers: true, now };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::ListSubscriptions(&query)).await?;
        let found = self.data(key).await?.subscriptions().list(query).await.map_err(api_error)?;
        stages.after(Answer::Subscriptions(&found)).await?;
        Ok(found.into_iter().map(|each| shown(key, each, now)).collect())
    }

    pub(super) async fn subscription<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: String,
    ) -> Result<Subscription, ApiError> {
        let now = self.placement.now();
        let id = known(&subscription_id)?;
        let query = GetSubscription { queue: key.clone(), id, now };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::GetSubscription(&query)).await?;
        let found = self.data(key).await?.subscriptions().get(query).await;
        let found = found.map_err(|error| refused(error, &subscription_id))?;
        stages.after(Answer::Subscriptions(std::slice::from_ref(&found))).await?;
        Ok(shown(key, found, now))
    }

    /// Changes a subscription. Rules come before the question whether it exists.
    pub(super) async fn change_subscription<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
        change: Change,
    ) -> Result<(), ApiError> {
        let now = self.placement.now();
        let Change { subscriber, ttl, options } = change;
        if let Some(subscriber) = &subscriber {
            let policy = self.egress.policy(&key.project);
            subscriber::check(subscriber, &self.subscriber_types, policy)?;
        }
        let service_signs = !self.webhook_keys.is_empty();
        let keeps_secret = match &options {
            Some(options) => {
                subscriber::check_options(subscriber.as_deref(), options, service_signs)?
            }
            None => false,
        };
        let lifetime = match ttl {
            Some(ttl) => Some(Lifetime { ttl, expires_at: end(now, ttl)? }),
            None => None,
        };
        if subscriber.is_none() && lifetime.is_none() && options.is_none() {
            let subscription_id = subscription_id.to_owned();
            return Err(ApiError::SubscriptionUnchanged { subscription_id });
        }
        let id = known(subscription_id)?;
        let is_another = subscriber.is_some();
        let options = match options {
            Some(options) if keeps_secret => {
                let query = GetSubscription { queue: key.clone(), id, now };
                let stored = self.data(key).await?.subscriptions().get(query).await;
                let stored = stored.map_err(|error| refused(error, subscription_id))?;
                let options = signing_secret::with_stored(options.bytes(), &stored.options);
                Some(options.ok_or_else(subscriber::no_secret)?)
            }
            options => options.map(|options| options.bytes().clone()),
        };
        let command =
            UpdateSubscription { queue: key.clone(), id, subscriber, lifetime, options, now };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::UpdateSubscription(&command)).await?;
        let updated = self.data(key).await?.subscriptions().update(command).await;
        updated.map_err(|error| refused(error, subscription_id))?;
        self.followers.has_changed(key, id).await;
        stages.after(Answer::Done).await?;
        if is_another { self.ask_anew::<O>(context, key, id).await } else { Ok(()) }
    }

    pub(super) async fn unsubscribe<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
    ) -> Result<(), ApiError> {
        let Some(id) = parse_id(subscription_id) else { return Ok(()) };
        let command = DeleteSubscription { queue: key.clone(), id };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::DeleteSubscription(&command)).await?;
        self.data(key).await?.subscriptions().delete(command).await.map_err(api_error)?;
        self.followers.was_deleted(key, id);
        stages.after(Answer::Done).await
    }

    /// Removes every subscription, in steps.
    pub(super) async fn purge_subscriptions(&self, key: &QueueKey) -> Result<(), ApiError> {
        let store = self.data(key).await?;
        loop {
            let command = PurgeSubscriptions { queue: key.clone(), limit: PURGE_STEP };
            if !store.subscriptions().purge(command).await.map_err(api_error)? {
                self.followers.were_deleted(key);
                return Ok(());
            }
        }
    }
}

fn cannot_begin(cause: CannotBegin) -> ApiError {
    match cause {
        CannotBegin::TooMany(maximum) => {
            ApiError::TooManySubscriptions { maximum: i64::try_from(maximum).unwrap_or(i64::MAX) }
        }
        CannotBegin::NoCursor => ApiError::CursorInvalid,
        CannotBegin::Storage(error) => api_error(error),
    }
}

/// When a lifetime that begins now is over.
fn end(now: Millis, ttl: i64) -> Result<Millis, ApiError> {
    let end = ttl.checked_mul(1000).and_then(|lifetime| now.checked_add(lifetime));
    end.filter(|end| *end <= LAST_MILLISECOND).ok_or(ApiError::SubscriptionTtlTooLong)
}

fn shown(key: &QueueKey, stored: Stored, now: Millis) -> Subscription {
    Subscription {
        id: stored.id.to_string(),
        source: key.name.to_string(),
        subscriber: stored.subscriber,
        ttl: stored.ttl,
        age: age(stored.created_at, now),
        options: Raw::from_trusted(signing_secret::hidden(stored.options)),
        confirmed: stored.is_confirmed,
    }
}

/// An id; a text that is none names nothing.
pub(super) fn known(subscription_id: &str) -> Result<SubscriptionId, ApiError> {
    parse_id(subscription_id).ok_or_else(|| does_not_exist(subscription_id))
}

fn does_not_exist(subscription_id: &str) -> ApiError {
    ApiError::SubscriptionDoesNotExist { subscription_id: subscription_id.to_owned() }
}

pub(super) fn refused(error: StorageError, subscription_id: &str) -> ApiError {
    match error {
        StorageError::SubscriptionDoesNotExist => does_not_exist(subscription_id),
        StorageError::SubscriberIsTaken => ApiError::SubscriberIsTaken,
        other => api_error(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_are_greater_though_the_clock_stands_still_or_goes_back() {
        let ids = SubscriptionIds::new();

        let made: Vec<_> =
            [5000, 5000, 5000, 4000, 5001, 6000].map(|now| ids.next(now)).into_iter().collect();

        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
    }

    #[test]
    fn a_lifetime_ends_in_the_year_9999_at_the_latest() {
        assert_eq!(end(1000, 60), Ok(61_000));
        assert_eq!(end(LAST_MILLISECOND - 60_000, 60), Ok(LAST_MILLISECOND));
        for ttl in [61, i64::MAX, i64::MAX / 1000] {
            let told = end(LAST_MILLISECOND - 60_000, ttl);
            assert_eq!(told, Err(ApiError::SubscriptionTtlTooLong), "{ttl}");
        }
    }
}
