//! The outbox: leases are commands too, so they are written before they take effect.

use async_trait::async_trait;
use bytes::Bytes;
use sukkal_storage::{
    AdvanceEntries, Backlog, Delivery, EnqueueEntry, LeaseWork, ListAttempts, LogAttempts, Marker,
    Millis, OutboxEntry, OutboxStore, QueueKey, ReadEntries, ReadyQueues, Result, ResumeDeliveries,
    SettleDeliveries,
};

use crate::journal::Journal;
use crate::record::Record;

/// What tells of posts as they come.
type Hints = futures_core::stream::BoxStream<'static, QueueKey>;

#[async_trait]
impl OutboxStore for Journal {
    async fn lease_entries(&self, command: LeaseWork) -> Result<Vec<OutboxEntry>> {
        let _turn = self.write(Record::LeaseEntries(command.clone())).await?;
        self.memory.data.outbox().lease_entries(command).await
    }

    async fn advance(&self, command: AdvanceEntries) -> Result<Vec<bool>> {
        let _turn = self.write(Record::Advance(command.clone())).await?;
        self.memory.data.outbox().advance(command).await
    }

    async fn lease_deliveries(&self, command: LeaseWork) -> Result<Vec<Delivery>> {
        let _turn = self.write(Record::LeaseDeliveries(command.clone())).await?;
        self.memory.data.outbox().lease_deliveries(command).await
    }

    async fn settle(&self, command: SettleDeliveries) -> Result<()> {
        let _turn = self.write(Record::SettleDeliveries(command.clone())).await?;
        self.memory.data.outbox().settle(command).await
    }

    async fn resume(&self, command: ResumeDeliveries) -> Result<bool> {
        let _turn = self.write(Record::Resume(command.clone())).await?;
        self.memory.data.outbox().resume(command).await
    }

    async fn enqueue(&self, command: EnqueueEntry) -> Result<()> {
        let _turn = self.write(Record::Enqueue(command.clone())).await?;
        self.memory.data.outbox().enqueue(command).await
    }

    async fn log(&self, command: LogAttempts) -> Result<()> {
        let _turn = self.write(Record::Log(command.clone())).await?;
        self.memory.data.outbox().log(command).await
    }

    async fn ready(&self, query: ReadyQueues) -> Result<Vec<QueueKey>> {
        self.memory.data.outbox().ready(query).await
    }

    async fn read(&self, query: ReadEntries) -> Result<Vec<OutboxEntry>> {
        self.memory.data.outbox().read(query).await
    }

    async fn heads(&self, queues: &[QueueKey]) -> Result<Vec<Marker>> {
        self.memory.data.outbox().heads(queues).await
    }

    async fn backlog(&self, now: Millis) -> Result<Backlog> {
        self.memory.data.outbox().backlog(now).await
    }

    fn hints(&self) -> Option<Hints> {
        self.memory.data.outbox().hints()
    }

    async fn attempts(&self, query: ListAttempts) -> Result<Vec<Bytes>> {
        self.memory.data.outbox().attempts(query).await
    }
}
