//! The control role: the records of queues and topics.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    ControlDriver, CreateQueue, DeleteQueue, Kind, ListQueues, PlacementStore, QueueKey,
    QueueRecord, QueueStore, Result, StorageError, StoreStatus, UpdateQueue,
};

use crate::command::{Command, Query};
use crate::data::Role;
use crate::error::Failure;
use crate::placements::lies_in;
use crate::row::text;
use crate::session::Session;
use crate::statement::statement;

/// How many records a filtered list reads at once.
const STEP: usize = 256;

statement! {
    /// Reads records in the order of their names.
    ListRecords<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        after: &'a [u8] => Binary,
        limit: i64 => BigInt,
    } -> (Binary, Binary, BigInt, BigInt)
        = "SELECT name, metadata, generation, revision FROM record \
           WHERE project = ? AND kind = ? AND name > ? ORDER BY name LIMIT ?";
}

statement! {
    /// Counts the records of one kind of a project.
    CountRecords<'a> { project: &'a [u8] => Binary, kind: i64 => BigInt } -> (BigInt,)
        = "SELECT count(*) FROM record WHERE project = ? AND kind = ?";
}

statement! {
    /// Reads a record.
    FindRecord<'a> { project: &'a [u8] => Binary, kind: i64 => BigInt, name: &'a [u8] => Binary }
        -> (Binary, Binary, BigInt, BigInt)
        = "SELECT name, metadata, generation, revision FROM record \
           WHERE project = ? AND kind = ? AND name = ?";
}

statement! {
    /// Reads a record with the pool of its queue, empty if it has none.
    FindPlacedRecord<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
    } -> (Binary, Binary, BigInt, BigInt, Binary)
        = "SELECT r.name, r.metadata, r.generation, r.revision, coalesce(p.pool, X'') \
           FROM record r LEFT JOIN place p \
             ON p.project = r.project AND p.kind = r.kind AND p.name = r.name \
           WHERE r.project = ? AND r.kind = ? AND r.name = ?";
}

statement! {
    /// Writes a record.
    PutRecord<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        metadata: &'a [u8] => Binary,
        generation: i64 => BigInt,
        revision: i64 => BigInt,
    } = "INSERT OR REPLACE INTO record (project, kind, name, metadata, generation, revision) \
         VALUES (?, ?, ?, ?, ?, ?)";
}

statement! {
    /// Deletes a record of an earlier generation.
    RemoveRecord<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        below: i64 => BigInt,
    } = "DELETE FROM record WHERE project = ? AND kind = ? AND name = ? AND generation < ?";
}

statement! {
    /// Counts the revisions of all records on, so that a record made anew repeats none.
    CountRevision {} = "UPDATE counter SET value = value + 1 WHERE name = 'revision'";
}

statement! {
    /// Reads the last revision.
    LastRevision {} -> (BigInt,) = "SELECT value FROM counter WHERE name = 'revision'";
}

type Row = (Vec<u8>, Vec<u8>, i64, i64);

type PlacedRow = (Vec<u8>, Vec<u8>, i64, i64, Vec<u8>);

/// The control role of an open store.
pub(crate) struct SqliteControl(pub(crate) Role);

#[async_trait]
impl ControlDriver for SqliteControl {
    fn queues(&self) -> &dyn QueueStore {
        self
    }

    fn placements(&self) -> &dyn PlacementStore {
        self
    }

