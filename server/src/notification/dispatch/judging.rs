//! What follows from an attempt.

use std::time::Duration;

use serde_json::{Map, Value};
use sukkal_storage::{Millis, SetSubscriptionState, Settlement, Subscription, SubscriptionState};
use tokio::time::Instant;

use super::dead_letter::dead_letter;
use super::holding::Held;
use super::letter::{Letter, is_message};
use super::telling::{Attempted, Target};
use super::workplace::{Desk, Workplace};
use crate::notification::{AttemptRecord, Outcome, RetryPolicy};

/// The longest time that a subscriber can ask to be left alone.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// When a message is looked at again that could not be put into its dead-letter queue.
const DEAD_LETTER_PAUSE: Duration = Duration::from_secs(5);

impl Workplace {
    /// What becomes of a delivery after an attempt.
    pub(super) async fn judge(
        &self,
        desk: &Desk,
        letter: &Letter,
        attempted: Attempted,
    ) -> Settlement {
        let Attempted { parcel, told, took, .. } = attempted;
        let (subscription, attempts) = (&*parcel.subscription, parcel.attempt);
        let settlement = match told.outcome {
            Outcome::Delivered => Settlement::Done,
            Outcome::Gone => {
                self.disable(desk, subscription).await;
                Settlement::Done
            }
            Outcome::Refused => self.give_up(desk, letter, subscription, attempts, "refused").await,
            Outcome::Failed { retry_after } => {
                self.retry(desk, letter, subscription, attempts, retry_after).await
            }
        };
        let next_at = match settlement {
            Settlement::Retry { due_at, .. } => Some(due_at),
            Settlement::Done | Settlement::Park { .. } => None,
        };
        let record = AttemptRecord::new(&parcel, &told, took, next_at);
        self.log.add(&desk.queue, subscription.id, record);
        settlement
    }

    /// When a message is sent again of which this many attempts have failed.
    pub(super) async fn retry(
        &self,
        desk: &Desk,
        letter: &Letter,
        subscription: &Subscription,
        attempts: u32,
        retry_after: Option<Duration>,
    ) -> Settlement {
        let Some(pause) = policy(desk, subscription).pause_after(attempts) else {
            return self.give_up(desk, letter, subscription, attempts, "failed too often").await;
        };
        self.meters.retries.increment(1);
        let wanted = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        Settlement::Retry { attempts, due_at: self.after(pause.max(wanted)) }
    }

    /// Whether no attempt is to follow on those that were made.
    pub(super) fn is_exhausted(
        &self,
        desk: &Desk,
        subscription: &Subscription,
        attempts: u32,
    ) -> bool {
        attempts > 0 && policy(desk, subscription).pause_after(attempts).is_none()
    }

    /// When a message is looked at again whose attempt could not begin. Messages that have expired, and whose time
    /// for attempts is over as well, do not wait any longer.
    pub(super) async fn put_off(
        &self,
        desk: &Desk,
        letter: &Letter,
        subscription: &Subscription,
        attempts: u32,
        due_at: Millis,
    ) -> Settlement {
        let now = self.now();
        if letter.message.expires_at <= now {
            let time = policy(desk, subscription).longest_time().as_millis();
            let time = Millis::try_from(time).unwrap_or(Millis::MAX);
            if letter.posted_at.saturating_add(time) <= now {
                return self.give_up(desk, letter, subscription, attempts, "expired").await;
            }
        }
        Settlement::Retry { attempts, due_at }
    }

    /// What becomes of a message whose first attempt is held back until then.
    pub(super) async fn hold(
        &self,
        desk: &Desk,
        letter: &Letter,
        target: &Target,
        until: Instant,
    ) -> Settlement {
        if letter.message.expires_at <= self.now() {
            return self.give_up(desk, letter, &target.subscription, 0, "expired").await;
        }
        match target.hold(until) {
            Held::Probe(at) => Settlement::Retry { attempts: 0, due_at: self.millis(at) },
            Held::Park => Settlement::Park { attempts: 0 },
        }
    }

    /// Puts a message that nobody will be told of into the dead-letter queue of the subscription, if it has one.
    pub(super) async fn give_up(
        &self,
        desk: &Desk,
        letter: &Letter,
        subscription: &Subscription,
        attempts: u32,
        why: &'static str,
    ) -> Settlement {
        if is_message(letter.kind) {
            match dead_letter(&self.placement, &desk.queue, letter, &options(subscription)).await {
                Ok(true) => {
                    self.meters.dead_lettered.increment(1);
                    return Settlement::Done;
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, queue = %desk.queue, "a message cannot be put into its dead-letter queue yet");
                    return Settlement::Retry { attempts, due_at: self.after(DEAD_LETTER_PAUSE) };
                }
            }
        }
        self.meters.given_up.increment(1);
        tracing::info!(
            queue = %desk.queue, subscription = %subscription.id, message = %letter.message.id, attempts, why,
            "a subscriber is not told of a message"
        );
        Settlement::Done
    }

    async fn disable(&self, desk: &Desk, subscription: &Subscription) {
        let (queue, id, now) = (desk.queue.clone(), subscription.id, self.now());
        let command = SetSubscriptionState { queue, id, state: SubscriptionState::Disabled, now };
        match self.store.subscriptions().set_state(command).await {
            Ok(()) => {
                tracing::info!(queue = %desk.queue, subscription = %id, "a subscriber is gone; its subscription is disabled");
            }
            // It says so again when it is told of the next message.
            Err(error) => tracing::debug!(%error, "a subscription is not disabled yet"),
        }
    }
}

fn policy(desk: &Desk, subscription: &Subscription) -> RetryPolicy {
    let own = RetryPolicy::among(&options(subscription));
    RetryPolicy::applying(desk.policy.as_ref(), own.as_ref())
}

fn options(subscription: &Subscription) -> Map<String, Value> {
    crate::json::read(&subscription.options).unwrap_or_default()
}
