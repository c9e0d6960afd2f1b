//! The stored form of entries and deliveries: what the scripts of the outbox read and write.

use bytes::Bytes;
use sukkal_storage::{
    ClientId, Delivery, DeliveryKey, EntryKind, LeaseId, Marker, MessageId, Millis, NewDelivery,
    OutboxEntry, OutboxMessage, QueueKey, Result, StorageError, SubscriptionId,
};

use crate::record::{content, double, integer};
use crate::reply::{Reply, unexpected};

/// The head of an entry: kind, time, number of messages, bytes, subscription, state.
const HEAD: usize = 34;
/// A delivery: state, attempts, lease.
const DELIVERY: usize = 21;
/// Its key: subscription, place, index.
const KEY: usize = 28;
/// What stands before the body of a message: id, expiry, ttl.
const MESSAGE: usize = 32;

/// How a delivery is named in the outbox.
pub(super) fn key(key: &DeliveryKey) -> Vec<u8> {
    [&key.subscription.as_bytes()[..], &double(key.entry), &key.index.to_be_bytes()].concat()
}

/// A delivery as it is kept; no lease holds one that is parked.
pub(super) fn delivery(attempts: u32, is_parked: bool, lease: Option<LeaseId>) -> Vec<u8> {
    let state = if is_parked { b'p' } else { b'w' };
    let lease = lease.filter(|_| !is_parked).unwrap_or_default();
    [&[state], &attempts.to_be_bytes()[..], lease.as_bytes()].concat()
}

/// A new delivery as it is kept.
pub(super) fn new_delivery(new: &NewDelivery) -> Vec<u8> {
    delivery(new.attempts, new.due_at.is_none(), new.lease)
}

/// The head of an entry and, of one that was leased, the last subscription that is done with.
struct Entry {
    kind: u8,
    posted_at: Millis,
    count: usize,
    bytes: usize,
    only: Option<SubscriptionId>,
    after: Option<SubscriptionId>,
}

impl Entry {
    fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() < HEAD {
            return Err(unexpected());
        }
        Ok(Self {
            kind: bytes[0],
            posted_at: integer(bytes, 1),
            count: number(bytes, 9),
            bytes: number(bytes, 13),
            only: id(bytes, 17).filter(|id| !id.is_nil()),
            after: id(bytes, 54).filter(|id| !id.is_nil()),
        })
    }
}

/// Reads the entries of a reply, and how many bytes their bodies have.
///
/// One with a damaged message is reported and left out, so that it stands in nobody's way.
///
/// # Errors
/// What is wrong with an entry, if there is no other.
pub(super) fn entries(queue: &QueueKey, reply: &mut Reply) -> Result<(Vec<OutboxEntry>, usize)> {
    let (mut found, mut size, mut wrong) = (Vec::new(), 0, None);
    while reply.len() > 0 {
        let marker = reply.number()?;
        let head = Entry::read(&reply.bytes()?)?;
        let values = (0..head.count).map(|_| reply.bytes()).collect::<Result<Vec<Bytes>>>()?;
        size += head.bytes;
        match entry(queue, marker, &head, values) {
            Ok(entry) => found.push(entry),
            Err(error) => wrong = Some(reported(queue, marker, error)),
        }
    }
    match wrong {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok((found, size)),
    }
}

fn entry(
    queue: &QueueKey,
    marker: Marker,
    head: &Entry,
    values: Vec<Bytes>,
) -> Result<OutboxEntry> {
    let (first, last) = (marker - head.count as Marker + 1, marker);
    let mut client_id = None;
    let mut messages = Vec::with_capacity(head.count);
    for (value, marker) in values.into_iter().zip(first..) {
        let value = without_head(value, marker == last);
        let (message, client) = message(value, marker)?;
        client_id.get_or_insert(client);
        messages.push(message);
    }
    Ok(OutboxEntry {
        queue: queue.clone(),
        marker,
        kind: EntryKind::from_number(head.kind)?,
        only: head.only,
        posted_at: head.posted_at,
        client_id: client_id.unwrap_or_else(|| "".into()),
        messages,
        after: head.after,
    })
}

/// Reads the deliveries of a reply; one with a damaged message is reported and left out.
///
/// # Errors
/// What is wrong with a delivery, if there is no other.
pub(super) fn deliveries(queue: &QueueKey, reply: &mut Reply) -> Result<Vec<Delivery>> {
    let (mut found, mut wrong) = (Vec::with_capacity(reply.len() / 4), None);
    while reply.len() > 0 {
        let key = read_key(&reply.bytes()?).ok_or_else(unexpected)?;
        let record = reply.bytes()?;
        let head = Entry::read(&reply.bytes()?)?;
        let value = reply.bytes()?;
        if record.len() != DELIVERY {
            return Err(unexpected());
        }
        let marker = key.entry - head.count as Marker + 1 + Marker::from(key.index);
        let value = without_head(value, marker == key.entry);
        match message(value, marker).and_then(|read| Ok((EntryKind::from_number(head.kind)?, read)))
        {
            Err(error) => wrong = Some(reported(queue, key.entry, error)),
            Ok((kind, (message, client_id))) => found.push(Delivery {
                key,
                kind,
                attempts: number(&record, 1) as u32,
                posted_at: head.posted_at,
                client_id,
                message,
            }),
        }
    }
    match wrong {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// A message as it stands in the outbox: before the last one of an entry stands the head.
fn without_head(value: Bytes, is_last: bool) -> Bytes {
    if is_last { value.slice(HEAD.min(value.len())..) } else { value }
}

fn message(value: Bytes, marker: Marker) -> Result<(OutboxMessage, ClientId)> {
    let id = id(&value, 0).unwrap_or_else(MessageId::nil);
    if value.len() < MESSAGE {
        return Err(StorageError::Damaged(id));
    }
    let (expires_at, ttl) = (integer(&value, 16), integer(&value, 24));
    let message = content(id, value.slice(MESSAGE..))?;
    let told = OutboxMessage {
        id,
        marker,
        ttl,
        expires_at,
        delay_until: message.delay_until,
        body: message.body,
        attributes: message.attributes,
    };
    Ok((told, message.client_id))
}

fn reported(queue: &QueueKey, marker: Marker, error: StorageError) -> StorageError {
    tracing::error!(%queue, marker, %error, "an entry of the outbox cannot be read: nobody is told of it");
    error
}

fn read_key(bytes: &[u8]) -> Option<DeliveryKey> {
    let index = number(bytes, 24) as u32;
    let key = DeliveryKey { subscription: id(bytes, 0)?, entry: integer(bytes, 16), index };
    (bytes.len() == KEY).then_some(key)
}

fn id(bytes: &[u8], at: usize) -> Option<SubscriptionId> {
    SubscriptionId::from_slice(bytes.get(at..at + 16)?).ok()
}

fn number(bytes: &[u8], at: usize) -> usize {
    let part = bytes.get(at..at + 4).and_then(|part| part.try_into().ok());
    part.map_or(0, |part| u32::from_be_bytes(part) as usize)
}