    async fn ping(&self) -> Result<()> {
        self.0.ping().await
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.0.status()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

#[async_trait]
impl QueueStore for SqliteControl {
    async fn list(&self, query: ListQueues) -> Result<Vec<QueueRecord>> {
        self.0.read(None, query).await
    }

    async fn count(&self, project: &str, kind: Kind) -> Result<u64> {
        self.0.read(None, Count(project.into(), kind)).await
    }

    async fn get(&self, queue: &QueueKey) -> Result<Option<QueueRecord>> {
        self.0.read(Some(queue), Get(queue.clone())).await
    }

    async fn create(&self, command: CreateQueue) -> Result<bool> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn update(&self, command: UpdateQueue) -> Result<u64> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn delete(&self, command: DeleteQueue) -> Result<bool> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }
}

fn record((name, metadata, generation, revision): Row) -> Result<QueueRecord> {
    Ok(QueueRecord {
        name: text(&name)?,
        metadata: metadata.into(),
        generation: generation.cast_unsigned(),
        revision: revision.cast_unsigned(),
        pool: None,
    })
}

pub(crate) fn find(
    connection: &mut SqliteConnection,
    queue: &QueueKey,
) -> Result<Option<QueueRecord>, Failure> {
    let (project, name) = (queue.project.as_bytes(), queue.name.as_bytes());
    let find = FindRecord { project, kind: queue.kind as i64, name };
    let row: Option<Row> = find.get_result(connection).optional()?;
    Ok(row.map(record).transpose()?)
}

impl Query for ListQueues {
    type Output = Vec<QueueRecord>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<QueueRecord>, Failure> {
        let step = if self.filter.is_empty() { self.limit } else { STEP };
        let mut after = self.after.clone().unwrap_or_default().into_bytes();
        let mut page = Vec::new();
        loop {
            let limit = i64::try_from(step).unwrap_or(i64::MAX);
            let (project, kind) = (self.project.as_bytes(), self.kind as i64);
            let list = ListRecords { project, kind, after: &after, limit };
            let rows: Vec<Row> = list.load(connection)?;
            let is_last = rows.len() < step;
            for row in rows {
                let record = record(row)?;
                after = record.name.as_bytes().to_vec();
                if self.filter.matches(&record.name, &record.metadata) {
                    page.push(record);
                }
                if page.len() >= self.limit {
                    return Ok(page);
                }
            }
            if is_last {
                return Ok(page);
            }
        }
    }
}

struct Count(Arc<str>, Kind);

impl Query for Count {
    type Output = u64;

    fn read(&self, connection: &mut SqliteConnection) -> Result<u64, Failure> {
        let count = CountRecords { project: self.0.as_bytes(), kind: self.1 as i64 };
        let (count,): (i64,) = count.get_result(connection)?;
        Ok(count.cast_unsigned())
    }
}

struct Get(QueueKey);

impl Query for Get {
    type Output = Option<QueueRecord>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Option<QueueRecord>, Failure> {
        let (project, name) = (self.0.project.as_bytes(), self.0.name.as_bytes());
        let find = FindPlacedRecord { project, kind: self.0.kind as i64, name };
        let found: Option<PlacedRow> = find.get_result(connection).optional()?;
        let Some((name, metadata, generation, revision, pool)) = found else { return Ok(None) };
        let mut record = record((name, metadata, generation, revision))?;
        if !pool.is_empty() {
            record.pool = Some(text(&pool)?);
        }
        Ok(Some(record))
    }
}

impl Command for CreateQueue {
    type Output = bool;

    fn run(&self, session: &mut Session) -> Result<bool, Failure> {
        let connection = &mut session.connection;
        if !lies_in(connection, &self.queue, self.pool.as_ref())? {
            return Err(StorageError::QueueChanged.into());
        }
        let existing = find(connection, &self.queue)?;
        if existing.is_some_and(|record| record.generation >= self.generation) {
            return Ok(false);
        }
        put(connection, &self.queue, &self.metadata, self.generation)?;
        Ok(true)
    }
}

impl Command for UpdateQueue {
    type Output = u64;

    fn run(&self, session: &mut Session) -> Result<u64, Failure> {
        let connection = &mut session.connection;
        let record = find(connection, &self.queue)?.ok_or(StorageError::QueueDoesNotExist)?;
        if record.revision != self.revision {
            return Err(StorageError::RecordChanged.into());
        }
        put(connection, &self.queue, &self.metadata, record.generation)
    }
}

impl Command for DeleteQueue {
    type Output = bool;

    fn run(&self, session: &mut Session) -> Result<bool, Failure> {
        if !lies_in(&mut session.connection, &self.queue, self.pool.as_ref())? {
            return Ok(false);
        }
        let remove = RemoveRecord {
            project: self.queue.project.as_bytes(),
            kind: self.queue.kind as i64,
            name: self.queue.name.as_bytes(),
            below: self.below.cast_signed(),
        };
        Ok(remove.execute(&mut session.connection)? > 0)
    }
}

/// Writes a record with the next revision; returns that.
fn put(
    connection: &mut SqliteConnection,
    queue: &QueueKey,
    metadata: &[u8],
    generation: u64,
) -> Result<u64, Failure> {
    CountRevision {}.execute(connection)?;
    let (revision,): (i64,) = LastRevision {}.get_result(connection)?;
    let put = PutRecord {
        project: queue.project.as_bytes(),
        kind: queue.kind as i64,
        name: queue.name.as_bytes(),
        metadata,
        generation: generation.cast_signed(),
        revision,
    };
    put.execute(connection)?;
    Ok(revision.cast_unsigned())
}
