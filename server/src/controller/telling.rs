//! What the owner of a subscription can see and do about telling its subscriber; queues and topics alike.

use std::sync::Arc;

use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, Attempt, Operation, RequestContext};
use sukkal_storage::{
    Body, DataDriver, EnqueueEntry, EntryKind, GetMessages, GetSubscription, ListAttempts,
    MessageId, NewMessage, QueueKey, ResumeDeliveries, SetSubscriptionState,
    Subscription as Stored, SubscriptionId, SubscriptionState,
};

use super::log::new_id;
use super::present::timestamp;
use super::subscribing::{known, refused};
use super::{Controller, parse_id};
use crate::error::api_error;
use crate::notification::AttemptRecord;
use crate::stage::{Answer, Command};

/// How many attempts the log of a subscription shows.
const ATTEMPTS_SHOWN: usize = 100;
/// How many deliveries one step of resuming makes due.
const RESUME_STEP: usize = 1000;

/// Whether a subscriber is told, and how the last attempts ended.
pub(super) struct Attempts {
    pub(super) state: String,
    pub(super) attempts: Vec<Attempt>,
}

/// A subscription that exists, and the store it lies in.
pub(super) struct Found {
    pub(super) store: Arc<dyn DataDriver>,
    pub(super) subscription: Stored,
}

