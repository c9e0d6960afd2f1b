//! Subscriptions: under construction.

use async_trait::async_trait;
use sukkal_storage::{
    ConfirmSubscription, CreateSubscription, CreatedSubscription, DeleteSubscription,
    GetSubscription, ListSubscriptions, PurgeSubscriptions, Result, StorageError, Subscription,
    SubscriptionStore, UpdateSubscription,
};

use crate::store::RedisStore;

#[async_trait]
impl SubscriptionStore for RedisStore {
    async fn create(&self, _: CreateSubscription) -> Result<CreatedSubscription> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn get(&self, _: GetSubscription) -> Result<Subscription> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn list(&self, _: ListSubscriptions) -> Result<Vec<Subscription>> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn update(&self, _: UpdateSubscription) -> Result<()> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn confirm(&self, _: ConfirmSubscription) -> Result<()> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn delete(&self, _: DeleteSubscription) -> Result<()> {
        Err(StorageError::unavailable("under construction"))
    }
    async fn purge(&self, _: PurgeSubscriptions) -> Result<bool> {
        Err(StorageError::unavailable("under construction"))
    }
}
