//! Going on with leased entries, and letting them go.

use bytes::Bytes;
use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    AdvanceEntries, EntryKind, EntryProgress, EntryStep, KEPT_FOR_FOLLOWERS, LeaseId, Marker,
    Millis, NewDelivery, OutboxMessage, Result, decode_messages,
};

use super::entries::{FREE, NONE, count, held};
use super::lease::RemoveEntry;
use super::work::look_again;
use crate::command::Command;
use crate::error::Failure;
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Finds an open entry by its place.
    FindOpen { log: i64 => BigInt, marker: i64 => BigInt }
        -> (BigInt, Binary, Binary, BigInt, BigInt, BigInt)
        = "SELECT key, lease, done_to, deliveries, kind, posted_at \
           FROM outbox INDEXED BY outbox_place WHERE log = ? AND marker = ? AND open = 1";
}

statement! {
    /// Reads the messages of an entry.
    MessagesOf { key: i64 => BigInt } -> (BigInt, BigInt, Binary)
        = "SELECT marker, count, messages FROM outbox WHERE key = ?";
}

statement! {
    /// Notes how far a worker has come.
    MoveOn<'a> {
        lease_until: i64 => BigInt,
        lease: &'a [u8] => Binary,
        done_to: &'a [u8] => Binary,
        deliveries: i64 => BigInt,
        key: i64 => BigInt,
    } = "UPDATE outbox SET lease_until = ?, lease = ?, done_to = ?, deliveries = ? WHERE key = ?";
}

statement! {
    /// Notes that no worker has anything to do with an entry.
    Finish { deliveries: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE outbox SET open = 0, deliveries = ? WHERE key = ?";
}

statement! {
    /// Keeps a delivery, unless it is kept already.
    AddDelivery<'a> {
        due_at: Option<i64> => Nullable<BigInt>,
        lease: Option<&'a [u8]> => Nullable<Binary>,
        attempts: i64 => BigInt,
        entry: i64 => BigInt,
        log: i64 => BigInt,
        subscription: &'a [u8] => Binary,
        marker: i64 => BigInt,
        place: i64 => BigInt,
        ends_at: i64 => BigInt,
    } = "INSERT INTO delivery (due_at, lease, attempts, entry, log, subscription, marker, place, \
           ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (log, subscription, marker, place) DO NOTHING";
}

statement! {
    /// Notes that an entry has a delivery less.
    CountDown { key: i64 => BigInt }
        = "UPDATE outbox SET deliveries = deliveries - 1 WHERE key = ?";
}

statement! {
    /// Removes a finished entry without deliveries, unless followers may still read it.
    RemoveIfOver { key: i64 => BigInt, is_followed: i64 => BigInt, posted_until: i64 => BigInt }
        = "DELETE FROM outbox WHERE key = ? AND open = 0 AND deliveries = 0 \
           AND NOT (? AND kind = 0 AND posted_at > ?)";
}

/// An entry under a lease.
struct Leased {
    key: i64,
    done_to: Vec<u8>,
    deliveries: i64,
    kind: i64,
    posted_at: Millis,
}

impl Command for AdvanceEntries {
    type Output = Vec<bool>;

    fn run(&self, session: &mut Session) -> Result<Vec<bool>, Failure> {
        let Some(handle) = session.find(&self.queue)? else {
            return Ok(vec![false; self.steps.len()]);
        };
        let known = *session.queue(handle);
        let is_followed = known.outlook.followed_until > self.now;
        let connection = &mut session.connection;
        let mut held = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let leased = find(connection, known.log, step.entry, self.lease)?;
            held.push(leased.is_some());
            if let Some(leased) = leased {
                let is_young = leased.posted_at > self.now.saturating_sub(KEPT_FOR_FOLLOWERS);
                let is_read = is_followed && is_young && leased.kind == EntryKind::Post as i64;
                take(connection, known.log, self.lease, step, &leased, is_read)?;
            }
        }
        look_again(session, handle, self.now)?;
        Ok(held)
    }
}