impl Controller {
    pub(super) async fn attempts<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
    ) -> Result<Attempts, ApiError> {
        let Found { store, subscription } =
            self.existing::<O>(context, key, subscription_id).await?;
        let query = ListAttempts {
            queue: key.clone(),
            subscription: subscription.id,
            limit: ATTEMPTS_SHOWN,
        };
        let records = store.outbox().attempts(query).await.map_err(api_error)?;
        let state = match subscription.state {
            SubscriptionState::Active => "active",
            SubscriptionState::Paused => "paused",
            SubscriptionState::Disabled => "disabled",
        };
        let attempts = records.iter().filter_map(|record| AttemptRecord::decode(record));
        Ok(Attempts { state: state.to_owned(), attempts: attempts.map(shown).collect() })
    }

    /// Has a subscriber told of a message once more; `absent` is told if the message is not there.
    pub(super) async fn resend<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
        message_id: &str,
        absent: impl Fn() -> ApiError,
    ) -> Result<(), ApiError> {
        let found = self.willing::<O>(context, key, subscription_id).await?;
        let id: MessageId = parse_id(message_id).ok_or_else(&absent)?;
        let query = GetMessages { queue: key.clone(), ids: vec![id], now: self.placement.now() };
        let messages = found.store.messages().get(query).await.map_err(api_error)?;
        let message = messages.into_iter().next().ok_or_else(&absent)?;
        let entry = self.entry(context, key, found.subscription.id, EntryKind::Resend);
        let entry = EnqueueEntry { messages: vec![again(message)], ..entry };
        self.enqueue::<O>(context, key, &*found.store, entry).await
    }

    /// Sends a message that is in no queue; returns its id.
    pub(super) async fn send_test<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
        body: Raw,
    ) -> Result<String, ApiError> {
        let found = self.willing::<O>(context, key, subscription_id).await?;
        let id = new_id(self.placement.now());
        let mut messages = vec![NewMessage {
            id,
            ttl: self.limits.default_message_ttl,
            delay_until: None,
            body: Body::json(body.bytes().clone()),
            checksum: None,
            attributes: Default::default(),
        }];
        // In the store it is treated like the messages of its queue.
        if let Some(queue) = self.placement.find(key).await.map_err(api_error)? {
            messages = self.for_store(&queue, &messages)?;
        }
        let entry = self.entry(context, key, found.subscription.id, EntryKind::Test);
        let entry = EnqueueEntry { messages, ..entry };
        self.enqueue::<O>(context, key, &*found.store, entry).await?;
        Ok(id.to_string())
    }

    pub(super) async fn pause<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
    ) -> Result<(), ApiError> {
        let found = self.existing::<O>(context, key, subscription_id).await?;
        self.set_state::<O>(context, key, &found, SubscriptionState::Paused).await
    }

    /// Makes a subscription active, and then what waits for it due, in steps.
    pub(super) async fn resume<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
    ) -> Result<(), ApiError> {
        let found = self.existing::<O>(context, key, subscription_id).await?;
        self.set_state::<O>(context, key, &found, SubscriptionState::Active).await?;
        loop {
            let command = ResumeDeliveries {
                queue: key.clone(),
                subscription: found.subscription.id,
                limit: RESUME_STEP,
                now: self.placement.now(),
            };
            if !found.store.outbox().resume(command).await.map_err(api_error)? {
                self.placement.announcements().announce(key);
                return Ok(());
            }
        }
    }

    async fn set_state<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        found: &Found,
        state: SubscriptionState,
    ) -> Result<(), ApiError> {
        let (id, now) = (found.subscription.id, self.placement.now());
        let command = SetSubscriptionState { queue: key.clone(), id, state, now };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::SetSubscriptionState(&command)).await?;
        let set = found.store.subscriptions().set_state(command).await;
        set.map_err(|error| refused(error, &id.to_string()))?;
        self.followers.has_changed(key, id).await;
        self.followers.has_changed(key, id).await;
        stages.after(Answer::Done).await
    }

    async fn existing<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
    ) -> Result<Found, ApiError> {
        let (id, now) = (known(subscription_id)?, self.placement.now());
        let query = GetSubscription { queue: key.clone(), id, now };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::GetSubscription(&query)).await?;
        let store = self.data(key).await?;
        let found = store.subscriptions().get(query).await;
        let subscription = found.map_err(|error| refused(error, subscription_id))?;
        stages.after(Answer::Subscriptions(std::slice::from_ref(&subscription))).await?;
        Ok(Found { store, subscription })
    }

    /// A subscription whose subscriber can be sent messages: workers tell it, and it has agreed if it must.
    pub(super) async fn willing<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
    ) -> Result<Found, ApiError> {
        let found = self.existing::<O>(context, key, subscription_id).await?;
        if found.subscription.is_follower {
            return Err(ApiError::SubscriptionOfConnection);
        }
        if self.confirmations.holds_back(&found.subscription) {
            return Err(ApiError::SubscriberNotConfirmed);
        }
        Ok(found)
    }

    /// An entry without messages yet.
    pub(super) fn entry(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        only: SubscriptionId,
        kind: EntryKind,
    ) -> EnqueueEntry {
        EnqueueEntry {
            queue: key.clone(),
            only,
            kind,
            messages: Vec::new(),
            client_id: context.client_id.clone(),
            now: self.placement.now(),
        }
    }

    pub(super) async fn enqueue<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        store: &dyn DataDriver,
        entry: EnqueueEntry,
    ) -> Result<(), ApiError> {
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::EnqueueEntry(&entry)).await?;
        store.outbox().enqueue(entry).await.map_err(api_error)?;
        self.placement.announcements().announce(key);
        stages.after(Answer::Done).await
    }
}

/// A stored message as it is sent once more: its delay is over for subscribers, who are told at once.
pub(super) fn again(message: sukkal_storage::Message) -> NewMessage {
    NewMessage {
        id: message.id,
        ttl: message.ttl,
        delay_until: None,
        body: message.body,
        checksum: message.checksum,
        attributes: message.attributes,
    }
}

fn shown(record: AttemptRecord) -> Attempt {
    Attempt {
        at: timestamp(record.at),
        kind: record.kind,
        message_id: record.message_id,
        delivery_id: record.delivery_id,
        attempt: record.attempt.into(),
        outcome: record.outcome,
        status: record.status.map(i64::from),
        duration_ms: i64::try_from(record.duration_ms).unwrap_or(i64::MAX),
        detail: record.detail,
        next_at: record.next_at.map(timestamp),
    }
}
