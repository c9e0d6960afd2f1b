//! What the writer knows beside the file: the queues in use and the next numbers.
//!
//! The writer is the only one that changes the store, so this never goes stale; it is forgotten
//! whenever a transaction is undone.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{Marker, Millis, QueueKey, QueueState, Result};

use crate::error::Failure;
use crate::schema::{self, NO_CLAIM};
use crate::statement::statement;

/// How many queues are kept in mind.
const KNOWN: usize = 4096;

statement! {
    /// Finds a queue.
    FindQueue<'a> { project: &'a [u8] => Binary, kind: i64 => BigInt, name: &'a [u8] => Binary }
        -> ((BigInt, BigInt, BigInt, BigInt, BigInt), (BigInt, BigInt, Nullable<BigInt>, BigInt))
        = "SELECT key, log, generation, sealed, next_marker, \
             told_until, followed_until, work_at, work_turn \
           FROM queue INDEXED BY queue_name WHERE project = ? AND kind = ? AND name = ?";
}

/// A row that [`FindQueue`] finds: key, log, generation, seal, next marker; and its [`Outlook`].
pub(crate) type QueueRow = ((i64, i64, i64, i64, i64), (i64, i64, Option<i64>, i64));

impl<'a> FindQueue<'a> {
    pub(crate) fn of(queue: &'a QueueKey) -> Self {
        let (project, name) = (queue.project.as_bytes(), queue.name.as_bytes());
        Self { project, kind: queue.kind as i64, name }
    }
}

statement! {
    /// Adds a queue.
    AddQueue<'a> {
        key: i64 => BigInt,
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        log: i64 => BigInt,
    } = "INSERT INTO queue (key, project, kind, name, log, generation, sealed, next_marker) \
         VALUES (?, ?, ?, ?, ?, 0, 0, 1)";
}

statement! {
    /// Keeps how far the markers of a queue have come.
    SaveMarker { next_marker: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE queue SET next_marker = ? WHERE key = ?";
}

statement! {
    /// Keeps what the outbox needs to know of a queue.
    SaveOutlook {
        told_until: i64 => BigInt,
        followed_until: i64 => BigInt,
        work_at: Option<i64> => Nullable<BigInt>,
        work_turn: i64 => BigInt,
        key: i64 => BigInt,
    } = "UPDATE queue SET told_until = ?, followed_until = ?, work_at = ?, work_turn = ? \
         WHERE key = ?";
}

statement! {
    /// Finds when the next claim of a log ends.
    NextClaimEnd { log: i64 => BigInt } -> (BigInt,)
        = "SELECT expires_at FROM claim INDEXED BY claim_due WHERE log = ? \
           ORDER BY expires_at LIMIT 1";
}

statement! {
    /// Finds when the next delay of a log passes.
    NextDelayEnd { log: i64 => BigInt } -> (BigInt,)
        = "SELECT delay_until FROM message INDEXED BY message_due WHERE log = ? AND state = 3 \
           ORDER BY delay_until LIMIT 1";
}

/// What the outbox needs to know of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// When the last subscription ends that workers tell; 0 if there is none.
    pub(crate) told_until: Millis,
    /// When the last follower ends or would have ended.
    pub(crate) followed_until: Millis,
    /// Since when, or from when on, something can be leased.
    pub(crate) work_at: Option<Millis>,
    /// Which of the queues of the same time comes first.
    pub(crate) work_turn: i64,
}

/// A queue known to the writer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) key: i64,
    pub(crate) log: i64,
    pub(crate) state: QueueState,
    pub(crate) next_marker: Marker,
    /// No claim ends and no delay passes before this.
    pub(crate) next_due: Millis,
    pub(crate) outlook: Outlook,
    is_changed: bool,
    has_new_outlook: bool,
}

impl Known {
    fn new(
        (key, log): (i64, i64),
        state: QueueState,
        next_marker: Marker,
        next_due: Millis,
        outlook: Outlook,
    ) -> Self {
        let (is_changed, has_new_outlook) = (false, false);
        Self { key, log, state, next_marker, next_due, outlook, is_changed, has_new_outlook }
    }
}

/// Which of the known queues; good until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle(usize);

/// The connection that writes, with what is known of its store.
pub(crate) struct Session {
    pub(crate) connection: SqliteConnection,
    handles: HashMap<QueueKey, Handle>,
    known: Vec<Known>,
    changed: Vec<Handle>,
    with_new_outlook: Vec<Handle>,
    next: Numbers,
}

/// Numbers that were never used.
struct Numbers {
    queue: i64,
    log: i64,
    claim: i64,
    subscription: i64,
    turn: i64,
}

impl Numbers {
    fn read(connection: &mut SqliteConnection) -> Result<Self> {
        let mut next = |text| schema::number(connection, text).map(|last| last + 1);
        Ok(Self {
            queue: next("SELECT coalesce(max(key), 0) AS value FROM queue")?,
            log: next(
                "SELECT max(coalesce((SELECT max(log) FROM queue), 0), \
                 coalesce((SELECT max(log) FROM dead_log), 0)) AS value",
            )?,
            claim: next("SELECT coalesce(max(key), 0) AS value FROM claim")?.max(NO_CLAIM + 1),
            subscription: next(
                "SELECT max(coalesce((SELECT max(key) FROM subscription), 0), \
                 coalesce((SELECT max(key) FROM dead_subscription), 0)) AS value",
            )?,
            turn: next(
                "SELECT coalesce(max(work_turn), 0) AS value FROM queue INDEXED BY queue_work \
                 WHERE work_at IS NOT NULL",
            )?,
        })
    }
}

