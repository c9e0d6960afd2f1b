//! An outbox that keeps nothing.

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::stream::BoxStream;

use crate::{
    AdvanceEntries, Backlog, Delivery, EnqueueEntry, LeaseWork, ListAttempts, LogAttempts, Marker,
    Millis, OutboxEntry, OutboxStore, QueueKey, ReadEntries, ReadyQueues, Result, ResumeDeliveries,
    SettleDeliveries,
};

/// The outbox of a store that has none: nobody is ever told.
#[derive(Clone, Copy, Debug)]
pub struct NoOutbox;

#[async_trait]
impl OutboxStore for NoOutbox {
    async fn ready(&self, _: ReadyQueues) -> Result<Vec<QueueKey>> {
        Ok(Vec::new())
    }
    async fn lease_entries(&self, _: LeaseWork) -> Result<Vec<OutboxEntry>> {
        Ok(Vec::new())
    }
    async fn advance(&self, command: AdvanceEntries) -> Result<Vec<bool>> {
        Ok(vec![false; command.steps.len()])
    }
    async fn lease_deliveries(&self, _: LeaseWork) -> Result<Vec<Delivery>> {
        Ok(Vec::new())
    }
    async fn settle(&self, _: SettleDeliveries) -> Result<()> {
        Ok(())
    }
    async fn resume(&self, _: ResumeDeliveries) -> Result<bool> {
        Ok(false)
    }
    async fn enqueue(&self, _: EnqueueEntry) -> Result<()> {
        Ok(())
    }
    async fn read(&self, _: ReadEntries) -> Result<Vec<OutboxEntry>> {
        Ok(Vec::new())
    }
    async fn heads(&self, queues: &[QueueKey]) -> Result<Vec<Marker>> {
        Ok(vec![0; queues.len()])
    }
    async fn backlog(&self, _: Millis) -> Result<Backlog> {
        Ok(Backlog::default())
    }
    fn hints(&self) -> Option<BoxStream<'static, QueueKey>> {
        None
    }
    async fn log(&self, _: LogAttempts) -> Result<()> {
        Ok(())
    }
    async fn attempts(&self, _: ListAttempts) -> Result<Vec<Bytes>> {
        Ok(Vec::new())
    }
}
