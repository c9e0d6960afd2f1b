//! The outbox: what was posted to queues that have subscriptions, until every subscriber was told.
//!
//! A post to such a queue adds one *entry* in its own atomic unit. Workers lease entries, tell the subscribers, and
//! keep a *delivery* only for a subscriber that could not be told at once. An entry stays as long as a worker has not
//! finished it, a delivery of it is left, or followers may still read it.

use bytes::Bytes;
use uuid::Uuid;

use crate::{
    Attributes, Body, ClientId, Marker, MessageId, Millis, NewMessage, QueueKey, Result,
    StorageError, SubscriptionId,
};

/// How long an entry stays for followers after it was posted, in milliseconds.
pub const KEPT_FOR_FOLLOWERS: Millis = 60_000;

/// Names one lease of entries or deliveries; made by the caller, never nil. What a lease no longer holds, it cannot change.
pub type LeaseId = Uuid;

/// Why something is in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EntryKind {
    /// Messages that were posted: for every subscriber.
    #[default]
    Post = 0,
    /// Messages that one subscriber is sent once more.
    Resend = 1,
    /// A test for one subscriber.
    Test = 2,
    /// Asks one subscriber whether it agrees.
    Confirm = 3,
    /// Tells one subscriber that it no longer agrees, and how to agree again.
    Unsubscribe = 4,
}

impl EntryKind {
    /// The kind stored under this number.
    ///
    /// # Errors
    /// An unknown number is an [`Unavailable`](StorageError::Unavailable): a newer server wrote it.
    pub fn from_number(number: u8) -> Result<Self> {
        match number {
            0 => Ok(Self::Post),
            1 => Ok(Self::Resend),
            2 => Ok(Self::Test),
            3 => Ok(Self::Confirm),
            4 => Ok(Self::Unsubscribe),
            _ => Err(StorageError::unavailable(format!("unknown kind of outbox entry {number}"))),
        }
    }
}

/// A message as it stands in the outbox; what happens to it in its queue meanwhile changes nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The identifier.
    pub id: MessageId,
    /// The place in the queue; places of one entry follow each other.
    pub marker: Marker,
    /// Lifetime in seconds.
    pub ttl: i64,
    /// When it ends.
    pub expires_at: Millis,
    /// Hidden from lists and claims until then; subscribers are told at once.
    pub delay_until: Option<Millis>,
    /// The body, as it is stored.
    pub body: Body,
    /// Opaque attributes.
    pub attributes: Attributes,
}

/// One post, or something for one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The place of its last message: what names the entry in its queue.
    pub marker: Marker,
    /// Why it is there.
    pub kind: EntryKind,
    /// The one subscription it is for; absent for a post.
    pub only: Option<SubscriptionId>,
    /// When it was posted.
    pub posted_at: Millis,
    /// Who posted it.
    pub client_id: ClientId,
    /// The messages, in order.
    pub messages: Vec<OutboxMessage>,
    /// The last subscription an earlier lease is done with: a worker goes on behind it. Followers do not look at it.
    pub after: Option<SubscriptionId>,
}

/// Names a delivery: one message for one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryKey {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The entry.
    pub entry: Marker,
    /// Which message of the entry, from 0.
    pub index: u32,
}

/// A delivery to be kept, because the subscriber could not be told at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Which one.
    pub key: DeliveryKey,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it is due; absent if it waits for [`resume`](crate::OutboxStore::resume).
    pub due_at: Option<Millis>,
    /// The lease that holds it until it is due, if an attempt is under way.
    pub lease: Option<LeaseId>,
}

/// A delivery that is due, under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which one.
    pub key: DeliveryKey,
    /// Why its entry is there.
    pub kind: EntryKind,
    /// How many attempts were made.
    pub attempts: u32,
    /// When its entry was posted.
    pub posted_at: Millis,
    /// Who posted it.
    pub client_id: ClientId,
    /// The message.
    pub message: OutboxMessage,
}

/// Asks which queues have work.
#[derive(Clone, Debug)]
pub struct ReadyQueues {
    /// At most this many.
    pub limit: usize,
    /// The time of the call.
    pub now: Millis,
}

