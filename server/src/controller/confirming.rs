//! Whether subscribers agree to be told, and asking them; queues and topics alike.

use sukkal_spec::{ApiError, Operation, RequestContext};
use sukkal_storage::{
    Body, ConfirmSubscription, DataDriver, EnqueueEntry, EntryKind, GetSubscription, NewMessage,
    QueueKey, Subscription, SubscriptionId,
};

use super::Controller;
use super::log::new_id;
use super::subscribing::{known, refused};
use crate::notification::{confirm_path, is_grant_of};
use crate::stage::{Answer, Command};

/// What stands for the body of a request, which is made when it is sent.
const NOTHING: &[u8] = b"null";

impl Controller {
    /// Notes what a subscriber says. One that takes its word back is sent what it needs to give it again.
    pub(super) async fn confirm_subscription<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
        is_confirmed: bool,
    ) -> Result<(), ApiError> {
        let id = known(subscription_id)?;
        let store = self.data(key).await?;
        let by_subscriber_only = self.confirmations.settings().only_subscriber;
        if is_confirmed && by_subscriber_only {
            let subscription = self.current(&*store, key, id).await?;
            if !is_by_subscriber(context, key, &subscription) {
                return Err(ApiError::ConfirmationNeedsLink);
            }
        }
        let now = self.placement.now();
        let command = ConfirmSubscription { queue: key.clone(), id, is_confirmed, now };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::ConfirmSubscription(&command)).await?;
        let confirmed = store.subscriptions().confirm(command).await;
        confirmed.map_err(|error| refused(error, subscription_id))?;
        stages.after(Answer::Done).await?;
        if !is_confirmed && self.confirmations.asks_anybody() {
            let subscription = self.current(&*store, key, id).await?;
            if !subscription.is_follower {
                let who = &subscription.subscriber;
                self.ask::<O>(context, key, (id, who), EntryKind::Unsubscribe).await?;
            }
        }
        Ok(())
    }

    /// Asks whoever a subscription has now, unless it has confirmed.
    pub(super) async fn ask_anew<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        id: SubscriptionId,
    ) -> Result<(), ApiError> {
        if !self.confirmations.asks_anybody() {
            return Ok(());
        }
        let store = self.data(key).await?;
        let subscription = self.current(&*store, key, id).await?;
        if subscription.is_confirmed || subscription.is_follower {
            return Ok(());
        }
        let who = &subscription.subscriber;
        self.ask::<O>(context, key, (id, who), EntryKind::Confirm).await
    }

    /// Has a subscriber asked to confirm, or told that it no longer does, if subscribers of its kind are asked.
    pub(super) async fn ask<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        (id, subscriber): (SubscriptionId, &str),
        kind: EntryKind,
    ) -> Result<(), ApiError> {
        if !self.confirmations.asks(subscriber) {
            return Ok(());
        }
        if !self.confirmations.can_sign() {
            tracing::error!(
                queue = %key,
                subscription = %id,
                "a subscriber cannot be asked to confirm: the section signed_url has no key to sign with"
            );
            return Ok(());
        }
        let message = NewMessage {
            id: new_id(self.placement.now()),
            ttl: self.limits.default_message_ttl,
            delay_until: None,
            body: Body::json(NOTHING),
            checksum: None,
            attributes: Default::default(),
        };
        let entry = self.entry(context, key, id, kind);
        let entry = EnqueueEntry { messages: vec![message], ..entry };
        let store = self.data(key).await?;
        self.enqueue::<O>(context, key, &*store, entry).await
    }

    async fn current(
        &self,
        store: &dyn DataDriver,
        key: &QueueKey,
        id: SubscriptionId,
    ) -> Result<Subscription, ApiError> {
        let query = GetSubscription { queue: key.clone(), id, now: self.placement.now() };
        let found = store.subscriptions().get(query).await;
        found.map_err(|error| refused(error, &id.to_string()))
    }
}

/// Whether a call is made with the link that the present subscriber was sent. Grants that owners make cover whole
/// parts of a queue and are none.
fn is_by_subscriber(context: &RequestContext, key: &QueueKey, subscription: &Subscription) -> bool {
    context.grant.as_ref().is_some_and(|grant| {
        grant.paths == [confirm_path(key, subscription)]
            && is_grant_of(&subscription.subscriber, &grant.methods)
    })
}
