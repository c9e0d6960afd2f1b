//! Entries as rows, and how they get there.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Nullable};
use sukkal_storage::{
    EnqueueEntry, EntryKind, Marker, Millis, NewMessage, OutboxEntry, OutboxMessage, Post,
    QueueKey, Result, StorageError, decode_messages, encode_messages,
};

use super::work::has_work;
use crate::command::Command;
use crate::error::Failure;
use crate::row::{later, text, uuid};
use crate::session::{Handle, Session};
use crate::statement::statement;

/// What `lease_until` is of an entry that is free; leases end behind it.
pub(super) const FREE: i64 = 1 << 40;

/// What stands for no lease and for no subscription.
pub(super) const NONE: [u8; 16] = [0; 16];

/// What `lease_until` is while a lease lasts until then.
pub(super) fn held(until: Millis) -> i64 {
    until.max(0).saturating_add(FREE + 1)
}

/// When a lease ends whose `lease_until` this is; in the past of any time for a free entry.
pub(super) fn until(lease_until: i64) -> Millis {
    if lease_until == FREE { Millis::MIN } else { lease_until - (FREE + 1) }
}

statement! {
    /// Adds an entry.
    AddEntry<'a> {
        open: i64 => BigInt,
        lease: &'a [u8] => Binary,
        done_to: &'a [u8] => Binary,
        log: i64 => BigInt,
        marker: i64 => BigInt,
        kind: i64 => BigInt,
        subscription: Option<&'a [u8]> => Nullable<Binary>,
        posted_at: i64 => BigInt,
        client: &'a [u8] => Binary,
        count: i64 => BigInt,
        messages: &'a [u8] => Binary,
    } = "INSERT INTO outbox (lease_until, deliveries, open, lease, done_to, log, marker, kind, \
           subscription, posted_at, client, count, messages) \
         VALUES (1099511627776, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

/// The types of the columns of [`columns`].
pub(super) type Columns =
    (BigInt, BigInt, BigInt, Nullable<Binary>, BigInt, Binary, Binary, BigInt, Binary);

/// A row of [`columns`].
pub(super) type Row = (i64, i64, i64, Option<Vec<u8>>, i64, Vec<u8>, Vec<u8>, i64, Vec<u8>);

/// What is selected of an entry `o` to hand it out.
macro_rules! columns {
    () => {
        "SELECT o.key, o.marker, o.kind, o.subscription, o.posted_at, o.done_to, o.client, o.count, \
         o.messages "
    };
}
pub(super) use columns;

/// Reads an entry.
///
/// # Errors
/// `Unavailable` for one that is not what was stored.
pub(super) fn entry(queue: &QueueKey, row: Row) -> Result<OutboxEntry> {
    let (_, marker, kind, only, posted_at, done_to, client, count, messages) = row;
    let after = Some(&done_to).filter(|done_to| ***done_to != NONE);
    Ok(OutboxEntry {
        queue: queue.clone(),
        marker,
        kind: self::kind(kind)?,
        only: only.as_deref().map(uuid).transpose()?,
        posted_at,
        client_id: text(&client)?,
        messages: decode_messages(messages.into(), marker, self::count(count))?,
        after: after.map(|id| uuid(id)).transpose()?,
    })
}

/// Reads the kind of an entry.
pub(super) fn kind(number: i64) -> Result<EntryKind> {
    let known = u8::try_from(number)
        .map_err(|_| StorageError::unavailable(format!("unknown kind of outbox entry {number}")))?;
    EntryKind::from_number(known)
}

/// Reads a number of messages.
pub(super) fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// How many bytes of bodies there are.
pub(super) fn size(entry: &OutboxEntry) -> usize {
    entry.messages.iter().map(|message| message.body.bytes.len()).sum()
}

/// A message as it stands in the outbox.
pub(crate) fn copy(message: &NewMessage, marker: Marker, now: Millis) -> OutboxMessage {
    OutboxMessage {
        id: message.id,
        marker,
        ttl: message.ttl,
        expires_at: later(now, message.ttl),
        delay_until: message.delay_until,
        body: message.body.clone(),
        attributes: message.attributes.clone(),
    }
}

/// Who hears of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Nobody,
    /// The entry is only kept for them.
    Followers,
    Workers,
}

/// Who hears of what is posted to a queue now.
pub(crate) fn audience(session: &Session, handle: Handle, now: Millis) -> Audience {
    let outlook = &session.queue(handle).outlook;
    if outlook.told_until > now {
        Audience::Workers
    } else if outlook.followed_until > now {
        Audience::Followers
    } else {
        Audience::Nobody
    }
}

/// Adds the entry of a post whose messages have just got their places; none if nothing of it was stored.
pub(crate) fn add_post(
    session: &mut Session,
    handle: Handle,
    post: &Post,
    messages: &[OutboxMessage],
    audience: Audience,
) -> Result<bool, Failure> {
    let is_open = audience == Audience::Workers;
    let Some(last) = messages.last().filter(|_| audience != Audience::Nobody) else {
        return Ok(false);
    };
    let add = AddEntry {
        open: is_open.into(),
        lease: &NONE,
        done_to: &NONE,
        log: session.queue(handle).log,
        marker: last.marker,
        kind: EntryKind::Post as i64,
        subscription: None,
        posted_at: post.now,
        client: post.client_id.as_bytes(),
        count: i64::try_from(messages.len()).unwrap_or(i64::MAX),
        messages: &encode_messages(messages),
    };
    add.execute(&mut session.connection)?;
    if is_open {
        has_work(session, handle, post.now);
    }
    Ok(true)
}

impl Command for EnqueueEntry {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let handle = session.find_or_add(&self.queue)?;
        let mut messages = Vec::with_capacity(self.messages.len());
        for message in &self.messages {
            messages.push(copy(message, session.queue(handle).next_marker, self.now));
            session.use_marker(handle);
        }
        let Some(last) = messages.last() else { return Ok(()) };
        let add = AddEntry {
            open: 1,
            lease: &NONE,
            done_to: &NONE,
            log: session.queue(handle).log,
            marker: last.marker,
            kind: self.kind as i64,
            subscription: Some(self.only.as_bytes()),
            posted_at: self.now,
            client: self.client_id.as_bytes(),
            count: i64::try_from(messages.len()).unwrap_or(i64::MAX),
            messages: &encode_messages(&messages),
        };
        add.execute(&mut session.connection)?;
        has_work(session, handle, self.now);
        Ok(())
    }
}
