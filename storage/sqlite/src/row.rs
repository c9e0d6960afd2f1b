//! Messages as rows.

use std::sync::Arc;

use bytes::Bytes;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sukkal_storage::{
    Body, BodyFormat, ClaimMark, Kind, Message, Millis, QueueKey, Result, StorageError,
};
use uuid::Uuid;

/// The types of the columns of [`columns`].
pub(crate) type MessageColumns = (
    BigInt,
    BigInt,
    Binary,
    BigInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Binary,
    BigInt,
    BigInt,
    Nullable<Text>,
    Binary,
    Binary,
    BigInt,
    Nullable<Binary>,
    Nullable<BigInt>,
);

/// A row of [`columns`].
pub(crate) type MessageRow = (
    i64,
    i64,
    Vec<u8>,
    i64,
    i64,
    i64,
    Option<i64>,
    Vec<u8>,
    i64,
    i64,
    Option<String>,
    Vec<u8>,
    Vec<u8>,
    i64,
    Option<Vec<u8>>,
    Option<i64>,
);

/// What is selected of a message `m`, followed by the id and the end of its claim.
macro_rules! columns {
    () => {
        "m.seq, m.marker, m.id, m.ttl, m.created_at, m.expires_at, m.delay_until, m.client, \
         m.format, m.crc, m.checksum, m.attributes, m.body, m.claim_count"
    };
}
pub(crate) use columns;

/// A message with the number of its row.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) seq: i64,
    pub(crate) message: Message,
}

/// Reads a row, checks the message against its checksum, and leaves out a claim that has ended.
///
/// # Errors
/// `Damaged` for a message that is not what was stored.
pub(crate) fn stored(row: MessageRow, now: Millis) -> Result<Stored> {
    let claim = row.14.as_deref().zip(row.15).filter(|(_, expires_at)| *expires_at > now);
    let claim = match claim {
        Some((id, expires_at)) => Some(ClaimMark { id: uuid(id)?, expires_at }),
        None => None,
    };
    let message = Message {
        id: uuid(&row.2)?,
        marker: row.1,
        ttl: row.3,
        created_at: row.4,
        expires_at: row.5,
        delay_until: row.6,
        client_id: text(&row.7)?,
        body: Body { format: format(row.8)?, bytes: Bytes::from(row.12) },
        checksum: row.10,
        claim,
        claim_count: row.13,
        attributes: Bytes::from(row.11),
    };
    verify(&message, row.9)?;
    Ok(Stored { seq: row.0, message })
}

/// Reads rows until one is damaged.
pub(crate) fn all_stored(rows: Vec<MessageRow>, now: Millis) -> Result<Vec<Stored>> {
    rows.into_iter().map(|row| stored(row, now)).collect()
}

/// Leaves the row numbers out.
pub(crate) fn messages(stored: Vec<Stored>) -> Vec<Message> {
    stored.into_iter().map(|each| each.message).collect()
}

/// Compares a message with the checksum that was stored beside it.
pub(crate) fn verify(message: &Message, crc: i64) -> Result<()> {
    match u32::try_from(crc) {
        Ok(crc) => message.body.verify(&message.attributes, crc, message.id),
        Err(_) => Err(StorageError::Damaged(message.id)),
    }
}

/// Reads an id.
pub(crate) fn uuid(bytes: &[u8]) -> Result<Uuid> {
    Uuid::from_slice(bytes).map_err(|_| StorageError::unavailable("a stored id is damaged"))
}

/// Reads a name.
pub(crate) fn text(bytes: &[u8]) -> Result<Arc<str>> {
    std::str::from_utf8(bytes)
        .map(Arc::from)
        .map_err(|_| StorageError::unavailable("a stored name is damaged"))
}

/// Reads the key of a queue or topic.
pub(crate) fn queue_key((project, kind, name): (&[u8], i64, &[u8])) -> Result<QueueKey> {
    let kind = Kind::from_number(kind)
        .ok_or_else(|| StorageError::unavailable(format!("unknown kind {kind}")))?;
    Ok(QueueKey { project: text(project)?, kind, name: text(name)? })
}

/// Reads a body format.
pub(crate) fn format(number: i64) -> Result<BodyFormat> {
    let number = u8::try_from(number)
        .map_err(|_| StorageError::unavailable(format!("unknown body format {number}")))?;
    BodyFormat::from_number(number)
}

/// The time that lies so many seconds after another.
pub(crate) fn later(now: Millis, seconds: i64) -> Millis {
    now.saturating_add(seconds.saturating_mul(1000))
}
