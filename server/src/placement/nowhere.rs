//! The store of queues that lie nowhere: nothing is in it, and nothing can be put there.

use async_trait::async_trait;
use sukkal_storage::{
    Capabilities, Claim, ClaimStore, Collected, ConfirmSubscription, CreateClaim,
    CreateSubscription, CreatedSubscription, DataDriver, DeleteClaim, DeleteMessage,
    DeleteMessages, DeleteSubscription, Durability, FinishTransfers, Generation, GetClaim,
    GetMessages, GetSubscription, ListMessages, ListSubscriptions, Message, MessageStore, Millis,
    NoOutbox, OutboxStore, PopMessages, Post, Posted, PurgeMessages, PurgeSubscriptions, Purged,
    QueueKey, QueueState, QueueStateStore, QueueStats, ReceiveTransfers, RenewSubscription, Result,
    SetSubscriptionState, SettleTransfers, StatsQuery, StorageError, StoreStatus, Subscription,
    SubscriptionStore, Transfer, TransferStore, UpdateClaim, UpdateSubscription,
};

/// Answers as a store does that never saw a queue, and takes nothing in.
#[derive(Debug)]
pub(super) struct Nowhere;

fn refuse<T>() -> Result<T> {
    Err(StorageError::unavailable("the queue lies in no pool"))
}

#[async_trait]
impl DataDriver for Nowhere {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    fn queues(&self) -> &dyn QueueStateStore {
        self
    }
    fn messages(&self) -> &dyn MessageStore {
        self
    }
    fn claims(&self) -> &dyn ClaimStore {
        self
    }
    fn subscriptions(&self) -> &dyn SubscriptionStore {
        self
    }
    fn outbox(&self) -> &dyn OutboxStore {
        &NoOutbox
    }

    fn transfers(&self) -> &dyn TransferStore {
        self
    }
    async fn time(&self) -> Result<Option<Millis>> {
        Ok(None)
    }
    async fn ping(&self) -> Result<()> {
        Ok(())
    }
    async fn status(&self) -> Result<StoreStatus> {
        let detail = "holds nothing".to_owned();
        Ok(StoreStatus { driver: "nowhere", durability: Durability::None, detail })
    }
    async fn collect(&self, _: Millis, _: usize) -> Result<Collected> {
        Ok(Collected::default())
    }
    async fn close(&self) {}
}

#[async_trait]
impl QueueStateStore for Nowhere {
    async fn state(&self, _: &QueueKey) -> Result<QueueState> {
        Ok(QueueState::default())
    }
    async fn seal(&self, _: &QueueKey) -> Result<Generation> {
        refuse()
    }
    async fn unseal(&self, _: &QueueKey, _: Generation) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl MessageStore for Nowhere {
    async fn post(&self, _: Post) -> Result<Posted> {
        Err(StorageError::QueueChanged)
    }
    async fn list(&self, _: ListMessages) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }
    async fn get(&self, _: GetMessages) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }
    async fn delete(&self, _: DeleteMessage) -> Result<()> {
        Ok(())
    }
    async fn delete_many(&self, _: DeleteMessages) -> Result<()> {
        Ok(())
    }
    async fn pop(&self, _: PopMessages) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }
    async fn purge(&self, _: PurgeMessages) -> Result<Purged> {
        Ok(Purged { more: false, up_to: 0 })
    }
    async fn stats(&self, _: StatsQuery) -> Result<QueueStats> {
        Ok(QueueStats::default())
    }
}

#[async_trait]
impl ClaimStore for Nowhere {
    async fn create(&self, command: CreateClaim) -> Result<Claim> {
        let CreateClaim { id, ttl, now, .. } = command;
        Ok(Claim { id, ttl, created_at: now, messages: Vec::new(), transferred: 0 })
    }
    async fn get(&self, _: GetClaim) -> Result<Claim> {
        Err(StorageError::ClaimDoesNotExist)
    }
    async fn update(&self, _: UpdateClaim) -> Result<()> {
        Err(StorageError::ClaimDoesNotExist)
    }
    async fn delete(&self, _: DeleteClaim) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl SubscriptionStore for Nowhere {
    async fn create(&self, _: CreateSubscription) -> Result<CreatedSubscription> {
        refuse()
    }
    async fn get(&self, _: GetSubscription) -> Result<Subscription> {
        Err(StorageError::SubscriptionDoesNotExist)
    }
    async fn list(&self, _: ListSubscriptions) -> Result<Vec<Subscription>> {
        Ok(Vec::new())
    }
    async fn update(&self, _: UpdateSubscription) -> Result<()> {
        Err(StorageError::SubscriptionDoesNotExist)
    }
    async fn confirm(&self, _: ConfirmSubscription) -> Result<()> {
        Err(StorageError::SubscriptionDoesNotExist)
    }
    async fn set_state(&self, _: SetSubscriptionState) -> Result<()> {
        Err(StorageError::SubscriptionDoesNotExist)
    }
    async fn renew(
        &self,
        renewals: Vec<RenewSubscription>,
        _: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        Ok(vec![None; renewals.len()])
    }
    async fn delete(&self, _: DeleteSubscription) -> Result<()> {
        Ok(())
    }
    async fn purge(&self, _: PurgeSubscriptions) -> Result<bool> {
        Ok(false)
    }
}

#[async_trait]
impl TransferStore for Nowhere {
    async fn pending(&self, _: Option<&QueueKey>, _: usize) -> Result<Vec<Transfer>> {
        Ok(Vec::new())
    }
    async fn receive(&self, _: ReceiveTransfers) -> Result<()> {
        Err(StorageError::QueueChanged)
    }
    async fn finish(&self, _: FinishTransfers) -> Result<()> {
        Ok(())
    }
    async fn settle(&self, _: SettleTransfers) -> Result<()> {
        Ok(())
    }
}
