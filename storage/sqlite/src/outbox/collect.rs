//! Collecting what the outbox keeps no longer.

use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{OptionalExtension, RunQueryDsl};
use sukkal_storage::{KEPT_FOR_FOLLOWERS, Millis, Result};

use super::deliveries::{RemoveDelivery, Unpark};
use super::work::has_work;
use crate::error::Failure;
use crate::row::queue_key;
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Finds parked deliveries whose message has ended, with their queue; absent if it was deleted.
    EndedParked { now: i64 => BigInt, limit: i64 => BigInt }
        -> (BigInt, Nullable<Binary>, Nullable<BigInt>, Nullable<Binary>)
        = "SELECT d.key, q.project, q.kind, q.name \
           FROM delivery d INDEXED BY delivery_parked_end \
           LEFT JOIN queue q INDEXED BY queue_log ON q.log = d.log \
           WHERE d.due_at IS NULL AND d.ends_at <= ? ORDER BY d.ends_at LIMIT ?";
}

type EndedRow = (i64, Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>);

statement! {
    /// Removes entries that were kept long enough.
    RemoveKept { posted_until: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM outbox WHERE key IN (SELECT key FROM outbox INDEXED BY outbox_kept \
           WHERE open = 0 AND deliveries = 0 AND posted_at <= ? ORDER BY posted_at LIMIT ?)";
}

statement! {
    /// Finds a subscription that is gone.
    DeadSubscription {} -> (BigInt,) = "SELECT key FROM dead_subscription ORDER BY key LIMIT 1";
}

statement! {
    /// Removes attempts of a subscription.
    RemoveAttempts { subscription: i64 => BigInt, same: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM attempt WHERE subscription = ? AND number IN \
           (SELECT number FROM attempt WHERE subscription = ? ORDER BY number LIMIT ?)";
}

statement! {
    /// Ends the collection of a subscription.
    ForgetSubscription { key: i64 => BigInt } = "DELETE FROM dead_subscription WHERE key = ?";
}

statement! {
    /// Removes some entries of a log.
    RemoveEntries { log: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM outbox WHERE key IN (SELECT key FROM outbox INDEXED BY outbox_place \
           WHERE log = ? LIMIT ?)";
}

statement! {
    /// Removes some deliveries of a log.
    RemoveDeliveries { log: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM delivery WHERE key IN (SELECT key FROM delivery INDEXED BY delivery_of \
           WHERE log = ? LIMIT ?)";
}

/// Makes due what is parked though its message has ended, and removes what nobody needs: up to `limit` records;
/// returns how many.
pub(crate) fn collect(session: &mut Session, now: Millis, limit: usize) -> Result<usize, Failure> {
    let mut left = limit;
    left -= make_due(session, now, left)?.min(left);
    let connection = &mut session.connection;
    let posted_until = now.saturating_sub(KEPT_FOR_FOLLOWERS);
    left -= RemoveKept { posted_until, limit: number(left) }.execute(connection)?;
    while left > 0 {
        let dead: Option<(i64,)> = DeadSubscription {}.get_result(connection).optional()?;
        let Some((key,)) = dead else { break };
        let remove = RemoveAttempts { subscription: key, same: key, limit: number(left) };
        left -= remove.execute(connection)?;
        if left > 0 {
            ForgetSubscription { key }.execute(connection)?;
            left -= 1;
        }
    }
    Ok(limit - left)
}

fn make_due(session: &mut Session, now: Millis, limit: usize) -> Result<usize, Failure> {
    // What is read here of queues stands in the file.
    session.save()?;
    let find = EndedParked { now, limit: number(limit) };
    let ended: Vec<EndedRow> = find.load(&mut session.connection)?;
    for (key, project, kind, name) in &ended {
        let (Some(project), Some(kind), Some(name)) = (project, *kind, name) else {
            RemoveDelivery { key: *key }.execute(&mut session.connection)?;
            continue;
        };
        Unpark { due_at: now, key: *key }.execute(&mut session.connection)?;
        let Ok(queue) = queue_key((project, kind, name)) else { continue };
        if let Some(handle) = session.find(&queue)? {
            has_work(session, handle, now);
        }
    }
    Ok(ended.len())
}

fn number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
