//! The layout of pools and the catalogue.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    Layout, PlaceQueue, PlacementStore, QueueKey, ReleaseQueue, ReplaceLayout, Result, StorageError,
};

use crate::command::{Command, Query};
use crate::control::{SqliteControl, find};
use crate::error::Failure;
use crate::row::text;
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Reads the layout.
    ReadLayout {} -> (BigInt, Binary) = "SELECT revision, text FROM layout WHERE key = 1";
}

statement! {
    /// Replaces the layout.
    WriteLayout<'a> { revision: i64 => BigInt, text: &'a [u8] => Binary }
        = "UPDATE layout SET revision = ?, text = ? WHERE key = 1";
}

statement! {
    /// Finds any queue that lies in a pool.
    AnyPlaceIn<'a> { pool: &'a [u8] => Binary } -> (BigInt,)
        = "SELECT 1 FROM place INDEXED BY place_pool WHERE pool = ? LIMIT 1";
}

statement! {
    /// Counts the queues that lie in a pool.
    CountPlaces<'a> { pool: &'a [u8] => Binary } -> (BigInt,)
        = "SELECT count(*) FROM place INDEXED BY place_pool WHERE pool = ?";
}

statement! {
    /// Reads the pool of a queue.
    FindPlace<'a> { project: &'a [u8] => Binary, kind: i64 => BigInt, name: &'a [u8] => Binary }
        -> (Binary,)
        = "SELECT pool FROM place WHERE project = ? AND kind = ? AND name = ?";
}

statement! {
    /// Places a queue.
    AddPlace<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        pool: &'a [u8] => Binary,
    } = "INSERT INTO place (project, kind, name, pool) VALUES (?, ?, ?, ?)";
}

statement! {
    /// Gives up the place of a queue in a pool.
    RemovePlace<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        pool: &'a [u8] => Binary,
    } = "DELETE FROM place WHERE project = ? AND kind = ? AND name = ? AND pool = ?";
}

#[async_trait]
impl PlacementStore for SqliteControl {
    async fn layout(&self) -> Result<Layout> {
        self.0.read(None, GetLayout).await
    }

    async fn replace_layout(&self, command: ReplaceLayout) -> Result<u64> {
        self.0.execute(None, command).await
    }

    async fn pool_of(&self, queue: &QueueKey) -> Result<Option<Arc<str>>> {
        self.0.read(Some(queue), PoolOf(queue.clone())).await
    }

    async fn place(&self, command: PlaceQueue) -> Result<Arc<str>> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn release(&self, command: ReleaseQueue) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn placed_in(&self, pool: &str) -> Result<u64> {
        self.0.read(None, PlacedIn(pool.into())).await
    }
}

fn layout(connection: &mut SqliteConnection) -> Result<Layout, Failure> {
    let (revision, text): (i64, Vec<u8>) = ReadLayout {}.get_result(connection)?;
    Ok(Layout { revision: revision.cast_unsigned(), text: text.into() })
}

fn pool_of(
    connection: &mut SqliteConnection,
    queue: &QueueKey,
) -> Result<Option<Arc<str>>, Failure> {
    let (project, name) = (queue.project.as_bytes(), queue.name.as_bytes());
    let find = FindPlace { project, kind: queue.kind as i64, name };
    let row: Option<(Vec<u8>,)> = find.get_result(connection).optional()?;
    Ok(row.map(|(pool,)| text(&pool)).transpose()?)
}

/// Whether a queue lies in this pool; without one nothing is asked.
pub(crate) fn lies_in(
    connection: &mut SqliteConnection,
    queue: &QueueKey,
    pool: Option<&Arc<str>>,
) -> Result<bool, Failure> {
    Ok(pool.is_none() || pool_of(connection, queue)?.as_ref() == pool)
}

struct GetLayout;

impl Query for GetLayout {
    type Output = Layout;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Layout, Failure> {
        layout(connection)
    }
}

impl Command for ReplaceLayout {
    type Output = u64;

    fn run(&self, session: &mut Session) -> Result<u64, Failure> {
        let connection = &mut session.connection;
        if layout(connection)?.revision != self.revision {
            return Err(StorageError::RecordChanged.into());
        }
        for pool in &self.removed {
            let any = AnyPlaceIn { pool: pool.as_bytes() };
            let used: Option<(i64,)> = any.get_result(connection).optional()?;
            if used.is_some() {
                return Err(StorageError::PoolIsUsed(Arc::clone(pool)).into());
            }
        }
        let revision = self.revision + 1;
        WriteLayout { revision: revision.cast_signed(), text: &self.text }.execute(connection)?;
        Ok(revision)
    }
}

struct PoolOf(QueueKey);

impl Query for PoolOf {
    type Output = Option<Arc<str>>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Option<Arc<str>>, Failure> {
        pool_of(connection, &self.0)
    }
}

impl Command for PlaceQueue {
    type Output = Arc<str>;

    fn run(&self, session: &mut Session) -> Result<Arc<str>, Failure> {
        let connection = &mut session.connection;
        if let Some(pool) = pool_of(connection, &self.queue)? {
            return Ok(pool);
        }
        if layout(connection)?.revision != self.revision {
            return Err(StorageError::RecordChanged.into());
        }
        let add = AddPlace {
            project: self.queue.project.as_bytes(),
            kind: self.queue.kind as i64,
            name: self.queue.name.as_bytes(),
            pool: self.pool.as_bytes(),
        };
        add.execute(connection)?;
        Ok(Arc::clone(&self.pool))
    }
}

impl Command for ReleaseQueue {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        if find(&mut session.connection, &self.queue)?.is_some() {
            return Ok(());
        }
        let remove = RemovePlace {
            project: self.queue.project.as_bytes(),
            kind: self.queue.kind as i64,
            name: self.queue.name.as_bytes(),
            pool: self.pool.as_bytes(),
        };
        remove.execute(&mut session.connection)?;
        Ok(())
    }
}

struct PlacedIn(Arc<str>);

impl Query for PlacedIn {
    type Output = u64;

    fn read(&self, connection: &mut SqliteConnection) -> Result<u64, Failure> {
        let (count,): (i64,) = CountPlaces { pool: self.0.as_bytes() }.get_result(connection)?;
        Ok(count.cast_unsigned())
    }
}