/// Finds an open entry if the lease holds it.
fn find(
    connection: &mut SqliteConnection,
    log: i64,
    marker: Marker,
    lease: LeaseId,
) -> Result<Option<Leased>, Failure> {
    type Row = (i64, Vec<u8>, Vec<u8>, i64, i64, Millis);
    let row: Option<Row> = FindOpen { log, marker }.get_result(connection).optional()?;
    let row = row.filter(|(_, holder, ..)| holder[..] == lease.as_bytes()[..]);
    Ok(row.map(|(key, _, done_to, deliveries, kind, posted_at)| Leased {
        key,
        done_to,
        deliveries,
        kind,
        posted_at,
    }))
}

/// Takes one step; a finished entry that followers may still read is kept.
fn take(
    connection: &mut SqliteConnection,
    log: i64,
    lease: LeaseId,
    step: &EntryStep,
    leased: &Leased,
    is_read: bool,
) -> Result<(), Failure> {
    let key = leased.key;
    let deliveries = leased.deliveries + keep(connection, log, key, step)?;
    let (lease_until, lease, after) = match &step.progress {
        EntryProgress::Continue { after, until } => (held(*until), lease.as_bytes(), after),
        EntryProgress::Release { after } => (FREE, &NONE, after),
        EntryProgress::Finish if deliveries > 0 || is_read => {
            Finish { deliveries, key }.execute(connection)?;
            return Ok(());
        }
        EntryProgress::Finish => {
            RemoveEntry { key }.execute(connection)?;
            return Ok(());
        }
    };
    let done_to = after.as_ref().map_or(&leased.done_to[..], |id| id.as_bytes());
    MoveOn { lease_until, lease, done_to, deliveries, key }.execute(connection)?;
    Ok(())
}

/// Keeps the deliveries of a step; returns how many are new.
fn keep(
    connection: &mut SqliteConnection,
    log: i64,
    entry: i64,
    step: &EntryStep,
) -> Result<i64, Failure> {
    if step.deliveries.is_empty() {
        return Ok(0);
    }
    let (marker, count, messages): (i64, i64, Vec<u8>) =
        MessagesOf { key: entry }.get_result(connection)?;
    let messages = decode_messages(Bytes::from(messages), marker, self::count(count))
        .inspect_err(|error| tracing::error!(%error, "a damaged entry has no deliveries"))
        .unwrap_or_default();
    let mut added = 0;
    for new in step.deliveries.iter().filter(|new| new.key.entry == marker) {
        if let Some(message) = message(&messages, new) {
            let add = AddDelivery {
                due_at: new.due_at,
                lease: new.lease.as_ref().map(|lease| &lease.as_bytes()[..]),
                attempts: new.attempts.into(),
                entry,
                log,
                subscription: new.key.subscription.as_bytes(),
                marker,
                place: new.key.index.into(),
                ends_at: message.expires_at,
            };
            added += i64::from(add.execute(connection)? > 0);
        }
    }
    Ok(added)
}

fn message<'a>(messages: &'a [OutboxMessage], new: &NewDelivery) -> Option<&'a OutboxMessage> {
    messages.get(usize::try_from(new.key.index).ok()?)
}

/// Counts a delivery of an entry off; the entry goes with the last if nobody needs it.
pub(super) fn let_go(
    connection: &mut SqliteConnection,
    entry: i64,
    is_followed: bool,
    now: Millis,
) -> Result<(), Failure> {
    CountDown { key: entry }.execute(connection)?;
    remove_if_over(connection, entry, is_followed, now)
}

/// Removes an entry that is finished and has no deliveries, unless followers may still read it.
pub(super) fn remove_if_over(
    connection: &mut SqliteConnection,
    key: i64,
    is_followed: bool,
    now: Millis,
) -> Result<(), Failure> {
    let posted_until = now.saturating_sub(KEPT_FOR_FOLLOWERS);
    RemoveIfOver { key, is_followed: is_followed.into(), posted_until }.execute(connection)?;
    Ok(())
}
