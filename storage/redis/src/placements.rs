//! The layout of pools and the catalogue: three keys under one tag.

use std::sync::Arc;

use async_trait::async_trait;
use redis::Value;
use sukkal_storage::{
    Layout, PlaceQueue, PlacementStore, QueueKey, ReleaseQueue, ReplaceLayout, Result, StorageError,
};

use crate::keys::{COUNTS, LAYOUT, PLACES, project_keys};
use crate::reply::{Reply, integer, unexpected};
use crate::script::{LAYOUT_REPLACE, PLACE, RELEASE};
use crate::store::{RedisStore, keys};

const KEYS: [&str; 3] = [LAYOUT, PLACES, COUNTS];

#[async_trait]
impl PlacementStore for RedisStore {
    async fn layout(&self) -> Result<Layout> {
        let mut get = redis::cmd("HMGET");
        get.arg(LAYOUT).arg("revision").arg("text");
        let mut reply = Reply::plain(self.connection.send(&get).await?)?;
        let (revision, text) = (reply.bytes()?, reply.bytes()?);
        let revision = match revision.is_empty() {
            true => 0,
            false => integer(Value::BulkString(revision.into()))?,
        };
        Ok(Layout { revision: revision.unsigned_abs(), text })
    }

    async fn replace_layout(&self, command: ReplaceLayout) -> Result<u64> {
        let mut call = LAYOUT_REPLACE.on_keys(&KEYS);
        call.number(command.revision).raw(&command.text);
        for pool in &command.removed {
            call.raw(pool.as_bytes());
        }
        let mut reply = Reply::plain(self.connection.write(&call).await?)?;
        match reply.number()? {
            -1 => Err(StorageError::RecordChanged),
            -2 => {
                let used = usize::try_from(reply.number()?).ok();
                let pool = used.and_then(|index| command.removed.get(index));
                Err(pool.map_or_else(unexpected, |pool| StorageError::PoolIsUsed(pool.clone())))
            }
            revision => Ok(revision.unsigned_abs()),
        }
    }

    async fn pool_of(&self, queue: &QueueKey) -> Result<Option<Arc<str>>> {
        let mut get = redis::cmd("HGET");
        get.arg(PLACES).arg(keys(queue).tag());
        match self.connection.send(&get).await? {
            Value::Nil => Ok(None),
            value => pool(value).map(Some),
        }
    }

    async fn place(&self, command: PlaceQueue) -> Result<Arc<str>> {
        let mut call = PLACE.on_keys(&KEYS);
        call.raw(keys(&command.queue).tag().as_bytes()).raw(command.pool.as_bytes());
        call.number(command.revision);
        match self.connection.write(&call).await? {
            Value::Int(-1) => Err(StorageError::RecordChanged),
            value => pool(value),
        }
    }

    async fn release(&self, command: ReleaseQueue) -> Result<()> {
        let [_, records, _] = project_keys(&command.queue.project, command.queue.kind);
        let mut call = RELEASE.on_keys(&[LAYOUT, PLACES, COUNTS, &records]);
        call.raw(keys(&command.queue).tag().as_bytes()).raw(command.pool.as_bytes());
        call.raw(command.queue.name.as_bytes());
        self.connection.write(&call).await.map(|_| ())
    }

    async fn placed_in(&self, pool: &str) -> Result<u64> {
        let mut get = redis::cmd("HGET");
        get.arg(COUNTS).arg(pool);
        match self.connection.send(&get).await? {
            Value::Nil => Ok(0),
            value => integer(value).map(i64::unsigned_abs),
        }
    }
}

fn pool(value: Value) -> Result<Arc<str>> {
    match value {
        Value::BulkString(name) => String::from_utf8(name).map(Arc::from).map_err(|_| unexpected()),
        _ => Err(unexpected()),
    }
}
