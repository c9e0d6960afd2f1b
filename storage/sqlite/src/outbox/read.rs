//! Reading the outbox without changing it.

use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    Backlog, KEPT_FOR_FOLLOWERS, Marker, Millis, OutboxEntry, QueueKey, ReadEntries, ReadyQueues,
    Result,
};

use super::entries::{Columns, Row, columns, entry, size};
use crate::command::Query;
use crate::error::Failure;
use crate::row::queue_key;
use crate::session::{FindQueue, QueueRow};
use crate::statement::statement;

statement! {
    /// Finds the queues with something to be leased, those first that have waited longest.
    ReadyFirst { now: i64 => BigInt, limit: i64 => BigInt } -> (Binary, BigInt, Binary)
        = "SELECT project, kind, name FROM queue INDEXED BY queue_work \
           WHERE work_at <= ? ORDER BY work_at, work_turn LIMIT ?";
}

statement! {
    /// Reads what was posted to a queue from a place on: kept entries for so long.
    PostsFrom<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        after: i64 => BigInt,
        posted_until: i64 => BigInt,
        limit: i64 => BigInt,
    } -> Columns
        = concat!(columns!(), "FROM queue q INDEXED BY queue_name \
           CROSS JOIN outbox o INDEXED BY outbox_place ON o.log = q.log \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? AND o.marker > ? AND o.kind = 0 \
             AND (o.open = 1 OR o.deliveries > 0 OR o.posted_at > ?) \
           ORDER BY o.marker LIMIT ?");
}

statement! {
    /// Finds when the oldest open entry was posted. Deleted queues are looked through only so far.
    OldestOpen {} -> (BigInt,)
        = "SELECT o.posted_at FROM (SELECT log, posted_at FROM outbox INDEXED BY outbox_age \
             WHERE open = 1 ORDER BY posted_at LIMIT 4096) o \
           CROSS JOIN queue q INDEXED BY queue_log ON q.log = o.log LIMIT 1";
}

statement! {
    /// Finds when the first delivery is due. Deleted queues are looked through only so far.
    FirstDelivery {} -> (BigInt,)
        = "SELECT d.due_at FROM (SELECT log, due_at FROM delivery INDEXED BY delivery_age \
             WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 4096) d \
           CROSS JOIN queue q INDEXED BY queue_log ON q.log = d.log LIMIT 1";
}

impl Query for ReadyQueues {
    type Output = Vec<QueueKey>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<QueueKey>, Failure> {
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let rows: Vec<(Vec<u8>, i64, Vec<u8>)> =
            ReadyFirst { now: self.now, limit }.load(connection)?;
        let key = |row: &(Vec<u8>, i64, Vec<u8>)| queue_key((&row.0, row.1, &row.2));
        Ok(rows.iter().map(key).collect::<Result<_>>()?)
    }
}

impl Query for ReadEntries {
    type Output = Vec<OutboxEntry>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<OutboxEntry>, Failure> {
        let posts = PostsFrom {
            project: self.queue.project.as_bytes(),
            kind: self.queue.kind as i64,
            name: self.queue.name.as_bytes(),
            after: self.after,
            posted_until: self.now.saturating_sub(KEPT_FOR_FOLLOWERS),
            limit: i64::try_from(self.limit).unwrap_or(i64::MAX),
        };
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for row in posts.load_iter(connection)? {
            let row: Row = row?;
            match entry(&self.queue, row) {
                Ok(entry) => {
                    bytes = bytes.saturating_add(size(&entry));
                    found.push(OutboxEntry { after: None, ..entry });
                    if bytes >= self.max_bytes {
                        break;
                    }
                }
                Err(error) => tracing::error!(%error, "a damaged entry of the outbox is left out"),
            }
        }
        Ok(found)
    }
}

/// Reads the highest markers.
pub(crate) struct ReadHeads(pub(crate) Vec<QueueKey>);

impl Query for ReadHeads {
    type Output = Vec<Marker>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<Marker>, Failure> {
        let mut heads = Vec::with_capacity(self.0.len());
        for queue in &self.0 {
            let row: Option<QueueRow> = FindQueue::of(queue).get_result(connection).optional()?;
            heads.push(row.map_or(0, |((.., next_marker), _)| next_marker - 1));
        }
        Ok(heads)
    }
}

/// Reads what waits.
pub(crate) struct ReadBacklog;

impl Query for ReadBacklog {
    type Output = Backlog;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Backlog, Failure> {
        let entry: Option<(Millis,)> = OldestOpen {}.get_result(connection).optional()?;
        let delivery: Option<(Millis,)> = FirstDelivery {}.get_result(connection).optional()?;
        Ok(Backlog {
            oldest_entry: entry.map(|(posted_at,)| posted_at),
            next_delivery: delivery.map(|(due_at,)| due_at),
        })
    }
}
