//! Generations and sealing.

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{Generation, Millis, QueueKey, QueueState, QueueStateStore, Result};

use crate::command::{Command, Query};
use crate::data::SqliteData;
use crate::error::Failure;
use crate::session::{FindQueue, Outlook, QueueRow, Session};
use crate::statement::statement;

statement! {
    /// Gives a queue an empty log and its next generation.
    Seal { log: i64 => BigInt, generation: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE queue SET log = ?, generation = ?, sealed = 1 WHERE key = ?";
}

statement! {
    /// Leaves a log to collection.
    BuryLog { log: i64 => BigInt } = "INSERT INTO dead_log (log) VALUES (?)";
}

statement! {
    /// Opens a queue for posts.
    Unseal { key: i64 => BigInt } = "UPDATE queue SET sealed = 0 WHERE key = ?";
}

statement! {
    /// Finds the log of a queue, and whether claims have ended or delays passed that nobody
    /// promoted yet.
    FindLog<'a> {
        claims_until: i64 => BigInt,
        delays_until: i64 => BigInt,
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
    } -> (BigInt, BigInt)
        = "SELECT q.log, \
             EXISTS (SELECT 1 FROM claim c INDEXED BY claim_due \
                     WHERE c.log = q.log AND c.expires_at <= ?) \
             OR EXISTS (SELECT 1 FROM message d INDEXED BY message_due \
                        WHERE d.log = q.log AND d.state = 3 AND d.delay_until <= ?) \
           FROM queue q INDEXED BY queue_name WHERE q.project = ? AND q.kind = ? AND q.name = ?";
}

/// Where a reader finds the messages of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    pub(crate) log: i64,
    /// Some messages are free but do not stand among the free ones yet.
    pub(crate) has_due: bool,
}

/// Finds the log of a queue; `None` for a queue never seen.
pub(crate) fn find_log(
    connection: &mut SqliteConnection,
    queue: &QueueKey,
    now: Millis,
) -> Result<Option<Log>, Failure> {
    let found: Option<(i64, i64)> = FindLog {
        claims_until: now,
        delays_until: now,
        project: queue.project.as_bytes(),
        kind: queue.kind as i64,
        name: queue.name.as_bytes(),
    }
    .get_result(connection)
    .optional()?;
    Ok(found.map(|(log, has_due)| Log { log, has_due: has_due != 0 }))
}

#[async_trait]
impl QueueStateStore for SqliteData {
    async fn state(&self, queue: &QueueKey) -> Result<QueueState> {
        self.0.read(Some(queue), ReadState(queue.clone())).await
    }

    async fn seal(&self, queue: &QueueKey) -> Result<Generation> {
        self.0.execute(Some(queue), SealQueue(queue.clone())).await
    }

    async fn unseal(&self, queue: &QueueKey, generation: Generation) -> Result<()> {
        self.0.execute(Some(queue), UnsealQueue(queue.clone(), generation)).await
    }
}

struct ReadState(QueueKey);

impl Query for ReadState {
    type Output = QueueState;

    fn read(&self, connection: &mut SqliteConnection) -> Result<QueueState, Failure> {
        let row: Option<QueueRow> = FindQueue::of(&self.0).get_result(connection).optional()?;
        Ok(row.map_or_else(QueueState::default, |((_, _, generation, sealed, _), _)| QueueState {
            generation: generation.cast_unsigned(),
            sealed: sealed != 0,
        }))
    }
}

struct SealQueue(QueueKey);

impl Command for SealQueue {
    type Output = Generation;

    fn run(&self, session: &mut Session) -> Result<Generation, Failure> {
        let handle = session.find_or_add(&self.0)?;
        let log = session.take_log();
        let known = session.queue_mut(handle);
        let old = std::mem::replace(&mut known.log, log);
        known.state = QueueState { generation: known.state.generation + 1, sealed: true };
        known.next_due = Millis::MAX;
        let outlook = Outlook { work_at: None, ..known.outlook };
        let (key, generation) = (known.key, known.state.generation);
        Seal { log, generation: generation.cast_signed(), key }.execute(&mut session.connection)?;
        BuryLog { log: old }.execute(&mut session.connection)?;
        session.set_outlook(handle, outlook);
        Ok(generation)
    }
}

struct UnsealQueue(QueueKey, Generation);

impl Command for UnsealQueue {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.0)? else { return Ok(()) };
        let known = session.queue_mut(handle);
        if known.state.sealed && known.state.generation == self.1 {
            known.state.sealed = false;
            let key = known.key;
            Unseal { key }.execute(&mut session.connection)?;
        }
        Ok(())
    }
}
