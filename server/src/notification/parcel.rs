//! One message on its way to one subscriber, and who carries it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sukkal_storage::{EntryKind, MessageId, Millis, QueueKey, Subscription};
use uuid::Uuid;

/// Room for everything in a document but message and name.
const REST: usize = 96;

/// A message for a subscriber. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The queue or topic it comes from.
    pub queue: QueueKey,
    /// Who is told, and how.
    pub subscription: Arc<Subscription>,
    /// Why.
    pub kind: EntryKind,
    /// The message.
    pub message: ParcelMessage,
    /// The same for every attempt to tell this subscriber of this message.
    pub delivery_id: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The time of the attempt.
    pub now: Millis,
}

impl Parcel {
    /// The message as subscribers know it: the text of a JSON object.
    pub fn document(&self) -> Vec<u8> {
        let ParcelMessage { ttl, delay, body, .. } = &self.message;
        let mut text = Vec::with_capacity(body.len() + self.queue.name.len() + REST);
        text.extend_from_slice(format!("{{\"ttl\":{ttl},\"body\":").as_bytes());
        text.extend_from_slice(body);
        if let Some(delay) = delay {
            text.extend_from_slice(format!(",\"delay\":{delay}").as_bytes());
        }
        let name = serde_json::Value::from(&*self.queue.name);
        let end = format!(",\"Message_Type\":\"Notification\",\"queue_name\":{name}}}");
        text.extend_from_slice(end.as_bytes());
        text
    }
}

/// What a subscriber learns of a message.
#[derive(Clone, Debug)]
pub struct ParcelMessage {
    /// The identifier.
    pub id: MessageId,
    /// Lifetime in seconds.
    pub ttl: i64,
    /// For how many seconds it is hidden in its queue, if it is.
    pub delay: Option<i64>,
    /// When it was posted.
    pub posted_at: Millis,
    /// The body: JSON text, never encrypted.
    pub body: Bytes,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The subscriber was told.
    Delivered,
    /// It may be told later, but not before this has passed.
    Failed {
        /// What the subscriber asked for, if it did.
        retry_after: Option<Duration>,
    },
    /// It does not want this message: nobody tries again.
    Refused,
    /// It wants no message any more.
    Gone,
}

/// What an attempt found.
#[derive(Clone, Debug)]
pub struct Told {
    /// How it ended.
    pub outcome: Outcome,
    /// The status the subscriber answered with, if it speaks in numbers.
    pub status: Option<u16>,
    /// What happened, in few words and without secrets.
    pub detail: String,
}

/// Tells subscribers of some URI schemes. It keeps to its own time limit.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Makes one attempt.
    async fn carry(&self, parcel: &Parcel) -> Told;

    /// How long an attempt takes at most; one that takes longer is cut off and has failed.
    fn longest(&self) -> Duration {
        Duration::from_secs(60)
    }
}
