//! Placement: under construction.

use std::sync::Arc;

use async_trait::async_trait;
use sukkal_storage::{
    Layout, PlaceQueue, PlacementStore, QueueKey, ReleaseQueue, ReplaceLayout, Result, StorageError,
};

use crate::store::RedisStore;

#[async_trait]
impl PlacementStore for RedisStore {
    async fn layout(&self) -> Result<Layout> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn replace_layout(&self, _: ReplaceLayout) -> Result<u64> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn pool_of(&self, _: &QueueKey) -> Result<Option<Arc<str>>> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn place(&self, _: PlaceQueue) -> Result<Arc<str>> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn release(&self, _: ReleaseQueue) -> Result<()> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn placed_in(&self, _: &str) -> Result<u64> {
        Err(StorageError::unavailable("under construction"))
    }
}
