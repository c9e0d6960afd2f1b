//! Creating and deleting queues, from any number of servers at the same time.
//!
//! A record is created and deleted only as long as its queue has the place that was looked at, and a place
//! is given up only by a queue without a record. So no step of a server that is late can touch a queue that
//! was made anew elsewhere.

use std::sync::Arc;

use bytes::Bytes;
use sukkal_storage::{
    CreateQueue, DeleteQueue, Generation, QueueKey, QueueState, Result, StorageError,
};

use super::home::{CreateError, Home};
use super::{NO_METADATA, Placement, Queue};

/// How often creating is tried when the place of the queue is given up meanwhile.
const TRIES: usize = 8;
/// How many generations a store may be behind the record of a queue, as after it lost its data.
const MOST_BEHIND: Generation = 100_000;

impl Placement {
    /// Creates a queue in a pool of this flavor; tells whether it did.
    ///
    /// # Errors
    /// The flavor does not exist, no pool takes the queue, or a store is not available.
    pub async fn create(
        &self,
        key: &QueueKey,
        metadata: Bytes,
        flavor: Option<&str>,
    ) -> Result<bool, CreateError> {
        if let Some(flavor) = flavor {
            self.check_flavor(&key.project, flavor).await?;
        }
        for _ in 0..TRIES {
            let home = match self.control().queues().get(key).await? {
                Some(record) => self.home_of_record(key, &record).await?,
                None => {
                    self.leave_unfit(key, flavor).await?;
                    self.place(key, flavor, false).await?
                }
            };
            let state = self.settled(key, &home).await?;
            match self.create_at(key, metadata.clone(), state.generation, &home).await {
                Ok(created) => {
                    if created {
                        self.forget(key);
                    }
                    return Ok(created);
                }
                // Its place was given up meanwhile.
                Err(StorageError::QueueChanged) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StorageError::QueueChanged.into())
    }

    /// Forgets what is known of a queue, finishes a deletion that was left half-way, and opens it anew.
    pub async fn reopen(&self, key: &QueueKey) -> Result<Arc<Queue>> {
        self.forget(key);
        let Some(record) = self.control().queues().get(key).await? else {
            return self.open(key).await;
        };
        let home = self.home_of_record(key, &record).await?;
        let state = self.settled(key, &home).await?;
        if record.generation < state.generation {
            self.create_at(key, NO_METADATA, state.generation, &home).await?;
        } else if record.generation > state.generation {
            self.catch_up(key, &home, record.generation, state.generation).await?;
        }
        self.open(key).await
    }

    /// Deletes a queue with everything in it.
    ///
    /// The data is sealed first, so that no post with an old generation can be lost, and opened again last.
    pub async fn delete(&self, key: &QueueKey) -> Result<()> {
        self.forget(key);
        let record = self.control().queues().get(key).await?;
        let home = match &record {
            Some(record) => Some(self.home_of_record(key, record).await?),
            None => self.home_of(key).await?,
        };
        let Some(home) = home else { return Ok(()) };
        if record.is_some() || home.pool.data.queues().state(key).await?.sealed {
            let mut generation = home.pool.data.queues().seal(key).await?;
            if let Some(record) = record.filter(|record| record.generation >= generation) {
                let above = record.generation + 1;
                generation = self.raise(key, &home, above, generation).await?;
            }
            self.finish_deletion(key, generation, &home).await?;
            self.forget(key);
        }
        self.release(key, &home).await
    }

    /// The state of a queue that is not being deleted: a deletion under way is finished first.
    async fn settled(&self, key: &QueueKey, home: &Home) -> Result<QueueState> {
        let mut state = home.pool.data.queues().state(key).await?;
        if state.sealed {
            self.finish_deletion(key, state.generation, home).await?;
            state.sealed = false;
        }
        Ok(state)
    }

    async fn finish_deletion(
        &self,
        key: &QueueKey,
        generation: Generation,
        home: &Home,
    ) -> Result<()> {
        let command =
            DeleteQueue { queue: key.clone(), below: generation, pool: home.name.clone() };
        self.control().queues().delete(command).await?;
        home.pool.data.queues().unseal(key, generation).await
    }

    async fn create_at(
        &self,
        key: &QueueKey,
        metadata: Bytes,
        generation: Generation,
        home: &Home,
    ) -> Result<bool> {
        let (queue, pool) = (key.clone(), home.name.clone());
        let command = CreateQueue { queue, metadata, generation, pool, now: self.now() };
        self.control().queues().create(command).await
    }

    /// Brings a store that lost its data, or never had any, to the generation of a record.
    async fn catch_up(
        &self,
        key: &QueueKey,
        home: &Home,
        wanted: Generation,
        found: Generation,
    ) -> Result<()> {
        tracing::warn!(queue = %key, wanted, found, "the store of a queue has lost its data");
        let reached = self.raise(key, home, wanted, found).await?;
        home.pool.data.queues().unseal(key, reached).await
    }

    async fn raise(
        &self,
        key: &QueueKey,
        home: &Home,
        wanted: Generation,
        mut found: Generation,
    ) -> Result<Generation> {
        if wanted.saturating_sub(found) > MOST_BEHIND {
            return Err(StorageError::unavailable(
                "the store is too far behind the record of a queue",
            ));
        }
        while found < wanted {
            found = home.pool.data.queues().seal(key).await?;
        }
        Ok(found)
    }
}
