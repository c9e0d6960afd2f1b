//! Collecting what nobody sees any more, in small steps.

use diesel::sql_types::BigInt;
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{Collected, Millis, Result};

use crate::command::Command;
use crate::data::Role;
use crate::error::Failure;
use crate::messages::promote::free_claimed;
use crate::outbox::collect::{self as outbox, RemoveDeliveries, RemoveEntries};
use crate::session::Session;
use crate::statement::statement;
use crate::subscriptions::RemoveEnded;
use crate::transfers::RECEIVED_FOR;

/// How many records one command removes: what the commands behind it have to wait for.
const STEP: usize = 64;

statement! {
    /// Removes some messages that have expired.
    RemoveExpired { now: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM message WHERE seq IN (SELECT seq FROM message INDEXED BY message_expiry \
           WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)";
}

statement! {
    /// Finds a claim that has ended.
    EndedClaim { now: i64 => BigInt } -> (BigInt,)
        = "SELECT key FROM claim INDEXED BY claim_expiry WHERE expires_at <= ? \
           ORDER BY expires_at LIMIT 1";
}

statement! {
    /// Finds a log of a deleted generation.
    DeadLog {} -> (BigInt,) = "SELECT log FROM dead_log ORDER BY log LIMIT 1";
}

statement! {
    /// Removes some messages of a log.
    RemoveMessages { log: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM message WHERE seq IN (SELECT seq FROM message INDEXED BY message_place \
           WHERE log = ? LIMIT ?)";
}

statement! {
    /// Removes some claims of a log.
    RemoveClaims { log: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM claim WHERE key IN (SELECT key FROM claim INDEXED BY claim_due \
           WHERE log = ? LIMIT ?)";
}

statement! {
    /// Removes some transfers of a log.
    RemoveTransfers { log: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM transfer WHERE key IN (SELECT key FROM transfer INDEXED BY transfer_log \
           WHERE log = ? LIMIT ?)";
}

statement! {
    /// Ends the collection of a log.
    RemoveLog { log: i64 => BigInt } = "DELETE FROM dead_log WHERE log = ?";
}

statement! {
    /// Forgets some received ids.
    ForgetReceived { before: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM received WHERE (queue, id) IN \
           (SELECT queue, id FROM received INDEXED BY received_age \
            WHERE received_at <= ? ORDER BY received_at LIMIT ?)";
}

/// Collects up to `budget` records, in steps between which other commands run.
pub(crate) async fn collect(role: &Role, now: Millis, budget: usize) -> Result<Collected> {
    let mut left = budget;
    while left > 0 {
        let step = left.min(STEP);
        let removed = role.execute(None, Collect { now, limit: step }).await?;
        left -= removed.min(left);
        if removed < step {
            return Ok(Collected { removed: (budget - left) as u64, more: false });
        }
    }
    Ok(Collected { removed: budget as u64, more: budget > 0 })
}

/// One step of collection.
struct Collect {
    now: Millis,
    limit: usize,
}

impl Command for Collect {
    type Output = usize;

    fn run(&self, session: &mut Session) -> Result<usize, Failure> {
        let connection = &mut session.connection;
        let mut left = self.limit;
        left -= RemoveExpired { now: self.now, limit: number(left) }.execute(connection)?;
        while left > 0 {
            let ended: Option<(i64,)> =
                EndedClaim { now: self.now }.get_result(connection).optional()?;
            let Some((claim,)) = ended else { break };
            let freed = free_claimed(connection, claim, left)?;
            left -= freed.max(1).min(left);
        }
        left -= RemoveEnded { now: self.now, limit: number(left) }.execute(connection)?;
        left -= outbox::collect(session, self.now, left)?;
        let connection = &mut session.connection;
        while left > 0 {
            let dead: Option<(i64,)> = DeadLog {}.get_result(connection).optional()?;
            let Some((log,)) = dead else { break };
            left -= self.bury(connection, log, left)?;
        }
        if left > 0 {
            let before = self.now.saturating_sub(RECEIVED_FOR);
            left -= ForgetReceived { before, limit: number(left) }.execute(connection)?;
        }
        Ok(self.limit - left)
    }
}

impl Collect {
    /// Removes what is left of a log, and the log with the last of it; returns how much it was.
    fn bury(
        &self,
        connection: &mut SqliteConnection,
        log: i64,
        limit: usize,
    ) -> Result<usize, Failure> {
        let mut left = limit;
        left -= RemoveMessages { log, limit: number(left) }.execute(connection)?;
        left -= RemoveClaims { log, limit: number(left) }.execute(connection)?;
        left -= RemoveTransfers { log, limit: number(left) }.execute(connection)?;
        left -= RemoveDeliveries { log, limit: number(left) }.execute(connection)?;
        left -= RemoveEntries { log, limit: number(left) }.execute(connection)?;
        if left > 0 {
            RemoveLog { log }.execute(connection)?;
            left -= 1;
        }
        Ok(limit - left)
    }
}

fn number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