fn take(number: &mut i64) -> i64 {
    *number += 1;
    *number - 1
}

impl Session {
    /// Starts on an open connection whose schema is up to date.
    pub(crate) fn new(mut connection: SqliteConnection) -> Result<Self> {
        let next = Numbers::read(&mut connection)?;
        Ok(Self {
            connection,
            handles: HashMap::new(),
            known: Vec::new(),
            changed: Vec::new(),
            with_new_outlook: Vec::new(),
            next,
        })
    }

    /// Finds a queue that was ever posted to or deleted.
    pub(crate) fn find(&mut self, queue: &QueueKey) -> Result<Option<Handle>, Failure> {
        if let Some(handle) = self.handles.get(queue) {
            return Ok(Some(*handle));
        }
        let row: Option<QueueRow> =
            FindQueue::of(queue).get_result(&mut self.connection).optional()?;
        let Some(((key, log, generation, sealed, next_marker), outlook)) = row else {
            return Ok(None);
        };
        let state = QueueState { generation: generation.cast_unsigned(), sealed: sealed != 0 };
        let next_due = self.next_due(log)?;
        let (told_until, followed_until, work_at, work_turn) = outlook;
        let outlook = Outlook { told_until, followed_until, work_at, work_turn };
        let known = Known::new((key, log), state, next_marker, next_due, outlook);
        Ok(Some(self.keep(queue, known)))
    }

    /// Finds a queue or adds it.
    pub(crate) fn find_or_add(&mut self, queue: &QueueKey) -> Result<Handle, Failure> {
        if let Some(handle) = self.find(queue)? {
            return Ok(handle);
        }
        let key = take(&mut self.next.queue);
        let log = self.take_log();
        let (project, name) = (queue.project.as_bytes(), queue.name.as_bytes());
        AddQueue { key, project, kind: queue.kind as i64, name, log }
            .execute(&mut self.connection)?;
        let (state, outlook) = (QueueState::default(), Outlook::default());
        let known = Known::new((key, log), state, 1, Millis::MAX, outlook);
        Ok(self.keep(queue, known))
    }

    pub(crate) fn queue(&self, handle: Handle) -> &Known {
        &self.known[handle.0]
    }

    pub(crate) fn queue_mut(&mut self, handle: Handle) -> &mut Known {
        &mut self.known[handle.0]
    }

    /// Counts the marker of the queue on.
    pub(crate) fn use_marker(&mut self, handle: Handle) {
        let known = &mut self.known[handle.0];
        known.next_marker += 1;
        if !known.is_changed {
            known.is_changed = true;
            self.changed.push(handle);
        }
    }

    /// Changes what the outbox needs to know of the queue.
    pub(crate) fn set_outlook(&mut self, handle: Handle, outlook: Outlook) {
        let known = &mut self.known[handle.0];
        if known.outlook == outlook {
            return;
        }
        known.outlook = outlook;
        if !known.has_new_outlook {
            known.has_new_outlook = true;
            self.with_new_outlook.push(handle);
        }
    }

    /// Notes that something of the queue is due at this time.
    pub(crate) fn expect_due(&mut self, handle: Handle, due: Millis) {
        let known = &mut self.known[handle.0];
        known.next_due = known.next_due.min(due);
    }

    /// Finds when the next claim ends or the next delay passes.
    pub(crate) fn next_due(&mut self, log: i64) -> Result<Millis, Failure> {
        let claim: Option<(i64,)> =
            NextClaimEnd { log }.get_result(&mut self.connection).optional()?;
        let delay: Option<(i64,)> =
            NextDelayEnd { log }.get_result(&mut self.connection).optional()?;
        Ok([claim, delay].into_iter().flatten().map(|(due,)| due).min().unwrap_or(Millis::MAX))
    }

    /// A log that was never used.
    pub(crate) fn take_log(&mut self) -> i64 {
        take(&mut self.next.log)
    }

    /// A claim key that was never used.
    pub(crate) fn take_claim(&mut self) -> i64 {
        take(&mut self.next.claim)
    }

    /// A subscription key that was never used, so that attempts of another one never belong to it.
    pub(crate) fn take_subscription(&mut self) -> i64 {
        take(&mut self.next.subscription)
    }

    /// A turn behind all that were given.
    pub(crate) fn take_turn(&mut self) -> i64 {
        take(&mut self.next.turn)
    }

    /// Writes down what is known better than the file, at the end of a transaction.
    pub(crate) fn save(&mut self) -> Result<(), diesel::result::Error> {
        for handle in self.changed.drain(..) {
            let known = &mut self.known[handle.0];
            known.is_changed = false;
            SaveMarker { next_marker: known.next_marker, key: known.key }
                .execute(&mut self.connection)?;
        }
        for handle in self.with_new_outlook.drain(..) {
            let known = &mut self.known[handle.0];
            known.has_new_outlook = false;
            let Outlook { told_until, followed_until, work_at, work_turn } = known.outlook;
            SaveOutlook { told_until, followed_until, work_at, work_turn, key: known.key }
                .execute(&mut self.connection)?;
        }
        Ok(())
    }

    /// Forgets what is known of queues if that is much.
    pub(crate) fn tidy(&mut self) {
        if self.known.len() >= KNOWN {
            self.forget();
        }
    }

    /// Forgets what is known of queues.
    pub(crate) fn forget(&mut self) {
        self.handles.clear();
        self.known.clear();
        self.changed.clear();
        self.with_new_outlook.clear();
    }

    fn keep(&mut self, queue: &QueueKey, known: Known) -> Handle {
        let handle = Handle(self.known.len());
        self.known.push(known);
        self.handles.insert(queue.clone(), handle);
        handle
    }
}
