//! Which store holds a queue, and what is known of the queue: the one place that creates and deletes queues.

mod pool;
mod queue;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moka::sync::Cache;
use sukkal_storage::{
    ControlDriver, CreateQueue, DataDriver, DeleteQueue, Generation, Millis, QueueKey, QueueRecord,
    QueueState, Result, StorageError, Store,
};

pub use pool::Pool;
pub use queue::Queue;
pub use settings::{QueueSettings, is_queue_name};

use crate::background::{Target, TransferTargets};
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
    control: Arc<dyn ControlDriver>,
    main: Arc<Pool>,
    clock: Clock,
    remembered: Cache<QueueKey, Arc<Queue>>,
}

impl Placement {
    /// Places every queue in one store.
    pub fn new(store: Store, clock: Clock) -> Self {
        let remembered =
            Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(REMEMBERED).build();
        let main = Arc::new(Pool::new(store.data));
        Self { control: store.control, main, clock, remembered }
    }

    /// The store of records.
    pub fn control(&self) -> &Arc<dyn ControlDriver> {
        &self.control
    }

    /// The store that holds what belongs to no queue, and every queue unless there are pools.
    pub fn main(&self) -> &Arc<Pool> {
        &self.main
    }

    /// The store that holds the messages of a queue, whether the queue exists or not.
    ///
    /// # Errors
    /// The store is not available, or the one that knows where the queue lies is not.
    pub async fn data(&self, queue: &QueueKey) -> Result<Arc<dyn DataDriver>> {
        Ok(Arc::clone(&self.pool_of(queue).await?.data))
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
        let record = self.control.queues().get(key).await?;
        match record {
            Some(record) => self.remember(key, &record).await.map(Some),
            None => Ok(None),
        }
    }

    /// The queue, created if it does not exist.
    pub async fn open(&self, key: &QueueKey) -> Result<Arc<Queue>> {
        if let Some(queue) = self.find(key).await? {
            return Ok(queue);
        }
        self.create(key, NO_METADATA).await?;
        match self.control.queues().get(key).await? {
            Some(record) => self.remember(key, &record).await,
            // Deleted again in between: the next call creates it anew.
            None => Err(StorageError::QueueChanged),
        }
    }

    /// Forgets what is known of a queue, finishes a deletion that was left half-way, and opens it anew.
    pub async fn reopen(&self, key: &QueueKey) -> Result<Arc<Queue>> {
        self.forget(key);
        let state = self.settled(key).await?;
        let record = self.control.queues().get(key).await?;
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
        let exists = self.control.queues().get(key).await?.is_some();
        if !exists && !self.data(key).await?.queues().state(key).await?.sealed {
            return Ok(());
        }
        let generation = self.data(key).await?.queues().seal(key).await?;
        self.finish_deletion(key, generation).await?;
        self.forget(key);
        Ok(())
    }

    /// Forgets what is known of a queue.
    pub fn forget(&self, key: &QueueKey) {
        self.remembered.invalidate(key);
    }

    async fn remember(&self, key: &QueueKey, record: &QueueRecord) -> Result<Arc<Queue>> {
        let queue = Arc::new(Queue {
            key: key.clone(),
            generation: record.generation,
            revision: record.revision,
            metadata: record.metadata.clone(),
            settings: QueueSettings::from_metadata(&record.metadata),
            pool: self.pool_of(key).await?,
        });
        self.remembered.insert(key.clone(), Arc::clone(&queue));
        Ok(queue)
    }

    async fn pool_of(&self, _queue: &QueueKey) -> Result<Arc<Pool>> {
        Ok(Arc::clone(&self.main))
    }

    /// The state of a queue that is not being deleted: a deletion under way is finished first.
    async fn settled(&self, key: &QueueKey) -> Result<QueueState> {
        let mut state = self.data(key).await?.queues().state(key).await?;
        if state.sealed {
            self.finish_deletion(key, state.generation).await?;
            state.sealed = false;
        }
        Ok(state)
    }

    async fn finish_deletion(&self, key: &QueueKey, generation: Generation) -> Result<()> {
        let command = DeleteQueue { queue: key.clone(), below: generation };
        self.control.queues().delete(command).await?;
        self.data(key).await?.queues().unseal(key, generation).await
    }

    async fn create_at(
        &self,
        key: &QueueKey,
        metadata: Bytes,
        generation: Generation,
    ) -> Result<bool> {
        let command = CreateQueue { queue: key.clone(), metadata, generation, now: self.now() };
        self.control.queues().create(command).await
    }
}

#[async_trait]
impl TransferTargets for Placement {
    async fn find_target(&self, target: &QueueKey) -> Result<Target> {
        let queue = self.open(target).await?;
        Ok(Target { generation: queue.generation, data: Arc::clone(queue.data()) })
    }

    async fn refresh(&self, target: &QueueKey) {
        // The next look-up says what is wrong, if anything still is.
        let _ = self.reopen(target).await;
    }
}
