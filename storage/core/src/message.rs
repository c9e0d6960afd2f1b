//! Messages and the commands on them.

use bytes::Bytes;

use crate::{
    ClaimId, ClientId, Generation, Marker, MessageId, Millis, QueueKey, Result, StorageError,
};

/// How the bytes of a body are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BodyFormat {
    /// Checked JSON text, as the client sent it.
    Json = 0,
    /// Encrypted by the server; opaque to the store.
    Encrypted = 1,
    /// Opaque bytes.
    Binary = 2,
}

impl BodyFormat {
    /// The format stored under this number.
    ///
    /// # Errors
    /// An unknown number is an [`Unavailable`](StorageError::Unavailable): a newer server wrote it.
    pub fn from_number(number: u8) -> Result<Self> {
        match number {
            0 => Ok(Self::Json),
            1 => Ok(Self::Encrypted),
            2 => Ok(Self::Binary),
            _ => Err(StorageError::unavailable(format!("unknown body format {number}"))),
        }
    }
}

/// The body of a message: bytes and how to read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// How the bytes are to be read.
    pub format: BodyFormat,
    /// The bytes, exactly as given to the store.
    pub bytes: Bytes,
}

impl Body {
    /// A body of JSON text.
    pub fn json(bytes: impl Into<Bytes>) -> Self {
        Self { format: BodyFormat::Json, bytes: bytes.into() }
    }

    /// The CRC-32C that is stored beside the body: over the format byte, the bytes, and the attributes.
    pub fn checksum(&self, attributes: &Attributes) -> u32 {
        let head = crc32c::crc32c(&[self.format as u8]);
        crc32c::crc32c_append(crc32c::crc32c_append(head, &self.bytes), attributes)
    }

    /// Compares what was read with the CRC-32C stored beside it.
    ///
    /// # Errors
    /// [`Damaged`](StorageError::Damaged) when they differ.
    pub fn verify(&self, attributes: &Attributes, stored: u32, id: MessageId) -> Result<()> {
        if self.checksum(attributes) == stored { Ok(()) } else { Err(StorageError::Damaged(id)) }
    }
}

/// An opaque, encoded map that travels with a message; empty when there is none.
pub type Attributes = Bytes;

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Made by the caller; a repeated id in the same queue is stored once.
    pub id: MessageId,
    /// Lifetime in seconds, counted from `now` of the command.
    pub ttl: i64,
    /// Hidden from lists and claims until then.
    pub delay_until: Option<Millis>,
    /// The body.
    pub body: Body,
    /// A checksum text that readers see, if the service computes one.
    pub checksum: Option<String>,
    /// Opaque attributes.
    pub attributes: Attributes,
}

/// Stores messages at the end of a queue.
#[derive(Clone, Debug)]
pub struct Post {
    /// The queue.
    pub queue: QueueKey,
    /// The generation the caller believes in.
    pub generation: Generation,
    /// The messages, in order.
    pub messages: Vec<NewMessage>,
    /// Who posts.
    pub client_id: ClientId,
    /// Names a post that may be repeated; drivers store it nowhere until the extension that uses it.
    pub idempotency_key: Option<String>,
    /// The time of the post.
    pub now: Millis,
}

/// What a post did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// Whether it added an entry to the outbox.
    pub in_outbox: bool,
}

/// The claim that holds a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimMark {
    /// The claim.
    pub id: ClaimId,
    /// When it ends: it has ended when `now` has reached this.
    pub expires_at: Millis,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The identifier.
    pub id: MessageId,
    /// The place in the queue.
    pub marker: Marker,
    /// Lifetime in seconds, as last set.
    pub ttl: i64,
    /// When it was posted.
    pub created_at: Millis,
    /// When it ends: it has expired when `now` has reached this.
    pub expires_at: Millis,
    /// Hidden until then, if that is still in the future.
    pub delay_until: Option<Millis>,
    /// The body.
    pub body: Body,
    /// The checksum text given when it was posted.
    pub checksum: Option<String>,
    /// Who posted it.
    pub client_id: ClientId,
    /// The live claim that holds it at the time of the call.
    pub claim: Option<ClaimMark>,
    /// How often it was claimed while its queue had a dead-letter rule.
    pub claim_count: i64,
    /// Opaque attributes.
    pub attributes: Attributes,
}

/// Where a list continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// After this place.
    Marker(Marker),
    /// After the message with this id; an empty page if the queue does not have it.
    Message(MessageId),
}

/// Reads a page of messages.
#[derive(Clone, Debug)]
pub struct ListMessages {
    /// The queue.
    pub queue: QueueKey,
    /// Where to continue; from the beginning if absent.
    pub after: Option<After>,
    /// At most this many messages, at least 1.
    pub limit: usize,
    /// Also messages held by a live claim.
    pub include_claimed: bool,
    /// Also messages whose delay has not passed.
    pub include_delayed: bool,
    /// Not the messages of this client.
    pub exclude_client: Option<ClientId>,
    /// The time of the call.
    pub now: Millis,
}

/// Reads messages by id.
#[derive(Clone, Debug)]
pub struct GetMessages {
    /// The queue.
    pub queue: QueueKey,
    /// The ids.
    pub ids: Vec<MessageId>,
    /// The time of the call.
    pub now: Millis,
}

/// Deletes one message under the rules of claims.
#[derive(Clone, Debug)]
pub struct DeleteMessage {
    /// The queue.
    pub queue: QueueKey,
    /// The message.
    pub id: MessageId,
    /// The claim the caller holds.
    pub claim_id: Option<ClaimId>,
    /// The time of the call.
    pub now: Millis,
}

/// Deletes messages by id.
#[derive(Clone, Debug)]
pub struct DeleteMessages {
    /// The queue.
    pub queue: QueueKey,
    /// The messages.
    pub ids: Vec<MessageId>,
    /// When given, each of the messages that exists must be held by one of these claims.
    pub claim_ids: Option<Vec<ClaimId>>,
    /// The time of the call.
    pub now: Millis,
}

/// Removes and returns the oldest free messages.
#[derive(Clone, Debug)]
pub struct PopMessages {
    /// The queue.
    pub queue: QueueKey,
    /// At most this many.
    pub limit: usize,
    /// The time of the call.
    pub now: Millis,
}

/// Removes one step of the unclaimed messages of a queue.
#[derive(Clone, Debug)]
pub struct PurgeMessages {
    /// The queue.
    pub queue: QueueKey,
    /// At most this many messages in this step.
    pub limit: usize,
    /// Only messages up to this place: what the first step returned. Absent in the first step.
    pub up_to: Option<Marker>,
    /// The time of the call.
    pub now: Millis,
}

/// What one purge step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// The newest place when the purge began; give it to the next step.
    pub up_to: Marker,
    /// Whether another step is needed.
    pub more: bool,
}

/// Asks for the statistics of a queue.
#[derive(Clone, Debug)]
pub struct StatsQuery {
    /// The queue.
    pub queue: QueueKey,
    /// The time of the call.
    pub now: Millis,
}

/// Which message, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageStamp {
    /// The message.
    pub id: MessageId,
    /// When it was posted.
    pub created_at: Millis,
}

/// Counts of the messages that have not expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Held by a live claim.
    pub claimed: u64,
    /// All the others, delayed ones included.
    pub free: u64,
    /// The lowest place, whatever its state.
    pub oldest: Option<MessageStamp>,
    /// The highest place, whatever its state.
    pub newest: Option<MessageStamp>,
}
