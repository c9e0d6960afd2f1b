//! The layout of pools and the catalogue.

use std::sync::Arc;

use async_trait::async_trait;
use sukkal_storage::{
    Layout, PlaceQueue, PlacementStore, QueueKey, ReleaseQueue, ReplaceLayout, Result, StorageError,
};

use crate::control::MemoryControl;

#[async_trait]
impl PlacementStore for MemoryControl {
    async fn layout(&self) -> Result<Layout> {
        self.run(|control| Ok(control.layout.clone()))
    }

    async fn replace_layout(&self, command: ReplaceLayout) -> Result<u64> {
        self.run(|control| {
            if control.layout.revision != command.revision {
                return Err(StorageError::RecordChanged);
            }
            let used = |pool: &&Arc<str>| control.places.values().any(|place| place == *pool);
            if let Some(pool) = command.removed.iter().find(used) {
                return Err(StorageError::PoolIsUsed(pool.clone()));
            }
            control.layout = Layout { revision: command.revision + 1, text: command.text };
            Ok(control.layout.revision)
        })
    }

    async fn pool_of(&self, queue: &QueueKey) -> Result<Option<Arc<str>>> {
        self.run(|control| Ok(control.places.get(queue).cloned()))
    }

    async fn place(&self, command: PlaceQueue) -> Result<Arc<str>> {
        self.run(|control| {
            if let Some(pool) = control.places.get(&command.queue) {
                return Ok(pool.clone());
            }
            if control.layout.revision != command.revision {
                return Err(StorageError::RecordChanged);
            }
            control.places.insert(command.queue, command.pool.clone());
            Ok(command.pool)
        })
    }

    async fn release(&self, command: ReleaseQueue) -> Result<()> {
        self.run(|control| {
            let exists = control.record(&command.queue).is_some();
            if !exists && control.places.get(&command.queue) == Some(&command.pool) {
                control.places.remove(&command.queue);
            }
            Ok(())
        })
    }

    async fn placed_in(&self, pool: &str) -> Result<u64> {
        self.run(|control| {
            Ok(control.places.values().filter(|place| &***place == pool).count() as u64)
        })
    }
}
