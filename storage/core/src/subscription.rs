//! Subscriptions and the commands on them.

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use crate::{Millis, QueueKey, Result};

/// Names a subscription. Callers make them so that later ones compare greater (UUID version 7); never nil.
pub type SubscriptionId = Uuid;

/// Whether a subscriber is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum SubscriptionState {
    /// It is told.
    #[default]
    Active = 0,
    /// What is for it waits until it is active again.
    Paused = 1,
    /// It said that it is gone: nothing is kept for it.
    Disabled = 2,
}

impl SubscriptionState {
    /// Reads the number a state is stored as; `None` for one that no state has.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Active),
            1 => Some(Self::Paused),
            2 => Some(Self::Disabled),
            _ => None,
        }
    }
}

/// A stored subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The identifier.
    pub id: SubscriptionId,
    /// Who is told: a URI, compared as text.
    pub subscriber: String,
    /// Lifetime in seconds, as last set.
    pub ttl: i64,
    /// The options: the text of a JSON object.
    pub options: Bytes,
    /// Whether the subscriber has agreed.
    pub is_confirmed: bool,
    /// Whether it reads the outbox itself: workers pass it over.
    pub is_follower: bool,
    /// Whether it is told.
    pub state: SubscriptionState,
    /// When it was created.
    pub created_at: Millis,
    /// When it ends: it has ended when `now` has reached this.
    pub expires_at: Millis,
}

/// Creates a subscription if the subscriber has none on this queue.
#[derive(Clone, Debug)]
pub struct CreateSubscription {
    /// The queue or topic; it need not exist.
    pub queue: QueueKey,
    /// The identifier, made by the caller.
    pub id: SubscriptionId,
    /// Who is told.
    pub subscriber: String,
    /// Lifetime in seconds.
    pub ttl: i64,
    /// When it ends.
    pub expires_at: Millis,
    /// The options: the text of a JSON object.
    pub options: Bytes,
    /// Whether it reads the outbox itself: workers pass it over.
    pub is_follower: bool,
    /// The time of the call.
    pub now: Millis,
}

/// What creating a subscription found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatedSubscription {
    /// It was created, or created before by the same command.
    Created,
    /// The subscriber has this one, which nobody confirmed; it is left as it is.
    Unconfirmed(SubscriptionId),
    /// The subscriber has this one, and it is confirmed.
    Confirmed(SubscriptionId),
}

/// Reads a subscription.
#[derive(Clone, Debug)]
pub struct GetSubscription {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The identifier.
    pub id: SubscriptionId,
    /// The time of the call.
    pub now: Millis,
}

/// Reads a page of subscriptions.
#[derive(Clone, Debug)]
pub struct ListSubscriptions {
    /// The queue or topic.
    pub queue: QueueKey,
    /// Only ids greater than this, whether it still exists or not.
    pub after: Option<SubscriptionId>,
    /// At most this many, at least 1.
    pub limit: usize,
    /// Also followers.
    pub include_followers: bool,
    /// The time of the call.
    pub now: Millis,
}

/// A lifetime and the end it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// In seconds.
    pub ttl: i64,
    /// When it ends.
    pub expires_at: Millis,
}

/// Changes what is named and leaves the rest.
#[derive(Clone, Debug)]
pub struct UpdateSubscription {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The identifier.
    pub id: SubscriptionId,
    /// The new subscriber.
    pub subscriber: Option<String>,
    /// The new lifetime.
    pub lifetime: Option<Lifetime>,
    /// The new options: the text of a JSON object.
    pub options: Option<Bytes>,
    /// The time of the call.
    pub now: Millis,
}

/// Notes what the subscriber says.
#[derive(Clone, Debug)]
pub struct ConfirmSubscription {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The identifier.
    pub id: SubscriptionId,
    /// Whether the subscriber agrees.
    pub is_confirmed: bool,
    /// The time of the call.
    pub now: Millis,
}

/// Says whether a subscriber is told.
#[derive(Clone, Debug)]
pub struct SetSubscriptionState {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The identifier.
    pub id: SubscriptionId,
    /// Whether it is told.
    pub state: SubscriptionState,
    /// The time of the call.
    pub now: Millis,
}

/// Lets a subscription live longer, unless somebody else changed how long it lives.
#[derive(Clone, Debug)]
pub struct RenewSubscription {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The identifier.
    pub id: SubscriptionId,
    /// When it ends now, as the caller believes.
    pub expected: Millis,
    /// When it is to end.
    pub expires_at: Millis,
}

/// Deletes a subscription.
#[derive(Clone, Debug)]
pub struct DeleteSubscription {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The identifier.
    pub id: SubscriptionId,
}

/// Deletes subscriptions of a queue in one bounded step.
#[derive(Clone, Debug)]
pub struct PurgeSubscriptions {
    /// The queue or topic.
    pub queue: QueueKey,
    /// At most this many, at least 1.
    pub limit: usize,
}

/// Subscriptions.
///
/// - They belong to a queue or topic but need none: they survive its deletion.
/// - A subscriber has at most one live subscription on a queue, under any concurrency.
/// - One that has ended is nowhere seen and stands in nobody's way, collected or not.
/// - `expires_at` may lie as far as the year 9999; drivers must not overflow.
#[async_trait]
pub trait SubscriptionStore: Send + Sync {
    /// Creates a subscription, not confirmed and active, if the subscriber has none on this queue.
    ///
    /// - A live subscription of this id was created by the same command: it is left as it is.
    async fn create(&self, command: CreateSubscription) -> Result<CreatedSubscription>;

    /// Reads a subscription.
    ///
    /// - `SubscriptionDoesNotExist` if it is unknown or has ended.
    async fn get(&self, query: GetSubscription) -> Result<Subscription>;

    /// Reads a page, in ascending order of ids.
    async fn list(&self, query: ListSubscriptions) -> Result<Vec<Subscription>>;

    /// Changes a subscription; when it was created stays.
    ///
    /// - It stays confirmed unless its subscriber becomes another one, who has not agreed yet; another one is active
    ///   and no follower: workers tell it.
    /// - `SubscriptionDoesNotExist` as for [`get`](Self::get).
    /// - `SubscriberIsTaken` if the new subscriber has another live one on this queue; nothing is changed then.
    async fn update(&self, command: UpdateSubscription) -> Result<()>;

    /// Confirms a subscription, or takes that back.
    ///
    /// - `SubscriptionDoesNotExist` as for [`get`](Self::get).
    async fn confirm(&self, command: ConfirmSubscription) -> Result<()>;

    /// Says whether the subscriber is told.
    ///
    /// - `SubscriptionDoesNotExist` as for [`get`](Self::get).
    async fn set_state(&self, command: SetSubscriptionState) -> Result<()>;

    /// Renews many subscriptions, of any queues, each as one atomic unit, in few round trips. Returns each as it is
    /// afterwards, in the order given; `None` for one that is unknown or has ended.
    ///
    /// - One whose end is not as expected is returned as it is found.
    async fn renew(
        &self,
        renewals: Vec<RenewSubscription>,
        now: Millis,
    ) -> Result<Vec<Option<Subscription>>>;

    /// Deletes a subscription; nothing happens if it is unknown.
    async fn delete(&self, command: DeleteSubscription) -> Result<()>;

    /// Deletes subscriptions of a queue; tells whether any may be left.
    async fn purge(&self, command: PurgeSubscriptions) -> Result<bool>;
}
