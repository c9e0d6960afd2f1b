//! The outbox as the contract has it.

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::stream::BoxStream;
use sukkal_storage::{
    AdvanceEntries, Backlog, Delivery, EnqueueEntry, LeaseWork, ListAttempts, LogAttempts, Marker,
    Millis, NewMessage, OutboxEntry, OutboxStore, QueueKey, ReadEntries, ReadyQueues, Result,
    ResumeDeliveries, SettleDeliveries,
};

use crate::data::MemoryData;
use crate::messages::outbox_message;
use crate::subscriptions::is_followed;

#[async_trait]
impl OutboxStore for MemoryData {
    async fn ready(&self, query: ReadyQueues) -> Result<Vec<QueueKey>> {
        self.run_on_all(|state| Ok(state.outboxes.ready(query.now, query.limit)))
    }

    async fn lease_entries(&self, command: LeaseWork) -> Result<Vec<OutboxEntry>> {
        self.run_on_all(|state| {
            let outboxes = &mut state.outboxes;
            Ok(outboxes.lease(&command.queue, command.now, |outbox| outbox.lease_entries(&command)))
        })
    }

    async fn advance(&self, command: AdvanceEntries) -> Result<Vec<bool>> {
        self.run_on_all(|state| {
            let is_followed = is_followed(&state.subscriptions, &command.queue, command.now);
            let outboxes = &mut state.outboxes;
            let mut held =
                outboxes.on(&command.queue, |outbox| outbox.advance(&command, is_followed));
            held.resize(command.steps.len(), false);
            Ok(held)
        })
    }

    async fn lease_deliveries(&self, command: LeaseWork) -> Result<Vec<Delivery>> {
        self.run_on_all(|state| {
            let outboxes = &mut state.outboxes;
            Ok(outboxes
                .lease(&command.queue, command.now, |outbox| outbox.lease_deliveries(&command)))
        })
    }

    async fn settle(&self, command: SettleDeliveries) -> Result<()> {
        self.run_on_all(|state| {
            let is_followed = is_followed(&state.subscriptions, &command.queue, command.now);
            let outboxes = &mut state.outboxes;
            outboxes.on(&command.queue, |outbox| outbox.settle(&command, is_followed));
            Ok(())
        })
    }

    async fn resume(&self, command: ResumeDeliveries) -> Result<bool> {
        self.run_on_all(|state| {
            let outboxes = &mut state.outboxes;
            Ok(outboxes.on(&command.queue, |outbox| outbox.resume(&command)))
        })
    }

    async fn enqueue(&self, command: EnqueueEntry) -> Result<()> {
        self.run_on_all(|state| {
            let queue = state.queues.entry(command.queue.clone()).or_default();
            let first = queue.last_marker();
            let marker = queue.give_places(command.messages.len());
            let placed = |(place, message): (Marker, &NewMessage)| {
                outbox_message(message, place, command.now)
            };
            let entry = OutboxEntry {
                marker,
                kind: command.kind,
                only: Some(command.only),
                posted_at: command.now,
                client_id: command.client_id,
                messages: (first + 1..).zip(&command.messages).map(placed).collect(),
                after: None,
                queue: command.queue,
            };
            state.outboxes.add(entry, false);
            Ok(())
        })
    }

    async fn read(&self, query: ReadEntries) -> Result<Vec<OutboxEntry>> {
        self.run_on_all(|state| {
            let outbox = state.outboxes.get(&query.queue);
            Ok(outbox.map(|outbox| outbox.read(&query)).unwrap_or_default())
        })
    }

    async fn heads(&self, queues: &[QueueKey]) -> Result<Vec<Marker>> {
        self.run(|all| {
            let head = |key| all.get(key).map_or(0, |queue| queue.last_marker());
            Ok(queues.iter().map(head).collect())
        })
    }

    async fn backlog(&self, _now: Millis) -> Result<Backlog> {
        self.run_on_all(|state| Ok(state.outboxes.backlog()))
    }

    fn hints(&self) -> Option<BoxStream<'static, QueueKey>> {
        None
    }

    async fn log(&self, command: LogAttempts) -> Result<()> {
        self.run_on_subscriptions(|all| {
            let Some(of_queue) = all.get_mut(&command.queue) else { return Ok(()) };
            for attempt in command.attempts {
                of_queue.log(attempt.subscription, attempt.record, command.keep);
            }
            Ok(())
        })
    }

    async fn attempts(&self, query: ListAttempts) -> Result<Vec<Bytes>> {
        self.run_on_subscriptions(|all| {
            let Some(of_queue) = all.get(&query.queue) else { return Ok(Vec::new()) };
            Ok(of_queue.attempts(query.subscription).take(query.limit).cloned().collect())
        })
    }
}
