//! Which store holds a queue, and what is known of the queue: the one place that creates and deletes queues.

mod administration;
mod home;
mod layout;
mod lifecycle;
mod nowhere;
mod opener;
mod pool;
mod pooling;
mod pools;
mod queue;
mod settings;
mod slot;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moka::sync::Cache;
use sukkal_storage::{
    ControlDriver, DataDriver, Millis, QueueKey, QueueRecord, Registry, Result, StorageError, Store,
};

pub use administration::{NamedStore, PoolUpdate, RegisterError, Registration};
pub use home::CreateError;
pub use layout::{Document, LayoutError, PoolRecord};
pub use pool::Pool;
pub use pooling::ChangeError;
pub use queue::Queue;
pub use settings::{QueueSettings, is_queue_name};

use crate::background::{Target, TransferTargets, collect_garbage};
use crate::clock::Clock;
use crate::config::Config;
use crate::notification::Announcements;
use crate::notification::dispatch::Dispatcher;
use crate::shutdown::Shutdown;
use nowhere::Nowhere;
use opener::Opener;
use pooling::Pooling;
use pools::Pools;

/// How long a record may be used without asking the store: another server's change is seen after this.
const REMEMBERED: Duration = Duration::from_secs(1);
/// How many queues are remembered.
const MOST_REMEMBERED: u64 = 10_000;
/// The metadata of a queue that was created by using it.
const NO_METADATA: Bytes = Bytes::from_static(b"{}");

/// Finds, creates and deletes queues. Cheap to clone.
#[derive(Clone)]
pub struct Placement(Arc<Inner>);

struct Inner {
    control: Arc<dyn ControlDriver>,
    main: Arc<Pool>,
    main_uri: String,
    clock: Clock,
    remembered: Cache<QueueKey, Arc<Queue>>,
    pooling: Option<Pooling>,
    announcements: Announcements,
    dispatcher: OnceLock<Dispatcher>,
}

