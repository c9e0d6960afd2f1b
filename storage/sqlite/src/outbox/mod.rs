//! The outbox: entries and deliveries are rows of the log of their queue, so that a deletion drops them like messages.

pub(crate) mod advance;
pub(crate) mod attempts;
pub(crate) mod collect;
pub(crate) mod deliveries;
pub(crate) mod entries;
pub(crate) mod lease;
pub(crate) mod read;
pub(crate) mod recover;
pub(crate) mod work;

use async_trait::async_trait;
use bytes::Bytes;
use sukkal_storage::{
    AdvanceEntries, Backlog, Delivery, EnqueueEntry, LeaseWork, ListAttempts, LogAttempts, Marker,
    Millis, OutboxEntry, OutboxStore, QueueKey, ReadEntries, ReadyQueues, Result, ResumeDeliveries,
    SettleDeliveries,
};

use self::deliveries::LeaseDeliveries;
use self::lease::LeaseEntries;
use self::read::{ReadBacklog, ReadHeads};
use crate::data::SqliteData;

/// How many rows one command changes, about: what the commands behind it have to wait for.
const STEP: usize = 256;

/// What is handed out for hints: none are needed within one process.
type Hints = futures_core::stream::BoxStream<'static, QueueKey>;

#[async_trait]
impl OutboxStore for SqliteData {
    async fn ready(&self, query: ReadyQueues) -> Result<Vec<QueueKey>> {
        self.0.read(None, query).await
    }

    async fn lease_entries(&self, command: LeaseWork) -> Result<Vec<OutboxEntry>> {
        self.0.execute(Some(&command.queue.clone()), LeaseEntries(command)).await
    }

    async fn advance(&self, command: AdvanceEntries) -> Result<Vec<bool>> {
        let AdvanceEntries { queue, lease, steps, now } = command;
        let mut held = Vec::with_capacity(steps.len());
        let mut steps = steps.into_iter().peekable();
        while steps.peek().is_some() {
            let (mut part, mut rows) = (Vec::new(), 0);
            while let Some(step) = steps.next_if(|_| rows < STEP) {
                rows += 1 + step.deliveries.len();
                part.push(step);
            }
            let part = AdvanceEntries { queue: queue.clone(), lease, steps: part, now };
            held.extend(self.0.execute(Some(&queue), part).await?);
        }
        Ok(held)
    }

    async fn lease_deliveries(&self, command: LeaseWork) -> Result<Vec<Delivery>> {
        self.0.execute(Some(&command.queue.clone()), LeaseDeliveries(command)).await
    }

    async fn settle(&self, mut command: SettleDeliveries) -> Result<()> {
        while !command.deliveries.is_empty() {
            let later = command.deliveries.split_off(command.deliveries.len().min(STEP));
            let part = SettleDeliveries {
                queue: command.queue.clone(),
                deliveries: std::mem::replace(&mut command.deliveries, later),
                ..command
            };
            self.0.execute(Some(&command.queue), part).await?;
        }
        Ok(())
    }

    async fn resume(&self, mut command: ResumeDeliveries) -> Result<bool> {
        command.limit = command.limit.min(STEP);
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn enqueue(&self, command: EnqueueEntry) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn read(&self, query: ReadEntries) -> Result<Vec<OutboxEntry>> {
        self.0.read(Some(&query.queue.clone()), query).await
    }

    async fn heads(&self, queues: &[QueueKey]) -> Result<Vec<Marker>> {
        self.0.read(None, ReadHeads(queues.to_vec())).await
    }

    async fn backlog(&self, _: Millis) -> Result<Backlog> {
        self.0.read(None, ReadBacklog).await
    }

    fn hints(&self) -> Option<Hints> {
        None
    }

    async fn log(&self, mut command: LogAttempts) -> Result<()> {
        while !command.attempts.is_empty() {
            let later = command.attempts.split_off(command.attempts.len().min(STEP));
            let part = LogAttempts {
                queue: command.queue.clone(),
                attempts: std::mem::replace(&mut command.attempts, later),
                keep: command.keep,
            };
            self.0.execute(Some(&command.queue), part).await?;
        }
        Ok(())
    }

    async fn attempts(&self, query: ListAttempts) -> Result<Vec<Bytes>> {
        self.0.read(Some(&query.queue.clone()), query).await
    }
}
