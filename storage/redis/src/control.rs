//! The control role: per project and kind a sorted set of names and a hash of records.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use sukkal_storage::{
    ControlDriver, CreateQueue, DeleteQueue, Kind, ListQueues, PlacementStore, QueueKey,
    QueueRecord, QueueStore, Result, StorageError, StoreStatus, UpdateQueue,
};

use crate::keys::{PLACES, project_keys};
use crate::reply::{Reply, integer, unexpected};
use crate::script::{QUEUE_CREATE, QUEUE_DELETE, QUEUE_GET, QUEUE_LIST, QUEUE_UPDATE};
use crate::store::{RedisStore, keys};

/// How many records one script reads.
const PAGE: usize = 100;

#[async_trait]
impl ControlDriver for RedisStore {
    fn queues(&self) -> &dyn QueueStore {
        self
    }

    fn placements(&self) -> &dyn PlacementStore {
        self
    }

    async fn ping(&self) -> Result<()> {
        self.ping().await
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.status().await
    }

    async fn close(&self) {
        self.connection.close().await;
    }
}

#[async_trait]
impl QueueStore for RedisStore {
    async fn list(&self, query: ListQueues) -> Result<Vec<QueueRecord>> {
        let keys = project_keys(&query.project, query.kind);
        let mut start = query.after.map_or_else(|| "-".to_owned(), |name| format!("({name}"));
        let mut found = Vec::new();
        loop {
            let wanted = query.limit - found.len();
            let count = if query.filter.is_empty() { wanted.min(PAGE) } else { PAGE };
            let mut call = QUEUE_LIST.on_keys(&keys);
            call.raw(start.as_bytes()).number(count);
            let mut reply = Reply::plain(self.connection.read(&call).await?)?;
            let is_last = reply.len() < 2 * count;
            while reply.len() > 0 {
                let (name, value) = (reply.text()?, reply.bytes()?);
                start = format!("({name}");
                let record = record(name.into(), value)?;
                if query.filter.matches(&record.name, &record.metadata) {
                    found.push(record);
                }
                if found.len() == query.limit {
                    return Ok(found);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    async fn count(&self, project: &str, kind: Kind) -> Result<u64> {
        let mut count = redis::cmd("ZCARD");
        count.arg(&project_keys(project, kind)[0]);
        integer(self.connection.send(&count).await?).map(i64::unsigned_abs)
    }

    async fn get(&self, queue: &QueueKey) -> Result<Option<QueueRecord>> {
        let [_, records, _] = project_keys(&queue.project, queue.kind);
        let mut call = QUEUE_GET.on_keys(&[&*records, PLACES]);
        call.raw(queue.name.as_bytes()).raw(keys(queue).tag().as_bytes());
        let reply = match self.connection.read(&call).await? {
            redis::Value::Nil => return Ok(None),
            reply => reply,
        };
        let mut reply = Reply::plain(reply)?;
        let mut record = record(queue.name.clone(), reply.bytes()?)?;
        if reply.len() > 0 {
            record.pool = Some(reply.text()?.into());
        }
        Ok(Some(record))
    }

    async fn create(&self, command: CreateQueue) -> Result<bool> {
        let [names, records, revision] = project_keys(&command.queue.project, command.queue.kind);
        let mut call = QUEUE_CREATE.on_keys(&[&*names, &*records, &*revision, PLACES]);
        call.raw(command.queue.name.as_bytes());
        call.number(command.generation).raw(&command.metadata);
        call.raw(keys(&command.queue).tag().as_bytes());
        call.raw(command.pool.as_deref().unwrap_or_default().as_bytes());
        match integer(self.connection.write(&call).await?)? {
            -1 => Err(StorageError::QueueChanged),
            created => Ok(created == 1),
        }
    }

    async fn update(&self, command: UpdateQueue) -> Result<u64> {
        let mut call =
            QUEUE_UPDATE.on_keys(&project_keys(&command.queue.project, command.queue.kind));
        call.raw(command.queue.name.as_bytes()).number(command.revision).raw(&command.metadata);
        match integer(self.connection.write(&call).await?)? {
            -1 => Err(StorageError::QueueDoesNotExist),
            -2 => Err(StorageError::RecordChanged),
            revision => Ok(revision.unsigned_abs()),
        }
    }

    async fn delete(&self, command: DeleteQueue) -> Result<bool> {
        let [names, records, _] = project_keys(&command.queue.project, command.queue.kind);
        let mut call = QUEUE_DELETE.on_keys(&[&*names, &*records, PLACES]);
        call.raw(command.queue.name.as_bytes()).number(command.below);
        call.raw(keys(&command.queue).tag().as_bytes());
        call.raw(command.pool.as_deref().unwrap_or_default().as_bytes());
        Ok(integer(self.connection.write(&call).await?)? == 1)
    }
}

/// Reads a record: revision and generation, then the metadata.
fn record(name: Arc<str>, mut value: Bytes) -> Result<QueueRecord> {
    if value.len() < 16 {
        return Err(unexpected());
    }
    let (revision, generation) = (value.get_f64() as u64, value.get_f64() as u64);
    Ok(QueueRecord { name, metadata: value, generation, revision, pool: None })
}
