//! The stored form of messages.
//!
//! A message is two values: a small *record* that commands change (state, place, expiry, ttl, count,
//! claim), and a *body* that never changes (times, client, attributes, bytes, checksum).

use bytes::{Buf, Bytes};
use sukkal_storage::{
    Body, BodyFormat, ClaimId, ClaimMark, Kind, Marker, Message, MessageId, Millis, QueueKey,
    Result, StorageError,
};

use crate::script::Call;

/// Integers of scripts are doubles: beyond this they are not exact.
const LIMIT: i64 = (1 << 53) - 1;
const VERSION: u8 = 1;
const NOTHING: u32 = u32::MAX;
const NEVER: Millis = Millis::MIN;
const RECORD: usize = 33;
const CLAIMED_RECORD: usize = RECORD + 24;

/// The time that lies so many seconds after another, no later than scripts can count.
pub(crate) fn later(now: Millis, seconds: i64) -> Millis {
    now.saturating_add(seconds.saturating_mul(1000)).clamp(-LIMIT, LIMIT)
}

/// A lifetime as scripts can count it.
pub(crate) fn countable(seconds: i64) -> i64 {
    seconds.clamp(-LIMIT, LIMIT)
}

/// A message on its way into a queue.
pub(crate) struct Incoming<'a> {
    pub(crate) id: MessageId,
    pub(crate) ttl: i64,
    pub(crate) created_at: Millis,
    pub(crate) expires_at: Millis,
    pub(crate) delay_until: Option<Millis>,
    pub(crate) body: &'a Body,
    pub(crate) checksum: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) attributes: &'a Bytes,
}

impl Incoming<'_> {
    /// About how many bytes the arguments of the message take.
    pub(crate) fn size(&self) -> usize {
        128 + self.client_id.len() + self.attributes.len() + self.body.bytes.len()
    }

    /// Adds the message to a call: id, expiry, due time, tail of the record, body.
    pub(crate) fn write(&self, call: &mut Call, now: Millis) {
        call.raw(self.id.as_bytes()).number(self.expires_at);
        match self.delay_until {
            Some(until) if until > now => call.number(until.min(LIMIT)),
            _ => call.raw(b""),
        };
        call.parts(&[&double(self.expires_at), &double(countable(self.ttl)), &double(0)]);
        self.write_body(call, &[]);
    }

    /// Adds the message to a call as it stands in the outbox: id, expiry, ttl, body.
    pub(crate) fn write_entry(&self, call: &mut Call) {
        let (id, ends) = (self.id.into_bytes(), double(self.expires_at));
        let head = [&id[..], &ends, &double(countable(self.ttl))].concat();
        self.write_body(call, &head);
    }

    fn write_body(&self, call: &mut Call, head: &[u8]) {
        call.parts(&[
            head,
            &[VERSION],
            &self.created_at.to_be_bytes(),
            &self.delay_until.unwrap_or(NEVER).to_be_bytes(),
            &[self.body.format as u8],
            &self.body.checksum(self.attributes).to_be_bytes(),
            &length(self.client_id.len()),
            self.client_id.as_bytes(),
            &self.checksum.map_or(NOTHING.to_be_bytes(), |text| length(text.len())),
            self.checksum.unwrap_or_default().as_bytes(),
            &length(self.attributes.len()),
            self.attributes,
            &self.body.bytes,
        ]);
    }
}

/// How a client id stands in a body, so that scripts can compare it.
pub(crate) fn client_prefix(client_id: &str) -> Vec<u8> {
    [&length(client_id.len())[..], client_id.as_bytes()].concat()
}

/// When the message of a body was posted, from the head of the body.
pub(crate) fn created_at(head: &[u8]) -> Option<Millis> {
    Some(Millis::from_be_bytes(head.get(1..9)?.try_into().ok()?))
}

/// Puts a message together as a caller sees it at this time; `None` if it has ended.
pub(crate) fn message(
    id: MessageId,
    record: &[u8],
    body: Bytes,
    now: Millis,
) -> Result<Option<Message>> {
    let damaged = || StorageError::Damaged(id);
    if record.len() < RECORD {
        return Err(damaged());
    }
    let expires_at = integer(record, 9);
    if expires_at <= now {
        return Ok(None);
    }
    let mut message = content(id, body)?;
    message.marker = integer(record, 1) as Marker;
    message.expires_at = expires_at;
    message.ttl = integer(record, 17);
    message.claim_count = integer(record, 25);
    if record[0] == b'c' {
        let claim = record.get(RECORD + 8..CLAIMED_RECORD).ok_or_else(damaged)?;
        let id = ClaimId::from_slice(claim).map_err(|_| damaged())?;
        let expires_at = integer(record, RECORD);
        message.claim = (expires_at > now).then_some(ClaimMark { id, expires_at });
    }
    Ok(Some(message))
}

/// When a claim was created or last updated, and its ttl, from its record; zeros from none.
pub(crate) fn claim_head(record: &[u8]) -> (Millis, i64) {
    (integer(record, 0), integer(record, 8))
}

/// A message as it waits in the transfer set: expiry, ttl, target, body.
pub(crate) fn transfer(id: MessageId, mut value: Bytes) -> Result<(QueueKey, Message)> {
    let damaged = || StorageError::Damaged(id);
    if value.len() < 16 {
        return Err(damaged());
    }
    let (expires_at, ttl) = (integer(&value, 0), integer(&value, 8));
    value.advance(16);
    let target = read_target(&mut value).ok_or_else(damaged)?;
    let message = Message { expires_at, ttl, delay_until: None, ..content(id, value)? };
    Ok((target, message))
}

