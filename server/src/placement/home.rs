//! Where a queue lies, and choosing where a new one will.

use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{
    ListSubscriptions, PlaceQueue, QueueKey, QueueRecord, ReleaseQueue, Result, StorageError,
};
use tokio::time::timeout;

use super::layout::draw;
use super::pooling::{Known, Pooling};
use super::{Placement, Pool, QueueSettings};

/// The place of queues that the main store holds although there is pooling; no pool can have this name.
const MAIN: &str = "/main";
/// How long a pool may take to say that it takes a new queue.
const LONGEST_PING: Duration = Duration::from_secs(1);
/// How often placing is tried when the layout changes meanwhile.
const TRIES: usize = 8;

/// Where a queue lies.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// What the catalogue says; absent without pooling.
    pub(super) name: Option<Arc<str>>,
    pub(super) pool: Arc<Pool>,
}

/// Why a queue was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Its project has no flavor of this name.
    #[error("flavor {0} does not exist")]
    UnknownFlavor(String),
    /// A store refused it or is not available.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl CreateError {
    /// The same for callers to whom every reason means "not now".
    pub fn into_storage(self) -> StorageError {
        match self {
            Self::UnknownFlavor(_) => StorageError::unavailable(self),
            Self::Storage(error) => error,
        }
    }
}

impl Placement {
    /// Where a queue or what was left of it lies, if anywhere.
    pub(super) async fn home_of(&self, key: &QueueKey) -> Result<Option<Home>> {
        if self.0.pooling.is_none() {
            return Ok(Some(self.main_home()));
        }
        match self.control().placements().pool_of(key).await? {
            Some(name) => self.home_at(name).await.map(Some),
            None => Ok(None),
        }
    }

    /// Where a queue lies that exists. One that was created before there were pools is placed now.
    pub(super) async fn home_of_record(
        &self,
        key: &QueueKey,
        record: &QueueRecord,
    ) -> Result<Home> {
        match &record.pool {
            _ if self.0.pooling.is_none() => Ok(self.main_home()),
            Some(name) => self.home_at(Arc::clone(name)).await,
            None => {
                let flavor = QueueSettings::flavor(&record.metadata);
                let placed = self.place(key, flavor.as_deref(), true).await;
                placed.map_err(CreateError::into_storage)
            }
        }
    }

    /// Where a new queue lies: where it lies already, or in a pool chosen for it now.
    pub(super) async fn place(
        &self,
        key: &QueueKey,
        flavor: Option<&str>,
        exists: bool,
    ) -> Result<Home, CreateError> {
        let Some(pooling) = &self.0.pooling else { return Ok(self.main_home()) };
        for _ in 0..TRIES {
            let layout = pooling.layout(self).await?;
            if let Some(home) = self.home_of(key).await? {
                return Ok(home);
            }
            let pool = if exists && pooling.is_virtual {
                Arc::from(MAIN)
            } else {
                self.choose(pooling, &layout, key, flavor).await?
            };
            let command = PlaceQueue { queue: key.clone(), pool, revision: layout.revision };
            match self.control().placements().place(command).await {
                Ok(name) => return Ok(self.home_at(name).await?),
                Err(StorageError::RecordChanged) => pooling.layout_now(self).await?,
                Err(other) => return Err(other.into()),
            };
        }
        Err(StorageError::RecordChanged.into())
    }

    /// Gives up the place of a queue that does not exist, unless it has subscriptions there.
    pub(super) async fn release(&self, key: &QueueKey, home: &Home) -> Result<()> {
        let Some(name) = &home.name else { return Ok(()) };
        let query = ListSubscriptions {
            queue: key.clone(),
            after: None,
            limit: 1,
            include_followers: true,
            now: self.now(),
        };
        if !home.pool.data.subscriptions().list(query).await?.is_empty() {
            return Ok(());
        }
        let command = ReleaseQueue { queue: key.clone(), pool: Arc::clone(name) };
        self.control().placements().release(command).await
    }

    /// Gives up a place that a queue of this flavor, which does not exist yet, would not get.
    pub(super) async fn leave_unfit(&self, key: &QueueKey, flavor: Option<&str>) -> Result<()> {
        let Some(pooling) = &self.0.pooling else { return Ok(()) };
        let Some(name) = self.control().placements().pool_of(key).await? else { return Ok(()) };
        let layout = pooling.layout(self).await?;
        let fits = match layout.document.candidates(&key.project, flavor) {
            Ok(candidates) => candidates.iter().any(|(pool, _)| *pool == name),
            Err(_) => true,
        };
        if fits {
            return Ok(());
        }
        let home = self.home_at(name).await?;
        self.release(key, &home).await
    }

    /// Fails if a project has no flavor of this name; without pooling flavors mean nothing.
    pub async fn check_flavor(&self, project: &str, flavor: &str) -> Result<(), CreateError> {
        let Some(pooling) = &self.0.pooling else { return Ok(()) };
        let has = |layout: &Known| layout.document.has_flavor(project, flavor);
        if has(&*pooling.layout(self).await?) || has(&*pooling.layout_now(self).await?) {
            return Ok(());
        }
        Err(CreateError::UnknownFlavor(flavor.to_owned()))
    }

    fn main_home(&self) -> Home {
        Home { name: None, pool: Arc::clone(self.main()) }
    }

    async fn home_at(&self, name: Arc<str>) -> Result<Home> {
        let pool = self.pool(&name).await?;
        Ok(Home { name: Some(name), pool })
    }

    /// The open store of a pool.
    async fn pool(&self, name: &str) -> Result<Arc<Pool>> {
        let Some(pooling) = self.0.pooling.as_ref().filter(|_| name != MAIN) else {
            return Ok(Arc::clone(self.main()));
        };
        if let Some(slot) = pooling.pools.get(name) {
            return slot.pool().await;
        }
        // Another server made the pool a moment ago.
        pooling.layout_now(self).await?;
        match pooling.pools.get(name) {
            Some(slot) => slot.pool().await,
            None => Err(StorageError::unavailable(format!("there is no pool {name}"))),
        }
    }

    /// Draws a pool for a new queue; one that does not answer is passed over.
    async fn choose(
        &self,
        pooling: &Pooling,
        layout: &Known,
        key: &QueueKey,
        flavor: Option<&str>,
    ) -> Result<Arc<str>, CreateError> {
        let found = layout.document.candidates(&key.project, flavor);
        let mut candidates =
            found.map_err(|_| CreateError::UnknownFlavor(flavor.unwrap_or_default().to_owned()))?;
        if candidates.is_empty() && flavor.is_none() && pooling.is_virtual {
            return Ok(Arc::from(MAIN));
        }
        let mut failure = StorageError::unavailable("no pool takes new queues");
        while let Some(name) = draw(&mut candidates) {
            match self.answers(&name).await {
                Ok(()) => return Ok(name),
                Err(error) => failure = error,
            }
        }
        Err(failure.into())
    }

    async fn answers(&self, name: &str) -> Result<()> {
        let pool = self.pool(name).await?;
        match timeout(LONGEST_PING, pool.data.ping()).await {
            Ok(answer) => answer,
            Err(_) => Err(StorageError::unavailable(format!("pool {name} does not answer"))),
        }
    }
}
