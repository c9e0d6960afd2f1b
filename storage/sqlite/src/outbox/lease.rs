//! Leasing entries.

use diesel::sql_types::{BigInt, Binary};
use diesel::{RunQueryDsl, SqliteConnection};
use sukkal_storage::{LeaseWork, OutboxEntry, Result};

use super::advance::remove_if_over;
use super::entries::{Columns, Row, columns, entry, held, size};
use super::work::{look_again, look_behind};
use crate::command::Command;
use crate::error::Failure;
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Frees the entries of a log whose lease has ended; until somebody takes them, that lease still holds.
    FreeEnded { log: i64 => BigInt, now: i64 => BigInt }
        = "UPDATE outbox SET lease_until = 1099511627776 WHERE key IN \
           (SELECT key FROM outbox INDEXED BY outbox_open \
            WHERE log = ? AND open = 1 AND lease_until > 1099511627776 AND lease_until <= ?)";
}

statement! {
    /// Reads the free entries of a log in order.
    FreeEntries { log: i64 => BigInt, limit: i64 => BigInt } -> Columns
        = concat!(columns!(), "FROM outbox o INDEXED BY outbox_open \
           WHERE o.log = ? AND o.open = 1 AND o.lease_until = 1099511627776 \
           ORDER BY o.marker LIMIT ?");
}

statement! {
    /// Puts an entry under a lease.
    TakeEntry<'a> { lease_until: i64 => BigInt, lease: &'a [u8] => Binary, key: i64 => BigInt }
        = "UPDATE outbox SET lease_until = ?, lease = ? WHERE key = ?";
}

statement! {
    /// Takes an entry from the workers.
    CloseEntry { key: i64 => BigInt } = "UPDATE outbox SET open = 0 WHERE key = ?";
}

statement! {
    /// Removes an entry.
    RemoveEntry { key: i64 => BigInt } = "DELETE FROM outbox WHERE key = ?";
}

/// Leases entries.
pub(crate) struct LeaseEntries(pub(crate) LeaseWork);

impl Command for LeaseEntries {
    type Output = Vec<OutboxEntry>;

    fn run(&self, session: &mut Session) -> Result<Vec<OutboxEntry>, Failure> {
        let command = &self.0;
        let Some(handle) = session.find(&command.queue)? else { return Ok(Vec::new()) };
        let log = session.queue(handle).log;
        let connection = &mut session.connection;
        FreeEnded { log, now: held(command.now) }.execute(connection)?;
        let found = self.free(connection, log)?;
        let mut leased = Vec::with_capacity(found.len());
        for (key, entry) in found {
            match entry {
                Some(entry) => {
                    let lease_until = held(command.until);
                    let lease = command.lease.as_bytes();
                    TakeEntry { lease_until, lease, key }.execute(connection)?;
                    leased.push(entry);
                }
                None => {
                    CloseEntry { key }.execute(connection)?;
                    remove_if_over(connection, key, false, command.now)?;
                }
            }
        }
        if leased.is_empty() {
            look_again(session, handle, command.now)?;
        } else {
            look_behind(session, handle, command.now)?;
        }
        Ok(leased)
    }
}

impl LeaseEntries {
    /// Reads free entries until there are enough; without the entry if it is damaged.
    fn free(
        &self,
        connection: &mut SqliteConnection,
        log: i64,
    ) -> Result<Vec<(i64, Option<OutboxEntry>)>, Failure> {
        let limit = i64::try_from(self.0.limit).unwrap_or(i64::MAX);
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for row in (FreeEntries { log, limit }).load_iter(connection)? {
            let row: Row = row?;
            let key = row.0;
            match entry(&self.0.queue, row) {
                Ok(entry) => {
                    bytes = bytes.saturating_add(size(&entry));
                    found.push((key, Some(entry)));
                    if bytes >= self.0.max_bytes {
                        break;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "a damaged entry of the outbox is dropped");
                    found.push((key, None));
                }
            }
        }
        Ok(found)
    }
}
