//! The stored form of the messages of an outbox entry, for drivers that keep them as one value.
//!
//! A list is its records one after the other, so that whoever stores an entry may put records together, or leave some
//! out, without reading them. A record is, numbers in big endian:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version |
//! | 8 | length of what follows the checksum |
//! | 4 | CRC-32C of all other bytes of the record |
//! | 16 | id |
//! | 8 | ttl |
//! | 8 | expires_at |
//! | 1 + 8 | whether there is a delay, and delay_until |
//! | 1 | format of the body |
//! | 8 | length of the attributes |
//! | | attributes, body |
//!
//! Places are not stored: a store gives them while it stores the entry.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{Body, BodyFormat, Marker, MessageId, OutboxMessage, StorageError};

const VERSION: u8 = 1;
/// What stands before the checksum, and the checksum.
const HEAD: usize = 9 + 4;
/// What stands between the checksum and the attributes.
const FIXED: usize = 16 + 8 + 8 + 9 + 1 + 8;

/// Why messages of an outbox entry cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxDamage {
    /// A newer server wrote it.
    #[error("unknown version {0} of a message in the outbox")]
    Version(u8),
    /// The bytes end early.
    #[error("a message in the outbox is cut off")]
    Cut,
    /// The bytes are not those that were stored.
    #[error("a message in the outbox does not match its checksum")]
    Checksum,
    /// A newer server wrote it.
    #[error("unknown body format {0} in the outbox")]
    Format(u8),
    /// There are more or fewer messages than the entry has places.
    #[error("the messages of an outbox entry are not as many as its places")]
    Count,
}

impl From<OutboxDamage> for StorageError {
    fn from(damage: OutboxDamage) -> Self {
        Self::unavailable(damage)
    }
}

/// Puts messages into one value; their places are left out.
pub fn encode_messages<'a>(messages: impl IntoIterator<Item = &'a OutboxMessage>) -> Bytes {
    let mut blob = BytesMut::new();
    for message in messages {
        put(&mut blob, message);
    }
    blob.freeze()
}

/// Reads the messages of an entry whose last place is `last` and that has `count` messages.
///
/// Bodies and attributes share the memory of `blob`.
///
/// # Errors
/// [`OutboxDamage`] if a message is not as it was stored, or there are more or fewer than `count`.
pub fn decode_messages(
    mut blob: Bytes,
    last: Marker,
    count: usize,
) -> Result<Vec<OutboxMessage>, OutboxDamage> {
    let mut messages = Vec::new();
    while !blob.is_empty() && messages.len() < count {
        messages.push(take(&mut blob)?);
    }
    if !blob.is_empty() || messages.len() != count {
        return Err(OutboxDamage::Count);
    }
    for (place, message) in (0..=last).rev().zip(messages.iter_mut().rev()) {
        message.marker = place;
    }
    Ok(messages)
}

/// Reads one message of an entry whose last place is `last` and that has `count` messages, the first is 0; the others
/// are not looked at.
///
/// # Errors
/// [`OutboxDamage`] if the message is not as it was stored, or is not there.
pub fn decode_message(
    mut blob: Bytes,
    last: Marker,
    count: usize,
    index: usize,
) -> Result<OutboxMessage, OutboxDamage> {
    let behind = count.checked_sub(index).and_then(|left| left.checked_sub(1));
    let behind = behind.and_then(|behind| Marker::try_from(behind).ok());
    let marker = behind.and_then(|behind| last.checked_sub(behind)).ok_or(OutboxDamage::Count)?;
    for _ in 0..index {
        let length = length_of(&blob)?;
        blob.advance(length);
    }
    Ok(OutboxMessage { marker, ..take(&mut blob)? })
}

fn put(blob: &mut BytesMut, message: &OutboxMessage) {
    let length = FIXED + message.attributes.len() + message.body.bytes.len();
    blob.reserve(HEAD + length);
    let start = blob.len();
    blob.put_u8(VERSION);
    blob.put_u64(length as u64);
    let crc = blob.len();
    blob.put_u32(0);
    blob.put_slice(message.id.as_bytes());
    blob.put_i64(message.ttl);
    blob.put_i64(message.expires_at);
    blob.put_u8(message.delay_until.is_some().into());
    blob.put_i64(message.delay_until.unwrap_or_default());
    blob.put_u8(message.body.format as u8);
    blob.put_u64(message.attributes.len() as u64);
    blob.put_slice(&message.attributes);
    blob.put_slice(&message.body.bytes);
    let sum = checksum(&blob[start..crc], &blob[crc + 4..]);
    blob[crc..crc + 4].copy_from_slice(&sum.to_be_bytes());
}

fn checksum(head: &[u8], rest: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), rest)
}

/// How long the first record is, head included; it is there as a whole.
fn length_of(blob: &Bytes) -> Result<usize, OutboxDamage> {
    let mut head = &blob[..];
    match head.try_get_u8() {
        Ok(VERSION) => {}
        Ok(other) => return Err(OutboxDamage::Version(other)),
        Err(_) => return Err(OutboxDamage::Cut),
    }
    let length = head.try_get_u64().map_err(|_| OutboxDamage::Cut)?;
    let length = usize::try_from(length).ok().and_then(|length| length.checked_add(HEAD));
    length.filter(|length| *length <= blob.len()).ok_or(OutboxDamage::Cut)
}

