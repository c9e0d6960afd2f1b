//! Subscriptions as rows.

use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl};
use sukkal_storage::{
    Millis, QueueKey, Result, StorageError, Subscription, SubscriptionId, SubscriptionState,
};

use crate::error::Failure;
use crate::row::{text, uuid};
use crate::session::{Handle, Session};
use crate::statement::statement;

type Columns = (BigInt, Binary, Binary, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, Binary);

pub(super) type Row = (i64, Vec<u8>, Vec<u8>, i64, i64, i64, i64, i64, i64, Vec<u8>);

macro_rules! columns {
    () => {
        "SELECT s.key, s.id, s.subscriber, s.ttl, s.created_at, s.expires_at, s.confirmed, \
         s.follower, s.state, s.options "
    };
}

statement! {
    /// Reads live subscriptions of a queue from an id on, in the order of ids.
    LiveFrom<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        after: &'a [u8] => Binary,
        now: i64 => BigInt,
        limit: i64 => BigInt,
    } -> Columns
        = concat!(columns!(), "FROM queue q INDEXED BY queue_name \
           CROSS JOIN subscription s INDEXED BY subscription_id ON s.queue = q.key \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? AND s.id > ? AND s.expires_at > ? \
           ORDER BY s.id LIMIT ?");
}

statement! {
    /// Reads live subscriptions of a queue from an id on, in the order of ids, without followers.
    ToldFrom<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        after: &'a [u8] => Binary,
        now: i64 => BigInt,
        limit: i64 => BigInt,
    } -> Columns
        = concat!(columns!(), "FROM queue q INDEXED BY queue_name \
           CROSS JOIN subscription s INDEXED BY subscription_worker \
             ON s.queue = q.key AND s.follower = 0 \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? AND s.id > ? AND s.expires_at > ? \
           ORDER BY s.id LIMIT ?");
}

statement! {
    /// Reads a live subscription of a queue.
    LiveOf<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        id: &'a [u8] => Binary,
        now: i64 => BigInt,
    } -> Columns
        = concat!(columns!(), "FROM queue q INDEXED BY queue_name \
           CROSS JOIN subscription s INDEXED BY subscription_id ON s.queue = q.key \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? AND s.id = ? AND s.expires_at > ?");
}

statement! {
    /// Reads a live subscription.
    LiveById<'a> { queue: i64 => BigInt, id: &'a [u8] => Binary, now: i64 => BigInt } -> Columns
        = concat!(columns!(), "FROM subscription s INDEXED BY subscription_id \
           WHERE s.queue = ? AND s.id = ? AND s.expires_at > ?");
}

pub(super) fn subscription(row: Row) -> Result<Subscription> {
    let state = SubscriptionState::from_number(row.8).ok_or_else(|| {
        StorageError::unavailable(format!("unknown state of a subscription {}", row.8))
    })?;
    Ok(Subscription {
        id: uuid(&row.1)?,
        subscriber: text(&row.2)?.as_ref().to_owned(),
        ttl: row.3,
        options: row.9.into(),
        is_confirmed: row.6 != 0,
        is_follower: row.7 != 0,
        state,
        created_at: row.4,
        expires_at: row.5,
    })
}

/// Finds a live subscription of a queue.
pub(super) fn find(
    session: &mut Session,
    handle: Handle,
    id: SubscriptionId,
    now: Millis,
) -> Result<Option<Row>, Failure> {
    let queue = session.queue(handle).key;
    let find = LiveById { queue, id: id.as_bytes(), now };
    Ok(find.get_result(&mut session.connection).optional()?)
}

/// Finds a queue that ever had a subscription or anything else, and a live subscription of it.
pub(super) fn live(
    session: &mut Session,
    queue: &QueueKey,
    id: SubscriptionId,
    now: Millis,
) -> Result<(Handle, Row), Failure> {
    let handle = session.find(queue)?.ok_or(StorageError::SubscriptionDoesNotExist)?;
    let row = find(session, handle, id, now)?.ok_or(StorageError::SubscriptionDoesNotExist)?;
    Ok((handle, row))
}
