//! Generations and sealing.

use async_trait::async_trait;
use redis::Value;
use sukkal_storage::{Generation, QueueKey, QueueState, QueueStateStore, Result};

use crate::reply::{Reply, integer};
use crate::script::{SEAL, UNSEAL};
use crate::store::{RedisStore, keys};

#[async_trait]
impl QueueStateStore for RedisStore {
    async fn state(&self, queue: &QueueKey) -> Result<QueueState> {
        let mut get = redis::cmd("HMGET");
        get.arg(keys(queue).base()).arg("g").arg("s");
        let mut reply = Reply::plain(self.connection.send(&get).await?)?;
        let (generation, sealed) = (reply.bytes()?, reply.bytes()?);
        let generation = match generation.is_empty() {
            true => 0,
            false => integer(Value::BulkString(generation.into()))?,
        };
        Ok(QueueState { generation: generation.unsigned_abs(), sealed: !sealed.is_empty() })
    }

    async fn seal(&self, queue: &QueueKey) -> Result<Generation> {
        let call = SEAL.on(&keys(queue), 0, 0);
        integer(self.connection.write(&call).await?).map(i64::unsigned_abs)
    }

    async fn unseal(&self, queue: &QueueKey, generation: Generation) -> Result<()> {
        let mut call = UNSEAL.on(&keys(queue), 1, 20);
        call.number(generation);
        self.connection.write(&call).await.map(|_| ())
    }
}