/// Takes the first record.
fn take(blob: &mut Bytes) -> Result<OutboxMessage, OutboxDamage> {
    let length = length_of(blob)?;
    let mut record = blob.split_to(length);
    let mut head = record.split_to(HEAD);
    let stored = (&head[9..]).get_u32();
    head.truncate(9);
    if checksum(&head, &record) != stored {
        return Err(OutboxDamage::Checksum);
    }
    parse(record)
}

fn parse(mut record: Bytes) -> Result<OutboxMessage, OutboxDamage> {
    if record.len() < FIXED {
        return Err(OutboxDamage::Cut);
    }
    let id = MessageId::from_u128(record.get_u128());
    let ttl = record.get_i64();
    let expires_at = record.get_i64();
    let is_delayed = record.get_u8() != 0;
    let delay_until = Some(record.get_i64()).filter(|_| is_delayed);
    let number = record.get_u8();
    let format = BodyFormat::from_number(number).map_err(|_| OutboxDamage::Format(number))?;
    let length = usize::try_from(record.get_u64()).map_err(|_| OutboxDamage::Cut)?;
    if record.len() < length {
        return Err(OutboxDamage::Cut);
    }
    let attributes = record.split_to(length);
    let body = Body { format, bytes: record };
    Ok(OutboxMessage { id, marker: 0, ttl, expires_at, delay_until, body, attributes })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn message() -> impl Strategy<Value = OutboxMessage> {
        let format = prop_oneof![
            Just(BodyFormat::Json),
            Just(BodyFormat::Encrypted),
            Just(BodyFormat::Binary)
        ];
        let times = (any::<i64>(), any::<i64>(), any::<Option<i64>>());
        (any::<u128>(), times, format, vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..40)).prop_map(
            |(id, (ttl, expires_at, delay_until), format, attributes, bytes)| OutboxMessage {
                id: MessageId::from_u128(id),
                marker: 0,
                ttl,
                expires_at,
                delay_until,
                body: Body { format, bytes: bytes.into() },
                attributes: attributes.into(),
            },
        )
    }

    fn placed(mut messages: Vec<OutboxMessage>) -> Vec<OutboxMessage> {
        for (marker, message) in (1..).zip(&mut messages) {
            message.marker = marker;
        }
        messages
    }

    fn last(messages: &[OutboxMessage]) -> Marker {
        messages.len() as Marker
    }

    proptest! {
        #[test]
        fn messages_come_back_as_they_were(messages in vec(message(), 0..6).prop_map(placed)) {
            let blob = encode_messages(&messages);

            let read = decode_messages(blob.clone(), last(&messages), messages.len());

            prop_assert_eq!(read.as_ref(), Ok(&messages));
            for (index, message) in messages.iter().enumerate() {
                let read = decode_message(blob.clone(), last(&messages), messages.len(), index);
                prop_assert_eq!(read.as_ref(), Ok(message));
            }
        }

        #[test]
        fn records_put_together_are_a_list(
            messages in vec(message(), 0..6).prop_map(placed)
        ) {
            let parts: Vec<Bytes> = messages.iter().map(|each| encode_messages([each])).collect();

            prop_assert_eq!(parts.concat(), encode_messages(&messages));
        }

        #[test]
        fn what_was_cut_or_changed_is_refused(
            messages in vec(message(), 1..4).prop_map(placed),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let blob = encode_messages(&messages);
            let at = at.index(blob.len());
            let mut changed = blob.to_vec();
            changed[at] ^= 1_u8 << bit;

            let (last, count) = (last(&messages), messages.len());
            prop_assert!(decode_messages(blob.slice(..at), last, count).is_err());
            prop_assert!(decode_messages(changed.into(), last, count).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in vec(any::<u8>(), 0..200),
            last in any::<i64>(),
            count in any::<usize>(),
            index in 0..10_usize,
        ) {
            for head in [&[][..], &[VERSION], &[VERSION, 0, 0, 0, 0, 0, 0, 0]] {
                let blob = Bytes::from([head, &bytes].concat());

                let _ = decode_messages(blob.clone(), last, count);
                let one = decode_message(blob, last, count, index);

                prop_assert!(one.is_err(), "bytes at random match no checksum");
            }
        }

        #[test]
        fn bytes_under_a_right_checksum_are_read_or_refused(rest in vec(any::<u8>(), 0..200)) {
            let mut blob = BytesMut::new();
            blob.put_u8(VERSION);
            blob.put_u64(rest.len() as u64);
            let sum = checksum(&blob, &rest);
            blob.put_u32(sum);
            blob.put_slice(&rest);

            let read = decode_message(blob.freeze(), 1, 1, 0);

            prop_assert!(read.is_err() || rest.len() >= FIXED);
        }
    }

    #[test]
    fn another_number_of_messages_than_places_is_refused() {
        let blob = encode_messages([&OutboxMessage {
            id: MessageId::from_u128(7),
            marker: 0,
            ttl: 60,
            expires_at: 60_000,
            delay_until: None,
            body: Body::json("1"),
            attributes: Bytes::new(),
        }]);

        assert_eq!(decode_messages(blob.clone(), 9, 2), Err(OutboxDamage::Count));
        assert_eq!(decode_messages(blob.clone(), 9, 0), Err(OutboxDamage::Count));
        assert_eq!(decode_message(blob.clone(), 9, 1, 1), Err(OutboxDamage::Count));
        assert_eq!(decode_message(blob, 9, 2, 1), Err(OutboxDamage::Cut));
    }

    #[test]
    fn a_later_version_is_named() {
        assert_eq!(decode_messages(vec![2].into(), 1, 1), Err(OutboxDamage::Version(2)));
    }
}