impl Placement {
    /// Places every queue in one store.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self::build(store, String::new(), clock, |_| None)
    }

    /// Places queues as the configuration says: in the one store, or over pools.
    pub fn from_config(
        registry: &Registry,
        store: Store,
        clock: Clock,
        config: &Config,
        shutdown: &Shutdown,
    ) -> Self {
        let storage = &config.storage;
        let opener = Opener::new(registry.clone(), storage, clock.clone());
        Self::build(store, storage.uri.clone(), clock, |control| {
            let pools = Pools::new(opener, shutdown.clone());
            let pooling = Pooling::new(Arc::clone(control), pools, config.enable_virtual_pool);
            config.pooling.then_some(pooling)
        })
    }

    fn build(
        store: Store,
        main_uri: String,
        clock: Clock,
        pooling: impl FnOnce(&Arc<dyn ControlDriver>) -> Option<Pooling>,
    ) -> Self {
        let remembered =
            Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(REMEMBERED).build();
        let Store { control, data } = store;
        let (main, pooling) = (Arc::new(Pool::new(data)), pooling(&control));
        let announcements = Announcements::new();
        Self(Arc::new(Inner {
            control,
            main,
            main_uri,
            clock,
            remembered,
            pooling,
            announcements,
            dispatcher: OnceLock::new(),
        }))
    }

    /// Has the subscribers of every store told by this dispatcher; to be called once, before [`work`](Self::work).
    pub fn tell_with(&self, dispatcher: Dispatcher) {
        // A second one would only do again what the first does.
        let _ = self.0.dispatcher.set(dispatcher);
    }

    /// Starts what works in the background until the server stops: on the main store, and following the layout.
    pub fn work(&self, shutdown: &Shutdown) {
        self.work_on(self.main(), shutdown);
        if self.0.pooling.is_some() {
            let (placement, closing) = (self.clone(), shutdown.closing().clone());
            shutdown.spawn(async move {
                closing.run_until_cancelled(placement.keep_looking()).await;
            });
        }
    }

    /// Whether queues are spread over pools.
    pub fn has_pools(&self) -> bool {
        self.0.pooling.is_some()
    }

    /// The URIs of the stores of all pools that this server knows of; they may hold passwords.
    pub fn pool_uris(&self) -> Vec<String> {
        let pooling = self.0.pooling.as_ref();
        let all = pooling.into_iter().flat_map(|pooling| pooling.pools.all());
        all.map(|slot| slot.uri().to_owned()).collect()
    }

    /// Closes the stores of all pools.
    pub async fn close_pools(&self) {
        if let Some(pooling) = &self.0.pooling {
            pooling.pools.close().await;
        }
    }

    /// Tells which queues got something into their outbox.
    pub fn announcements(&self) -> &Announcements {
        &self.0.announcements
    }

    /// The store of records.
    pub fn control(&self) -> &Arc<dyn ControlDriver> {
        &self.0.control
    }

    /// The store that holds what belongs to no queue, and every queue unless there are pools.
    pub fn main(&self) -> &Arc<Pool> {
        &self.0.main
    }

    /// The store that holds the messages of a queue, whether the queue exists or not. A queue that lies in no
    /// pool is found empty.
    ///
    /// # Errors
    /// The store is not available, or the one that knows where the queue lies is not.
    pub async fn data(&self, key: &QueueKey) -> Result<Arc<dyn DataDriver>> {
        if self.0.pooling.is_none() {
            return Ok(Arc::clone(&self.0.main.data));
        }
        if let Some(queue) = self.find(key).await? {
            return Ok(Arc::clone(queue.data()));
        }
        match self.home_of(key).await? {
            Some(home) => Ok(Arc::clone(&home.pool.data)),
            None => Ok(Arc::new(Nowhere)),
        }
    }

    /// The time.
    pub fn now(&self) -> Millis {
        self.0.clock.now()
    }

    /// The queue, if it exists.
    pub async fn find(&self, key: &QueueKey) -> Result<Option<Arc<Queue>>> {
        if let Some(queue) = self.0.remembered.get(key) {
            return Ok(Some(queue));
        }
        match self.control().queues().get(key).await? {
            Some(record) => self.remember(key, &record).await.map(Some),
            None => Ok(None),
        }
    }

    /// The queue, created if it does not exist.
    pub async fn open(&self, key: &QueueKey) -> Result<Arc<Queue>> {
        if let Some(queue) = self.find(key).await? {
            return Ok(queue);
        }
        self.create(key, NO_METADATA, None).await.map_err(CreateError::into_storage)?;
        match self.control().queues().get(key).await? {
            Some(record) => self.remember(key, &record).await,
            // Deleted again in between: the next call creates it anew.
            None => Err(StorageError::QueueChanged),
        }
    }

    /// Forgets what is known of a queue.
    pub fn forget(&self, key: &QueueKey) {
        self.0.remembered.invalidate(key);
    }

    fn forget_all(&self) {
        self.0.remembered.invalidate_all();
    }

    async fn keep_looking(&self) {
        if let Some(pooling) = &self.0.pooling {
            pooling.keep_looking(self).await;
        }
    }

    /// Starts what every store that holds queues needs: moving messages out of it, collecting garbage, hearing of
    /// what other servers post to it, and telling subscribers.
    fn work_on(&self, pool: &Pool, shutdown: &Shutdown) {
        let targets: Arc<dyn TransferTargets> = Arc::new(self.clone());
        let (data, clock) = (&pool.data, &self.0.clock);
        let mover = pool.mover.clone();
        shutdown.spawn(mover.run(Arc::clone(data), targets, clock.clone(), shutdown.clone()));
        shutdown.spawn(collect_garbage(Arc::clone(data), clock.clone(), shutdown.clone()));
        self.announcements().pass_on(Arc::clone(data), shutdown);
        if let Some(dispatcher) = self.0.dispatcher.get() {
            dispatcher.work_on(self, Arc::clone(data), shutdown);
        }
    }

    async fn remember(&self, key: &QueueKey, record: &QueueRecord) -> Result<Arc<Queue>> {
        let queue = Arc::new(Queue {
            key: key.clone(),
            generation: record.generation,
            revision: record.revision,
            metadata: record.metadata.clone(),
            settings: QueueSettings::from_metadata(&record.metadata),
            pool: self.home_of_record(key, record).await?.pool,
        });
        self.0.remembered.insert(key.clone(), Arc::clone(&queue));
        Ok(queue)
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
