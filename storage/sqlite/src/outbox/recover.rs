//! Leases of a process that is gone: one process owns the file, so whoever opens it knows that nobody else works.

use diesel::sql_types::BigInt;
use diesel::{RunQueryDsl, SqliteConnection};
use sukkal_storage::{Millis, Result};

use crate::error::unavailable;
use crate::statement::statement;

statement! {
    /// Lets queues with leased work have some now.
    ReadyNow { now: i64 => BigInt, after: i64 => BigInt }
        = "UPDATE queue SET work_at = ? WHERE key IN \
           (SELECT q.key FROM queue q INDEXED BY queue_work WHERE q.work_at > ? AND \
             (EXISTS (SELECT 1 FROM outbox o INDEXED BY outbox_open WHERE o.log = q.log AND o.open = 1) \
              OR EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_leased \
                         WHERE d.log = q.log AND d.lease IS NOT NULL)))";
}

statement! {
    /// Frees leased entries.
    FreeLeased {}
        = "UPDATE outbox SET lease_until = 1099511627776 WHERE key IN \
           (SELECT o.key FROM queue q INDEXED BY queue_work \
            CROSS JOIN outbox o INDEXED BY outbox_open ON o.log = q.log \
            WHERE q.work_at IS NOT NULL AND o.open = 1 AND o.lease_until > 1099511627776)";
}

statement! {
    /// Makes leased deliveries due.
    DueLeased { now: i64 => BigInt }
        = "UPDATE delivery SET due_at = min(due_at, ?), lease = NULL WHERE key IN \
           (SELECT key FROM delivery INDEXED BY delivery_leased WHERE lease IS NOT NULL)";
}

/// Ends all leases of entries and deliveries.
pub(crate) fn end_leases(connection: &mut SqliteConnection, now: Millis) -> Result<()> {
    let mut end = || {
        ReadyNow { now, after: now }.execute(connection)?;
        FreeLeased {}.execute(connection)?;
        DueLeased { now }.execute(connection)
    };
    end().map(drop).map_err(|error| unavailable(&error))
}