/// The target of a transfer as it stands before the body; a topic has a mark before its project.
pub(crate) fn target(queue: &QueueKey) -> Vec<u8> {
    let mark = match queue.kind {
        Kind::Queue => Vec::new(),
        Kind::Topic => NOTHING.to_be_bytes().to_vec(),
    };
    [mark, client_prefix(&queue.project), client_prefix(&queue.name)].concat()
}

fn read_target(bytes: &mut Bytes) -> Option<QueueKey> {
    match text(bytes)? {
        Some(project) => Some(QueueKey::new(project, text(bytes)??)),
        None => Some(QueueKey::topic(text(bytes)??, text(bytes)??)),
    }
}

/// The part of a message that never changes, verified.
pub(crate) fn content(id: MessageId, body: Bytes) -> Result<Message> {
    let (mut message, stored, number) = parse(id, body).ok_or(StorageError::Damaged(id))?;
    message.body.format = BodyFormat::from_number(number)?;
    message.body.verify(&message.attributes, stored, id)?;
    Ok(message)
}

fn parse(id: MessageId, mut body: Bytes) -> Option<(Message, u32, u8)> {
    if body.len() < 22 || body[0] != VERSION {
        return None;
    }
    body.advance(1);
    let created_at = body.get_i64();
    let delay_until = Some(body.get_i64()).filter(|until| *until != NEVER);
    let format = body.get_u8();
    let stored = body.get_u32();
    let client_id = text(&mut body)??.into();
    let checksum = text(&mut body)?;
    let attributes = part(&mut body)??;
    let message = Message {
        id,
        marker: 0,
        ttl: 0,
        created_at,
        expires_at: 0,
        delay_until,
        body: Body { format: BodyFormat::Binary, bytes: body },
        checksum,
        client_id,
        claim: None,
        claim_count: 0,
        attributes,
    };
    Some((message, stored, format))
}

/// Takes a part with its length before it; the outer `None` means the bytes end early.
fn part(bytes: &mut Bytes) -> Option<Option<Bytes>> {
    let length = bytes.try_get_u32().ok()?;
    if length == NOTHING {
        return Some(None);
    }
    let length = length as usize;
    (bytes.len() >= length).then(|| Some(bytes.split_to(length)))
}

fn text(bytes: &mut Bytes) -> Option<Option<String>> {
    match part(bytes)? {
        None => Some(None),
        Some(part) => String::from_utf8(part.into()).ok().map(Some),
    }
}

/// A length before a part; what is longer than 4 GiB never comes this far.
pub(crate) fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(NOTHING - 1).to_be_bytes()
}

/// A number as scripts read it, no larger than they can count.
pub(crate) fn double(number: i64) -> [u8; 8] {
    (countable(number) as f64).to_be_bytes()
}

/// A number that a script wrote, in its place of a record.
pub(crate) fn integer(bytes: &[u8], at: usize) -> i64 {
    let part = bytes.get(at..at + 8).and_then(|part| part.try_into().ok());
    part.map_or(0, |part| f64::from_be_bytes(part) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(body: &Body, attributes: &Bytes) -> Bytes {
        let incoming = Incoming {
            id: MessageId::from_u128(7),
            ttl: 60,
            created_at: 1000,
            expires_at: 61_000,
            delay_until: None,
            body,
            checksum: Some("md5:x"),
            client_id: "client",
            attributes,
        };
        let mut call = Call { cmd: redis::Cmd::new() };
        incoming.write(&mut call, 1000);
        let args: Vec<_> = call.cmd.args_iter().collect();
        match args.last() {
            Some(redis::Arg::Simple(bytes)) => Bytes::copy_from_slice(bytes),
            _ => Bytes::new(),
        }
    }

    #[test]
    fn a_body_comes_back_as_it_was() {
        let body = Body { format: BodyFormat::Binary, bytes: Bytes::from_static(b"\0\xff\r\n{}") };
        let attributes = Bytes::from_static(b"\x01\x02");

        let message = content(MessageId::from_u128(7), encoded(&body, &attributes)).unwrap();

        assert_eq!((message.body, message.attributes), (body, attributes));
        assert_eq!((&*message.client_id, message.checksum.as_deref()), ("client", Some("md5:x")));
        assert_eq!((message.created_at, message.delay_until), (1000, None));
    }

    #[test]
    fn the_target_of_a_transfer_comes_back_as_it_was() {
        for queue in [QueueKey::new("p", "q"), QueueKey::topic("p", "q"), QueueKey::new("", "")] {
            let mut bytes = Bytes::from([target(&queue), b"body".to_vec()].concat());

            assert_eq!(read_target(&mut bytes), Some(queue));
            assert_eq!(&bytes[..], b"body");
        }
    }

    #[test]
    fn every_cut_and_every_changed_byte_of_body_and_attributes_is_damage() {
        let body = Body::json(&b"{\"a\":1}"[..]);
        let whole = encoded(&body, &Bytes::from_static(b"attributes"));
        let id = MessageId::from_u128(7);
        let protected = whole.len() - body.bytes.len() - "attributes".len();

        for cut in 0..whole.len() {
            assert!(content(id, whole.slice(..cut)).is_err(), "cut at {cut}");
        }
        for at in protected..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 1;
            assert!(matches!(content(id, bytes.into()), Err(StorageError::Damaged(_))), "at {at}");
        }
    }
}