/// Leases work of one queue.
#[derive(Clone, Debug)]
pub struct LeaseWork {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The lease, new for each call.
    pub lease: LeaseId,
    /// At most this many.
    pub limit: usize,
    /// Stops behind the first that reaches so many bytes of bodies altogether.
    pub max_bytes: usize,
    /// When the lease ends: others may lease what is left then.
    pub until: Millis,
    /// The time of the call.
    pub now: Millis,
}

/// What becomes of a leased entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryProgress {
    /// The lease goes on until then, and what lies up to this subscription is done.
    Continue {
        /// The last subscription that is done with.
        after: Option<SubscriptionId>,
        /// When the lease ends.
        until: Millis,
    },
    /// The lease ends now, and what lies up to this subscription is done.
    Release {
        /// The last subscription that is done with.
        after: Option<SubscriptionId>,
    },
    /// Every subscriber was told or has a delivery.
    Finish,
}

/// One step of a worker with one leased entry.
#[derive(Clone, Debug)]
pub struct EntryStep {
    /// The entry.
    pub entry: Marker,
    /// Deliveries to be kept, each of a message of this entry; one that is kept already stays as it is.
    pub deliveries: Vec<NewDelivery>,
    /// What becomes of the entry.
    pub progress: EntryProgress,
}

/// Notes how far a worker has come with leased entries of one queue.
#[derive(Clone, Debug)]
pub struct AdvanceEntries {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The lease.
    pub lease: LeaseId,
    /// The steps, each of another entry.
    pub steps: Vec<EntryStep>,
    /// The time of the call.
    pub now: Millis,
}

/// What becomes of a leased delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is over: the subscriber was told, or never will be.
    Done,
    /// It is tried again.
    Retry {
        /// How many attempts were made.
        attempts: u32,
        /// When it is due.
        due_at: Millis,
    },
    /// It waits for [`resume`](crate::OutboxStore::resume).
    Park {
        /// How many attempts were made.
        attempts: u32,
    },
}

/// Ends the lease of deliveries of one queue.
#[derive(Clone, Debug)]
pub struct SettleDeliveries {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The lease.
    pub lease: LeaseId,
    /// What becomes of each.
    pub deliveries: Vec<(DeliveryKey, Settlement)>,
    /// The time of the call.
    pub now: Millis,
}

/// Makes deliveries due that wait for their subscription.
#[derive(Clone, Debug)]
pub struct ResumeDeliveries {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// At most this many, at least 1.
    pub limit: usize,
    /// The time of the call.
    pub now: Millis,
}

/// Adds an entry for one subscription.
#[derive(Clone, Debug)]
pub struct EnqueueEntry {
    /// The queue or topic; it need not exist.
    pub queue: QueueKey,
    /// The subscription.
    pub only: SubscriptionId,
    /// Why; not [`Post`](EntryKind::Post).
    pub kind: EntryKind,
    /// The messages, at least one; they are not stored in the queue.
    pub messages: Vec<NewMessage>,
    /// Who asks for it.
    pub client_id: ClientId,
    /// The time of the call.
    pub now: Millis,
}

/// Reads entries as followers see them.
#[derive(Clone, Debug)]
pub struct ReadEntries {
    /// The queue or topic.
    pub queue: QueueKey,
    /// Only entries whose marker is greater.
    pub after: Marker,
    /// At most this many, at least 1.
    pub limit: usize,
    /// Stops behind the first that reaches so many bytes of bodies altogether.
    pub max_bytes: usize,
    /// The time of the call.
    pub now: Millis,
}

/// What waits in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// When the oldest entry was posted that nobody has finished.
    pub oldest_entry: Option<Millis>,
    /// When the first delivery is, or was, due; one under a lease is due when the lease ends.
    pub next_delivery: Option<Millis>,
}

/// One attempt to tell a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// What happened, encoded by the caller.
    pub record: Bytes,
}

/// Adds attempts to the logs of subscriptions of one queue.
#[derive(Clone, Debug)]
pub struct LogAttempts {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
    /// The log of a subscription keeps this many, the newest.
    pub keep: usize,
}

/// Reads the log of a subscription.
#[derive(Clone, Debug)]
pub struct ListAttempts {
    /// The queue or topic.
    pub queue: QueueKey,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// At most this many, at least 1.
    pub limit: usize,
}
