//! Which store holds a queue, and what is known of the queue: the one place that creates and deletes queues.

mod queue;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moka::sync::Cache;
use sukkal_storage::{
    ControlDriver, CreateQueue, DataDriver, DeleteQueue, Generation, Millis, QueueKey, QueueRecord,
    QueueState, Result, Store,
};

pub use queue::Queue;
pub use settings::{QueueSettings, is_queue_name};

use crate::background::TransferTargets;
use crate::clock::Clock;

/// How long a record may be used without asking the store: another server's change is seen after this.
const REMEMBERED: Duration = Duration::from_secs(1);
/// How many queues are remembered.
const MOST_REMEMBERED: u64 = 10_000;
/// The metadata of a queue that was created by using it.
const NO_METADATA: Bytes = Bytes::from_static(b"{}");

/// Finds, creates and deletes queues. Cheap to clone.
#[derive(Clone)]
pub struct Placement {
    store: Store,
    clock: Clock,
    remembered: Cache<QueueKey, Arc<Queue>>,
}

impl Placement {
    /// Places every queue in one store.
    pub fn new(store: Store, clock: Clock) -> Self {
        let remembered =
            Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(REMEMBERED).build();
        Self { store, clock, remembered }
    }

    /// The store of records.
    pub fn control(&self) -> &Arc<dyn ControlDriver> {
        &self.store.control
    }

    /// The store that holds the messages of a queue.
    pub fn data(&self, _queue: &QueueKey) -> &Arc<dyn DataDriver> {
        &self.store.data
    }

    /// The time.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// The queue, if it exists.
    pub async fn find(&self, key: &QueueKey) -> Result<Option<Arc<Queue>>> {
        if let Some(queue) = self.remembered.get(key) {
            return Ok(Some(queue));
        }
        let record = self.store.control.queues().get(key).await?;
        Ok(record.map(|record| self.remember(key, &record)))
    }

    /// The queue, created if it does not exist.
    pub async fn open(&self, key: &QueueKey) -> Result<Arc<Queue>> {
        if let Some(queue) = self.find(key).await? {
            return Ok(queue);
        }
        self.create(key, NO_METADATA).await?;
        match self.store.control.queues().get(key).await? {
            Some(record) => Ok(self.remember(key, &record)),
            // Deleted again in between: the next call creates it anew.
            None => Err(sukkal_storage::StorageError::QueueChanged),
        }
    }

    /// Forgets what is known of a queue, finishes a deletion that was left half-way, and opens it anew.
    pub async fn reopen(&self, key: &QueueKey) -> Result<Arc<Queue>> {
        self.forget(key);
        let state = self.settled(key).await?;
        let record = self.store.control.queues().get(key).await?;
        if record.is_some_and(|record| record.generation < state.generation) {
            self.create_at(key, NO_METADATA, state.generation).await?;
        }
        self.open(key).await
    }

    /// Creates a queue; tells whether it did.
    pub async fn create(&self, key: &QueueKey, metadata: Bytes) -> Result<bool> {
        let state = self.settled(key).await?;
        let created = self.create_at(key, metadata, state.generation).await?;
        if created {
            self.forget(key);
        }
        Ok(created)
    }

    /// Deletes a queue with everything in it.
    ///
    /// The data is sealed first, so that no post with an old generation can be lost, and opened again last.
    pub async fn delete(&self, key: &QueueKey) -> Result<()> {
        self.forget(key);
        let exists = self.store.control.queues().get(key).await?.is_some();
        if !exists && !self.data(key).queues().state(key).await?.sealed {
            return Ok(());
        }
        let generation = self.data(key).queues().seal(key).await?;
        self.finish_deletion(key, generation).await?;
        self.forget(key);
        Ok(())
    }

    /// Forgets what is known of a queue.
    pub fn forget(&self, key: &QueueKey) {
        self.remembered.invalidate(key);
    }

    fn remember(&self, key: &QueueKey, record: &QueueRecord) -> Arc<Queue> {
        let queue = Arc::new(Queue {
            key: key.clone(),
            generation: record.generation,
            settings: QueueSettings::from_metadata(&record.metadata),
        });
        self.remembered.insert(key.clone(), Arc::clone(&queue));
        queue
    }

    /// The state of a queue that is not being deleted: a deletion under way is finished first.
    async fn settled(&self, key: &QueueKey) -> Result<QueueState> {
        let mut state = self.data(key).queues().state(key).await?;
        if state.sealed {
            self.finish_deletion(key, state.generation).await?;
            state.sealed = false;
        }
        Ok(state)
    }

    async fn finish_deletion(&self, key: &QueueKey, generation: Generation) -> Result<()> {
        let command = DeleteQueue { queue: key.clone(), below: generation };
        self.store.control.queues().delete(command).await?;
        self.data(key).queues().unseal(key, generation).await
    }

    async fn create_at(
        &self,
        key: &QueueKey,
        metadata: Bytes,
        generation: Generation,
    ) -> Result<bool> {
        let command = CreateQueue { queue: key.clone(), metadata, generation, now: self.now() };
        self.store.control.queues().create(command).await
    }
}

#[async_trait]
impl TransferTargets for Placement {
    async fn generation_for(&self, target: &QueueKey) -> Result<Generation> {
        Ok(self.open(target).await?.generation)
    }

    async fn refresh(&self, target: &QueueKey) {
        // The next look-up says what is wrong, if anything still is.
        let _ = self.reopen(target).await;
    }
}
