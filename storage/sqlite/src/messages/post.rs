//! Putting messages at the end of a queue.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sukkal_storage::{Marker, Message, Millis, NewMessage, Post, Posted, Result, StorageError};

use crate::command::Command;
use crate::error::Failure;
use crate::outbox::entries::{Audience, add_post, audience, copy};
use crate::row::later;
use crate::schema::{DELAYED, FREE};
use crate::session::{Handle, Session};
use crate::statement::statement;

statement! {
    /// Adds a message, unless the log has its id.
    AddMessage<'a> {
        state: i64 => BigInt,
        expires_at: i64 => BigInt,
        ttl: i64 => BigInt,
        log: i64 => BigInt,
        marker: i64 => BigInt,
        id: &'a [u8] => Binary,
        created_at: i64 => BigInt,
        delay_until: Option<i64> => Nullable<BigInt>,
        client: &'a [u8] => Binary,
        format: i64 => BigInt,
        crc: i64 => BigInt,
        checksum: Option<&'a str> => Nullable<Text>,
        attributes: &'a [u8] => Binary,
        body: &'a [u8] => Binary,
    } = "INSERT INTO message (claim, claim_count, state, expires_at, ttl, log, marker, id, \
           created_at, delay_until, client, format, crc, checksum, attributes, body) \
         VALUES (4294967296, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (id, log) DO NOTHING";
}

statement! {
    /// Removes a message with this id if it has expired.
    RemoveExpired<'a> { id: &'a [u8] => Binary, log: i64 => BigInt, now: i64 => BigInt }
        = "DELETE FROM message WHERE seq IN (SELECT seq FROM message INDEXED BY message_id \
           WHERE id = ? AND log = ? AND expires_at <= ?)";
}

/// A post with the checksums of its bodies, which need not be computed by the writer.
pub(crate) struct Checked {
    post: Post,
    checksums: Vec<u32>,
}

impl Checked {
    pub(crate) fn new(post: Post) -> Self {
        let checksum = |message: &NewMessage| message.body.checksum(&message.attributes);
        let checksums = post.messages.iter().map(checksum).collect();
        Self { post, checksums }
    }
}

impl Command for Checked {
    type Output = Posted;

    fn run(&self, session: &mut Session) -> Result<Posted, Failure> {
        let post = &self.post;
        let handle = open(session, &post.queue, post.generation)?;
        let audience = audience(session, handle, post.now);
        let mut copies = Vec::new();
        for (message, crc) in post.messages.iter().zip(&self.checksums) {
            let new = New {
                id: message.id,
                expires_at: later(post.now, message.ttl),
                ttl: message.ttl,
                created_at: post.now,
                delay_until: message.delay_until,
                client: &post.client_id,
                body: &message.body,
                crc: *crc,
                checksum: message.checksum.as_deref(),
                attributes: &message.attributes,
            };
            let place = append(session, handle, &new, post.now)?;
            if let (Some(place), true) = (place, audience != Audience::Nobody) {
                copies.push(copy(message, place, post.now));
            }
        }
        let in_outbox = add_post(session, handle, post, &copies, audience)?;
        Ok(Posted { in_outbox })
    }
}

/// A message to be put at the end of a queue.
pub(crate) struct New<'a> {
    pub(crate) id: uuid::Uuid,
    pub(crate) expires_at: Millis,
    pub(crate) ttl: i64,
    pub(crate) created_at: Millis,
    pub(crate) delay_until: Option<Millis>,
    pub(crate) client: &'a str,
    pub(crate) body: &'a sukkal_storage::Body,
    pub(crate) crc: u32,
    pub(crate) checksum: Option<&'a str>,
    pub(crate) attributes: &'a [u8],
}

impl<'a> New<'a> {
    /// A message that comes from another queue.
    pub(crate) fn moved(message: &'a Message) -> Self {
        Self {
            id: message.id,
            expires_at: message.expires_at,
            ttl: message.ttl,
            created_at: message.created_at,
            delay_until: message.delay_until,
            client: &message.client_id,
            body: &message.body,
            crc: message.body.checksum(&message.attributes),
            checksum: message.checksum.as_deref(),
            attributes: &message.attributes,
        }
    }
}

/// Finds or adds the queue that something is put into.
///
/// # Errors
/// `QueueChanged` for an old generation and for a sealed queue.
pub(crate) fn open(
    session: &mut Session,
    queue: &sukkal_storage::QueueKey,
    generation: sukkal_storage::Generation,
) -> Result<Handle, Failure> {
    let handle = session.find_or_add(queue)?;
    let state = session.queue(handle).state;
    if state.sealed || generation < state.generation {
        return Err(StorageError::QueueChanged.into());
    }
    Ok(handle)
}

/// Puts a message at the end of a queue, unless the queue has its id; returns its place.
pub(crate) fn append(
    session: &mut Session,
    handle: Handle,
    new: &New<'_>,
    now: Millis,
) -> Result<Option<Marker>, Failure> {
    let place = session.queue(handle).next_marker;
    if add(session, handle, new, now)? == 0 {
        let log = session.queue(handle).log;
        let expired = RemoveExpired { id: new.id.as_bytes(), log, now };
        if expired.execute(&mut session.connection)? == 0 {
            return Ok(None);
        }
        add(session, handle, new, now)?;
    }
    session.use_marker(handle);
    Ok(Some(place))
}

fn add(
    session: &mut Session,
    handle: Handle,
    new: &New<'_>,
    now: Millis,
) -> Result<usize, Failure> {
    let delay = new.delay_until.filter(|until| *until > now);
    if let Some(until) = delay {
        session.expect_due(handle, until);
    }
    let queue = session.queue(handle);
    let add = AddMessage {
        state: if delay.is_some() { DELAYED } else { FREE },
        expires_at: new.expires_at,
        ttl: new.ttl,
        log: queue.log,
        marker: queue.next_marker,
        id: new.id.as_bytes(),
        created_at: new.created_at,
        delay_until: new.delay_until,
        client: new.client.as_bytes(),
        format: new.body.format as i64,
        crc: new.crc.into(),
        checksum: new.checksum,
        attributes: new.attributes,
        body: &new.body.bytes,
    };
    Ok(add.execute(&mut session.connection)?)
}
