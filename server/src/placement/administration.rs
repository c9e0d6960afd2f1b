//! Registering and removing pools and flavors.

use std::sync::Arc;

use serde_json::{Map, Value};
use sukkal_storage::{Capability, DataDriver, Result, StorageError, Store};

use super::Placement;
use super::layout::{Document, LayoutError, NewPool, PoolChange, PoolRecord};
use super::pooling::{ChangeError, Pooling};
use super::slot::close;
use crate::config::mask_uri;

/// Why a pool was not registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Its store cannot be opened. The URI is named without secrets.
    #[error("cannot connect to {0}")]
    CannotConnect(String),
    /// A rule about pools forbids it, or the layout cannot be stored.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<LayoutError> for RegisterError {
    fn from(error: LayoutError) -> Self {
        Self::Change(error.into())
    }
}

impl From<StorageError> for RegisterError {
    fn from(error: StorageError) -> Self {
        Self::Change(error.into())
    }
}

/// A pool as an operator asks for it.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Where its store lies.
    pub uri: String,
    /// Its share of new queues.
    pub weight: u32,
    /// Its flavor, if it has one.
    pub flavor: Option<String>,
    /// Its options.
    pub options: Map<String, Value>,
}

/// What an operator changes of a pool; the rest stays.
#[derive(Clone, Debug, Default)]
pub struct PoolUpdate {
    /// Where its store lies now.
    pub uri: Option<String>,
    /// Its share of new queues.
    pub weight: Option<u32>,
    /// Its flavor; empty takes it away.
    pub flavor: Option<String>,
    /// Its options, all of them.
    pub options: Option<Map<String, Value>>,
}

/// A store that holds queues, by the name operators know.
pub struct NamedStore {
    /// The name of the pool, or `main` without pooling.
    pub name: Arc<str>,
    /// The store, or why it cannot be used.
    pub data: Result<Arc<dyn DataDriver>>,
}

impl Placement {
    /// The stores that hold queues, in the order of their names.
    pub async fn stores(&self) -> Vec<NamedStore> {
        let Some(pooling) = &self.0.pooling else {
            let data = Ok(Arc::clone(&self.main().data));
            return vec![NamedStore { name: Arc::from("main"), data }];
        };
        let mut stores = Vec::new();
        for slot in pooling.pools.all() {
            let data = slot.pool().await.map(|pool| Arc::clone(&pool.data));
            stores.push(NamedStore { name: Arc::clone(&slot.name), data });
        }
        stores
    }

    /// The pools and flavors, as they were at most a second ago.
    pub async fn layout(&self) -> Result<Document> {
        Ok(self.pooling()?.layout(self).await?.document.clone())
    }

    /// Registers a pool, or replaces one entirely. Its store is opened to see whether it can be.
    pub async fn register_pool(
        &self,
        project: &str,
        name: &str,
        new: Registration,
    ) -> Result<(), RegisterError> {
        let capabilities = self.probe(name, &new.uri, &new.options).await?;
        let Registration { uri, weight, flavor, options } = new;
        let pool = NewPool { uri, weight, flavor, options, capabilities };
        self.changed(name, |layout| layout.put_pool(project, name, pool.clone())).await
    }

    /// Changes a pool; returns it as it is now.
    pub async fn update_pool(
        &self,
        project: &str,
        name: &str,
        update: PoolUpdate,
    ) -> Result<PoolRecord, RegisterError> {
        let PoolUpdate { uri, weight, flavor, options } = update;
        let uri = match uri {
            None => None,
            Some(uri) => {
                let before = self.layout().await?.pools.remove(name).map(|pool| pool.options);
                let effective = options.clone().or(before).unwrap_or_default();
                let capabilities = self.probe(name, &uri, &effective).await?;
                Some((uri, capabilities))
            }
        };
        let change = PoolChange { uri, weight, flavor, options };
        self.changed(name, |layout| {
            layout.change_pool(project, name, change.clone())?;
            let pool = layout.pools.get(name).cloned();
            pool.ok_or_else(|| LayoutError::PoolDoesNotExist(name.to_owned()))
        })
        .await
    }

    /// Removes a pool in which no queue lies, and closes its store.
    ///
    /// # Errors
    /// `PoolIsUsed` if queues lie in it.
    pub async fn remove_pool(&self, name: &str) -> Result<(), ChangeError> {
        let pooling = self.pooling()?;
        pooling.change(self, &[name], |layout| layout.remove_pool(name)).await?;
        Ok(())
    }

    /// Changes flavors.
    pub async fn change_flavors(
        &self,
        change: impl FnMut(&mut Document) -> Result<(), LayoutError> + Send,
    ) -> Result<(), ChangeError> {
        self.pooling()?.change(self, &[], change).await
    }

    /// Changes a pool, for which a store may have been prepared.
    async fn changed<T: Send>(
        &self,
        name: &str,
        change: impl FnMut(&mut Document) -> Result<T, LayoutError> + Send,
    ) -> Result<T, RegisterError> {
        let pooling = self.pooling()?;
        let result = pooling.change(self, &[], change).await;
        close_unused(pooling.pools.discard(name)).await;
        Ok(result?)
    }

    /// Opens a store to learn what it can do; it is kept for the pool that is about to have it.
    async fn probe(
        &self,
        name: &str,
        uri: &str,
        options: &Map<String, Value>,
    ) -> Result<Vec<String>, RegisterError> {
        let pooling = self.pooling()?;
        if *uri == self.0.main_uri {
            return Ok(names_of(&*self.main().data));
        }
        let layout = pooling.layout_now(self).await?;
        let cannot = |error: &StorageError| {
            let shown = mask_uri(uri);
            tracing::info!(pool = name, uri = shown, %error, "the store of a pool cannot be opened");
            RegisterError::CannotConnect(shown)
        };
        for (other, pool) in layout.document.pools.iter().filter(|(_, pool)| pool.uri == uri) {
            if other != name {
                return Err(LayoutError::UriIsTaken.into());
            }
            let Some(slot) = pooling.pools.get(name).filter(|slot| slot.is_for(pool)) else {
                continue;
            };
            let open = slot.pool().await.map_err(|error| cannot(&error))?;
            open.data.ping().await.map_err(|error| cannot(&error))?;
            return Ok(names_of(&*open.data));
        }
        let store =
            pooling.pools.opener().open(uri, options).await.map_err(|error| cannot(&error))?;
        let names = names_of(&*store.data);
        close_unused(pooling.pools.prepare(name, uri, options, store)).await;
        Ok(names)
    }

    fn pooling(&self) -> Result<&Pooling> {
        self.0.pooling.as_ref().ok_or_else(|| StorageError::unavailable("pooling is off"))
    }
}

fn names_of(data: &dyn DataDriver) -> Vec<String> {
    data.capabilities().iter().map(Capability::name).map(str::to_owned).collect()
}

async fn close_unused(store: Option<Store>) {
    if let Some(store) = store {
        close(store).await;
    }
}
