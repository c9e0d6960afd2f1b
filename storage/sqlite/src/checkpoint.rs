//! Writing the log back into the file, beside the writer.
//!
//! A background thread copies most of the log while commits go on; the writer itself only does the
//! small rest, when the log has grown to its limit, so that the log starts over.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::{RunQueryDsl, SqliteConnection};
use sukkal_storage::Result;

use crate::error::unavailable;
use crate::statement::statement;

/// How many pages of the log are not yet in the file before the thread is woken.
const WAKE: i64 = 1024;

/// From how many pages the writer makes the log start over, once the rest is small.
const START_OVER: i64 = 4096;

/// A rest that the writer copies at once.
const REST: i64 = 512;

/// The log never grows much beyond so many pages of 8 KiB.
const LIMIT: i64 = 16_384;

/// How many transactions go by between two looks at the log.
const EVERY: u32 = 8;

/// After so much time the thread writes back what there is.
const IDLE: Duration = Duration::from_secs(1);

statement! {
    /// Looks at the log.
    Look {} -> (BigInt, BigInt, BigInt) = "PRAGMA wal_checkpoint(NOOP)";
}

statement! {
    /// Writes back what nobody needs, without waiting for anybody.
    WriteBack {} -> (BigInt, BigInt, BigInt) = "PRAGMA wal_checkpoint(PASSIVE)";
}

statement! {
    /// Writes back everything, waiting for whoever is at it.
    WriteBackAll {} -> (BigInt, BigInt, BigInt) = "PRAGMA wal_checkpoint(FULL)";
}

statement! {
    /// Writes back everything and empties the log.
    Truncate {} -> (BigInt, BigInt, BigInt) = "PRAGMA wal_checkpoint(TRUNCATE)";
}

/// What the thread and the writer tell each other.
#[derive(Default)]
pub(crate) struct Checkpointer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_dirty: bool,
    is_woken: bool,
    is_closed: bool,
    /// Transactions since the writer looked.
    transactions: u32,
}

/// Writes back everything and empties the log.
pub(crate) fn truncate(connection: &mut SqliteConnection) -> Result<()> {
    let done: QueryResult<(i64, i64, i64)> = Truncate {}.get_result(connection);
    done.map(|_| ()).map_err(|error| unavailable(&error))
}

impl Checkpointer {
    /// Works until [`close`](Self::close).
    pub(crate) fn work(&self, connection: &mut SqliteConnection) {
        while self.wait() {
            let done: QueryResult<(i64, i64, i64)> = WriteBack {}.get_result(connection);
            if let Err(error) = done {
                tracing::warn!(%error, "the log was not written back");
            }
        }
    }

    /// Called by the writer after each transaction.
    pub(crate) fn watch(&self, connection: &mut SqliteConnection) {
        let mut state = self.lock();
        state.is_dirty = true;
        state.transactions += 1;
        if state.transactions < EVERY {
            return;
        }
        state.transactions = 0;
        drop(state);
        let Ok((_, pages, copied)) = Look {}.get_result::<(i64, i64, i64)>(connection) else {
            return;
        };
        let rest = pages - copied;
        if pages >= LIMIT {
            let _ = WriteBackAll {}.get_result::<(i64, i64, i64)>(connection);
        } else if pages >= START_OVER && rest <= REST {
            let _ = WriteBack {}.get_result::<(i64, i64, i64)>(connection);
        } else if rest >= WAKE || pages >= START_OVER {
            self.lock().is_woken = true;
            self.changed.notify_one();
        }
    }

    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for work; `false` at the end.
    fn wait(&self) -> bool {
        let mut state = self.lock();
        while !state.is_closed && !state.is_woken {
            let waited = self.changed.wait_timeout(state, IDLE);
            let (next, time) = waited.unwrap_or_else(PoisonError::into_inner);
            state = next;
            if time.timed_out() && state.is_dirty {
                break;
            }
        }
        state.is_woken = false;
        state.is_dirty = false;
        !state.is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
