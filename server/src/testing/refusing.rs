//! The roles no test of this crate uses: every call fails.

use std::sync::Arc;

use async_trait::async_trait;
use sukkal_storage::{
    Claim, ClaimStore, ConfirmSubscription, CreateClaim, CreateQueue, CreateSubscription,
    CreatedSubscription, DeleteClaim, DeleteMessage, DeleteMessages, DeleteQueue,
    DeleteSubscription, Generation, GetClaim, GetMessages, GetSubscription, Kind, Layout,
    ListMessages, ListQueues, ListSubscriptions, Message, MessageStore, Millis, PlaceQueue,
    PlacementStore, PopMessages, Post, Posted, PurgeMessages, PurgeSubscriptions, Purged, QueueKey,
    QueueRecord, QueueState, QueueStateStore, QueueStats, QueueStore, ReleaseQueue,
    RenewSubscription, ReplaceLayout, Result, SetSubscriptionState, StatsQuery, StorageError,
    Subscription, SubscriptionStore, UpdateClaim, UpdateQueue, UpdateSubscription,
};

/// Refuses everything.
#[derive(Default)]
pub(crate) struct Refusing;

fn refuse<T>() -> Result<T> {
    Err(StorageError::unavailable("not part of this test"))
}

#[async_trait]
impl QueueStateStore for Refusing {
    async fn state(&self, _: &QueueKey) -> Result<QueueState> {
        refuse()
    }
    async fn seal(&self, _: &QueueKey) -> Result<Generation> {
        refuse()
    }
    async fn unseal(&self, _: &QueueKey, _: Generation) -> Result<()> {
        refuse()
    }
}

#[async_trait]
impl MessageStore for Refusing {
    async fn post(&self, _: Post) -> Result<Posted> {
        refuse()
    }
    async fn list(&self, _: ListMessages) -> Result<Vec<Message>> {
        refuse()
    }
    async fn get(&self, _: GetMessages) -> Result<Vec<Message>> {
        refuse()
    }
    async fn delete(&self, _: DeleteMessage) -> Result<()> {
        refuse()
    }
    async fn delete_many(&self, _: DeleteMessages) -> Result<()> {
        refuse()
    }
    async fn pop(&self, _: PopMessages) -> Result<Vec<Message>> {
        refuse()
    }
    async fn purge(&self, _: PurgeMessages) -> Result<Purged> {
        refuse()
    }
    async fn stats(&self, _: StatsQuery) -> Result<QueueStats> {
        refuse()
    }
}

#[async_trait]
impl ClaimStore for Refusing {
    async fn create(&self, _: CreateClaim) -> Result<Claim> {
        refuse()
    }
    async fn get(&self, _: GetClaim) -> Result<Claim> {
        refuse()
    }
    async fn update(&self, _: UpdateClaim) -> Result<()> {
        refuse()
    }
    async fn delete(&self, _: DeleteClaim) -> Result<()> {
        refuse()
    }
}

#[async_trait]
impl QueueStore for Refusing {
    async fn list(&self, _: ListQueues) -> Result<Vec<QueueRecord>> {
        refuse()
    }
    async fn count(&self, _: &str, _: Kind) -> Result<u64> {
        refuse()
    }
    async fn get(&self, _: &QueueKey) -> Result<Option<QueueRecord>> {
        refuse()
    }
    async fn create(&self, _: CreateQueue) -> Result<bool> {
        refuse()
    }
    async fn update(&self, _: UpdateQueue) -> Result<u64> {
        refuse()
    }
    async fn delete(&self, _: DeleteQueue) -> Result<bool> {
        refuse()
    }
}

#[async_trait]
impl SubscriptionStore for Refusing {
    async fn create(&self, _: CreateSubscription) -> Result<CreatedSubscription> {
        refuse()
    }
    async fn get(&self, _: GetSubscription) -> Result<Subscription> {
        refuse()
    }
    async fn list(&self, _: ListSubscriptions) -> Result<Vec<Subscription>> {
        refuse()
    }
    async fn update(&self, _: UpdateSubscription) -> Result<()> {
        refuse()
    }
    async fn confirm(&self, _: ConfirmSubscription) -> Result<()> {
        refuse()
    }
    async fn set_state(&self, _: SetSubscriptionState) -> Result<()> {
        refuse()
    }
    async fn renew(
        &self,
        _: Vec<RenewSubscription>,
        _: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        refuse()
    }
    async fn delete(&self, _: DeleteSubscription) -> Result<()> {
        refuse()
    }
    async fn purge(&self, _: PurgeSubscriptions) -> Result<bool> {
        refuse()
    }
}

#[async_trait]
impl PlacementStore for Refusing {
    async fn layout(&self) -> Result<Layout> {
        refuse()
    }
    async fn replace_layout(&self, _: ReplaceLayout) -> Result<u64> {
        refuse()
    }
    async fn pool_of(&self, _: &QueueKey) -> Result<Option<Arc<str>>> {
        refuse()
    }
    async fn place(&self, _: PlaceQueue) -> Result<Arc<str>> {
        refuse()
    }
    async fn release(&self, _: ReleaseQueue) -> Result<()> {
        refuse()
    }
    async fn placed_in(&self, _: &str) -> Result<u64> {
        refuse()
    }
}
