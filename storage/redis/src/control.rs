//! The control role: per project and kind a sorted set of names and a hash of records.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use sukkal_storage::{
    ControlDriver, CreateQueue, DeleteQueue, Kind, ListQueues, PlacementStore, QueueKey,
    QueueRecord, QueueStore, Result, StorageError, StoreStatus, UpdateQueue,
};

use crate::keys::project_keys;
use crate::reply::{Reply, integer, unexpected};
use crate::script::{QUEUE_CREATE, QUEUE_DELETE, QUEUE_LIST, QUEUE_UPDATE};
use crate::store::RedisStore;

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
        let mut get = redis::cmd("HGET");
        get.arg(&project_keys(&queue.project, queue.kind)[1]).arg(&*queue.name);
        match self.connection.send(&get).await? {
            redis::Value::Nil => Ok(None),
            redis::Value::BulkString(value) => record(queue.name.clone(), value.into()).map(Some),
            _ => Err(unexpected()),
        }
    }

    async fn create(&self, command: CreateQueue) -> Result<bool> {
        let mut call =
            QUEUE_CREATE.on_keys(&project_keys(&command.queue.project, command.queue.kind));
        call.raw(command.queue.name.as_bytes());
        call.number(command.generation).raw(&command.metadata);
        Ok(integer(self.connection.write(&call).await?)? == 1)
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
        let mut call =
            QUEUE_DELETE.on_keys(&project_keys(&command.queue.project, command.queue.kind));
        call.raw(command.queue.name.as_bytes()).number(command.below);
        Ok(integer(self.connection.write(&call).await?)? == 1)
    }
}

/// Reads a record: revision and generation, then the metadata.
fn record(name: Arc<str>, mut value: Bytes) -> Result<QueueRecord> {
    if value.len() < 16 {
        return Err(unexpected());
    }
    let (revision, generation) = (value.get_f64() as u64, value.get_f64() as u64);
    Ok(QueueRecord { name, metadata: value, generation, revision })
}
