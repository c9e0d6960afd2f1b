//! Moving what is due back among the free messages: of ended claims, and of passed delays.

use diesel::sql_types::BigInt;
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{Millis, Result};

use crate::error::Failure;
use crate::session::{Handle, Session};
use crate::statement::statement;

/// How many messages one command promotes at most.
pub(crate) const BOUND: usize = 256;

statement! {
    /// Finds the claim of a log that ended first.
    EndedClaim { log: i64 => BigInt, now: i64 => BigInt } -> (BigInt,)
        = "SELECT key FROM claim INDEXED BY claim_due WHERE log = ? AND expires_at <= ? \
           ORDER BY expires_at LIMIT 1";
}

statement! {
    /// Frees some messages of a claim.
    FreeClaimed { claim: i64 => BigInt, limit: i64 => BigInt }
        = "UPDATE message SET state = 2, claim = 4294967296 WHERE seq IN \
           (SELECT seq FROM message INDEXED BY message_claim \
            WHERE claim = ? AND claim > 4294967296 LIMIT ?)";
}

statement! {
    /// Removes a claim that has no message.
    RemoveClaim { key: i64 => BigInt } = "DELETE FROM claim WHERE key = ?";
}

statement! {
    /// Frees some messages whose delay has passed.
    FreeDelayed { log: i64 => BigInt, now: i64 => BigInt, limit: i64 => BigInt }
        = "UPDATE message SET state = 2 WHERE seq IN \
           (SELECT seq FROM message INDEXED BY message_due \
            WHERE log = ? AND state = 3 AND delay_until <= ? LIMIT ?)";
}

/// Promotes at most [`BOUND`] messages of a queue; tells whether nothing due is left.
pub(crate) fn promote(session: &mut Session, handle: Handle, now: Millis) -> Result<bool, Failure> {
    let queue = *session.queue(handle);
    if queue.next_due > now {
        return Ok(true);
    }
    let freed = promote_some(&mut session.connection, queue.log, now, BOUND)?;
    if freed == BOUND {
        return Ok(false);
    }
    let next_due = session.next_due(queue.log)?;
    session.queue_mut(handle).next_due = next_due;
    Ok(true)
}

/// Frees all messages of a claim and removes it.
pub(crate) fn release(connection: &mut SqliteConnection, claim: i64) -> Result<usize, Failure> {
    let freed = FreeClaimed { claim, limit: i64::MAX }.execute(connection)?;
    RemoveClaim { key: claim }.execute(connection)?;
    Ok(freed)
}

fn promote_some(
    connection: &mut SqliteConnection,
    log: i64,
    now: Millis,
    bound: usize,
) -> Result<usize, Failure> {
    let mut freed = free_delayed(connection, log, now, bound)?;
    while freed < bound {
        let ended: Option<(i64,)> = EndedClaim { log, now }.get_result(connection).optional()?;
        let Some((claim,)) = ended else { break };
        freed += free_claimed(connection, claim, bound - freed)?;
    }
    Ok(freed)
}

fn free_delayed(
    connection: &mut SqliteConnection,
    log: i64,
    now: Millis,
    limit: usize,
) -> Result<usize, Failure> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(FreeDelayed { log, now, limit }.execute(connection)?)
}

/// Frees some messages of an ended claim; removes it with the last of them.
pub(crate) fn free_claimed(
    connection: &mut SqliteConnection,
    claim: i64,
    limit: usize,
) -> Result<usize, Failure> {
    let count = i64::try_from(limit).unwrap_or(i64::MAX);
    let freed = FreeClaimed { claim, limit: count }.execute(connection)?;
    if freed < limit {
        RemoveClaim { key: claim }.execute(connection)?;
    }
    Ok(freed)
}
