//! Counting messages.

use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{MessageStamp, QueueStats, Result, StatsQuery};

use crate::command::Query;
use crate::error::Failure;
use crate::queues::find_log;
use crate::row::uuid;
use crate::schema::{CLAIMED, DELAYED, FREE};
use crate::statement::statement;

statement! {
    /// Counts messages of one state.
    CountState { log: i64 => BigInt, state: i64 => BigInt, now: i64 => BigInt } -> (BigInt,)
        = "SELECT count(*) FROM message INDEXED BY message_place \
           WHERE log = ? AND state = ? AND expires_at > ?";
}

statement! {
    /// Counts messages whose claim has ended.
    CountEnded { log: i64 => BigInt, ended: i64 => BigInt, now: i64 => BigInt } -> (BigInt,)
        = "SELECT count(*) FROM claim c INDEXED BY claim_due \
           CROSS JOIN message m INDEXED BY message_claim \
           ON m.claim = c.key AND m.claim > 4294967296 \
           WHERE c.log = ? AND c.expires_at <= ? AND m.expires_at > ?";
}

statement! {
    /// Finds the message of one state at the lowest place.
    OldestOfState { log: i64 => BigInt, state: i64 => BigInt, now: i64 => BigInt }
        -> (BigInt, Binary, BigInt)
        = "SELECT marker, id, created_at FROM message INDEXED BY message_place \
           WHERE log = ? AND state = ? AND expires_at > ? ORDER BY marker LIMIT 1";
}

statement! {
    /// Finds the message of one state at the highest place.
    NewestOfState { log: i64 => BigInt, state: i64 => BigInt, now: i64 => BigInt }
        -> (BigInt, Binary, BigInt)
        = "SELECT marker, id, created_at FROM message INDEXED BY message_place \
           WHERE log = ? AND state = ? AND expires_at > ? ORDER BY marker DESC LIMIT 1";
}

type Stamp = (i64, Vec<u8>, i64);

impl Query for StatsQuery {
    type Output = QueueStats;

    fn read(&self, connection: &mut SqliteConnection) -> Result<QueueStats, Failure> {
        let Some(log) = find_log(connection, &self.queue, self.now)? else {
            return Ok(QueueStats::default());
        };
        let (log, now) = (log.log, self.now);
        let mut oldest: Option<Stamp> = None;
        let mut newest: Option<Stamp> = None;
        let mut counts = [0; 3];
        for (state, count) in [FREE, DELAYED, CLAIMED].into_iter().zip(&mut counts) {
            *count = CountState { log, state, now }.get_result::<(i64,)>(connection)?.0;
            let first: Option<Stamp> =
                OldestOfState { log, state, now }.get_result(connection).optional()?;
            let last: Option<Stamp> =
                NewestOfState { log, state, now }.get_result(connection).optional()?;
            oldest = [oldest, first].into_iter().flatten().min();
            newest = [newest, last].into_iter().flatten().max();
        }
        let (ended,): (i64,) = CountEnded { log, ended: now, now }.get_result(connection)?;
        let [free, delayed, claimed] = counts;
        Ok(QueueStats {
            claimed: (claimed - ended).cast_unsigned(),
            free: (free + delayed + ended).cast_unsigned(),
            oldest: oldest.map(stamp).transpose()?,
            newest: newest.map(stamp).transpose()?,
        })
    }
}

fn stamp((_, id, created_at): Stamp) -> Result<MessageStamp> {
    Ok(MessageStamp { id: uuid(&id)?, created_at })
}
