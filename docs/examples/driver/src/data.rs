//! The data role: what changes something goes through the journal, the rest is asked of memory.

use async_trait::async_trait;
use sukkal_storage::{
    Capabilities, Capability, Claim, ClaimStore, Collected, ConfirmSubscription, CreateClaim,
    CreateSubscription, CreatedSubscription, DataDriver, DeleteClaim, DeleteMessage,
    DeleteMessages, DeleteSubscription, Durability, FinishTransfers, Generation, GetClaim,
    GetMessages, GetSubscription, ListMessages, ListSubscriptions, Message, MessageStore, Millis,
    OutboxStore, PopMessages, Post, Posted, PurgeMessages, PurgeSubscriptions, Purged, QueueKey,
    QueueState, QueueStateStore, QueueStats, ReceiveTransfers, RenewSubscription, Result,
    SetSubscriptionState, SettleTransfers, StatsQuery, StoreStatus, Subscription,
    SubscriptionStore, Transfer, TransferStore, UpdateClaim, UpdateSubscription,
};

use crate::journal::Journal;
use crate::record::Record;

pub(crate) fn status(memory: StoreStatus) -> StoreStatus {
    StoreStatus { driver: "journal", durability: Durability::Synced, ..memory }
}

#[async_trait]
impl DataDriver for Journal {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of(&[
            Capability::Fifo,
            Capability::Claims,
            Capability::Aod,
            Capability::Durability,
            Capability::SurvivesCrash,
        ])
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
        self
    }

    fn transfers(&self) -> &dyn TransferStore {
        self
    }

    async fn time(&self) -> Result<Option<Millis>> {
        self.memory.data.time().await
    }

    async fn ping(&self) -> Result<()> {
        self.memory.data.ping().await
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.memory.data.status().await.map(status)
    }

    /// Written, because it makes parked deliveries due, which commands after it may lease.
    async fn collect(&self, now: Millis, budget: usize) -> Result<Collected> {
        let _turn = self.write(Record::Collect((now, budget))).await?;
        self.memory.data.collect(now, budget).await
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl QueueStateStore for Journal {
    async fn state(&self, queue: &QueueKey) -> Result<QueueState> {
        self.memory.data.queues().state(queue).await
    }

    async fn seal(&self, queue: &QueueKey) -> Result<Generation> {
        let _turn = self.write(Record::Seal(queue.clone())).await?;
        self.memory.data.queues().seal(queue).await
    }

    async fn unseal(&self, queue: &QueueKey, generation: Generation) -> Result<()> {
        let _turn = self.write(Record::Unseal((queue.clone(), generation))).await?;
        self.memory.data.queues().unseal(queue, generation).await
    }
}

#[async_trait]
impl MessageStore for Journal {
    async fn post(&self, command: Post) -> Result<Posted> {
        let _turn = self.write(Record::Post(command.clone())).await?;
        self.memory.data.messages().post(command).await
    }

    async fn delete(&self, command: DeleteMessage) -> Result<()> {
        let _turn = self.write(Record::DeleteMessage(command.clone())).await?;
        self.memory.data.messages().delete(command).await
    }

    async fn delete_many(&self, command: DeleteMessages) -> Result<()> {
        let _turn = self.write(Record::DeleteMessages(command.clone())).await?;
        self.memory.data.messages().delete_many(command).await
    }

    async fn pop(&self, command: PopMessages) -> Result<Vec<Message>> {
        let _turn = self.write(Record::Pop(command.clone())).await?;
        self.memory.data.messages().pop(command).await
    }

    async fn purge(&self, command: PurgeMessages) -> Result<Purged> {
        let _turn = self.write(Record::Purge(command.clone())).await?;
        self.memory.data.messages().purge(command).await
    }

    async fn list(&self, query: ListMessages) -> Result<Vec<Message>> {
        self.memory.data.messages().list(query).await
    }

    async fn get(&self, query: GetMessages) -> Result<Vec<Message>> {
        self.memory.data.messages().get(query).await
    }

    async fn stats(&self, query: StatsQuery) -> Result<QueueStats> {
        self.memory.data.messages().stats(query).await
    }
}

#[async_trait]
impl ClaimStore for Journal {
    async fn create(&self, command: CreateClaim) -> Result<Claim> {
        let _turn = self.write(Record::CreateClaim(command.clone())).await?;
        self.memory.data.claims().create(command).await
    }

    async fn update(&self, command: UpdateClaim) -> Result<()> {
        let _turn = self.write(Record::UpdateClaim(command.clone())).await?;
        self.memory.data.claims().update(command).await
    }

    async fn delete(&self, command: DeleteClaim) -> Result<()> {
        let _turn = self.write(Record::DeleteClaim(command.clone())).await?;
        self.memory.data.claims().delete(command).await
    }

    async fn get(&self, query: GetClaim) -> Result<Claim> {
        self.memory.data.claims().get(query).await
    }
}

#[async_trait]
impl SubscriptionStore for Journal {
    async fn create(&self, command: CreateSubscription) -> Result<CreatedSubscription> {
        let _turn = self.write(Record::CreateSubscription(command.clone())).await?;
        self.memory.data.subscriptions().create(command).await
    }

    async fn update(&self, command: UpdateSubscription) -> Result<()> {
        let _turn = self.write(Record::UpdateSubscription(command.clone())).await?;
        self.memory.data.subscriptions().update(command).await
    }

    async fn confirm(&self, command: ConfirmSubscription) -> Result<()> {
        let _turn = self.write(Record::ConfirmSubscription(command.clone())).await?;
        self.memory.data.subscriptions().confirm(command).await
    }

    async fn set_state(&self, command: SetSubscriptionState) -> Result<()> {
        let _turn = self.write(Record::SetState(command.clone())).await?;
        self.memory.data.subscriptions().set_state(command).await
    }

    async fn renew(
        &self,
        renewals: Vec<RenewSubscription>,
        now: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        let _turn = self.write(Record::Renew((renewals.clone(), now))).await?;
        self.memory.data.subscriptions().renew(renewals, now).await
    }

    async fn delete(&self, command: DeleteSubscription) -> Result<()> {
        let _turn = self.write(Record::DeleteSubscription(command.clone())).await?;
        self.memory.data.subscriptions().delete(command).await
    }

    async fn purge(&self, command: PurgeSubscriptions) -> Result<bool> {
        let _turn = self.write(Record::PurgeSubscriptions(command.clone())).await?;
        self.memory.data.subscriptions().purge(command).await
    }

    async fn get(&self, query: GetSubscription) -> Result<Subscription> {
        self.memory.data.subscriptions().get(query).await
    }

    async fn list(&self, query: ListSubscriptions) -> Result<Vec<Subscription>> {
        self.memory.data.subscriptions().list(query).await
    }
}

#[async_trait]
impl TransferStore for Journal {
    async fn receive(&self, command: ReceiveTransfers) -> Result<()> {
        let _turn = self.write(Record::Receive(command.clone())).await?;
        self.memory.data.transfers().receive(command).await
    }

    async fn finish(&self, command: FinishTransfers) -> Result<()> {
        let _turn = self.write(Record::Finish(command.clone())).await?;
        self.memory.data.transfers().finish(command).await
    }

    async fn settle(&self, command: SettleTransfers) -> Result<()> {
        let _turn = self.write(Record::Settle(command.clone())).await?;
        self.memory.data.transfers().settle(command).await
    }

    async fn pending(&self, source: Option<&QueueKey>, limit: usize) -> Result<Vec<Transfer>> {
        self.memory.data.transfers().pending(source, limit).await
    }
}
