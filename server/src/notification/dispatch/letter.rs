//! A message of the outbox, made ready to be told.

use std::sync::Arc;

use sukkal_storage::{
    BodyFormat, ClientId, Delivery, EntryKind, Millis, OutboxEntry, OutboxMessage, QueueKey,
    Subscription,
};
use uuid::Uuid;

use crate::encryption::KeyRing;
use crate::notification::{Parcel, ParcelMessage};

/// A message with what all its subscribers are told.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) kind: EntryKind,
    pub(super) posted_at: Millis,
    pub(super) client_id: ClientId,
    /// The message as it is stored.
    pub(super) message: OutboxMessage,
    /// What is told of it, unless it cannot be read.
    shown: Option<ParcelMessage>,
}

impl Letter {
    /// The messages of an entry, in order.
    pub(super) fn of_entry(keys: &KeyRing, entry: OutboxEntry) -> Vec<Self> {
        let OutboxEntry { queue, kind, posted_at, client_id, messages, .. } = entry;
        messages
            .into_iter()
            .map(|message| {
                let shown = show(keys, &queue, &message, posted_at);
                Self { kind, posted_at, client_id: Arc::clone(&client_id), message, shown }
            })
            .collect()
    }

    /// The message of a delivery.
    pub(super) fn of_delivery(keys: &KeyRing, queue: &QueueKey, delivery: Delivery) -> Self {
        let Delivery { kind, posted_at, client_id, message, .. } = delivery;
        let shown = show(keys, queue, &message, posted_at);
        Self { kind, posted_at, client_id, message, shown }
    }

    /// What a subscriber is told with this attempt, from 1; `None` if the message cannot be read.
    pub(super) fn parcel(
        &self,
        queue: &QueueKey,
        subscription: &Arc<Subscription>,
        attempt: u32,
        now: Millis,
    ) -> Option<Parcel> {
        Some(Parcel {
            queue: queue.clone(),
            subscription: Arc::clone(subscription),
            kind: self.kind,
            message: self.shown.clone()?,
            delivery_id: Uuid::new_v5(&subscription.id, self.message.id.as_bytes()),
            attempt,
            now,
        })
    }
}

/// Whether an entry of this kind brings messages of the queue, and not something for the subscriber itself.
pub(super) fn is_message(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Post | EntryKind::Resend)
}

fn show(
    keys: &KeyRing,
    queue: &QueueKey,
    message: &OutboxMessage,
    posted_at: Millis,
) -> Option<ParcelMessage> {
    let body = match message.body.format {
        BodyFormat::Json => message.body.bytes.clone(),
        BodyFormat::Encrypted => match keys.open_sealed(queue, message.id, &message.body.bytes) {
            Ok(plain) => plain.body,
            Err(why) => {
                metrics::counter!("sukkal_unreadable_messages_total").increment(1);
                tracing::error!(id = %message.id, %why, "subscribers cannot be told of an encrypted message yet");
                return None;
            }
        },
        BodyFormat::Binary => {
            tracing::error!(id = %message.id, "subscribers cannot be told of a message that is not JSON");
            return None;
        }
    };
    let delay = message.delay_until.map(|until| until.saturating_sub(posted_at) / 1000);
    Some(ParcelMessage { id: message.id, ttl: message.ttl, delay, posted_at, body })
}
