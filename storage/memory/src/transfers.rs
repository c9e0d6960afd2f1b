//! Transfers between queues.

use async_trait::async_trait;
use sukkal_storage::{
    FinishTransfers, Message, Millis, QueueKey, ReceiveTransfers, Result, SettleTransfers,
    StorageError, Transfer, TransferStore,
};

use crate::data::MemoryData;
use crate::queue::{Queue, RECEIVED_FOR};

#[async_trait]
impl TransferStore for MemoryData {
    async fn pending(&self, source: Option<&QueueKey>, limit: usize) -> Result<Vec<Transfer>> {
        self.run(|queues| {
            let waiting = queues
                .iter()
                .filter(|(key, _)| source.is_none_or(|source| source == *key))
                .flat_map(|(_, queue)| &queue.transfers);
            Ok(waiting.take(limit).cloned().collect())
        })
    }

    async fn receive(&self, command: ReceiveTransfers) -> Result<()> {
        self.run(|queues| {
            let state = queues.get(&command.target).map(|queue| queue.state).unwrap_or_default();
            if state.sealed || command.generation < state.generation {
                return Err(StorageError::QueueChanged);
            }
            let queue = queues.entry(command.target.clone()).or_default();
            for message in command.messages {
                receive(queue, message, command.now);
            }
            Ok(())
        })
    }

    async fn finish(&self, command: FinishTransfers) -> Result<()> {
        self.run_on(&command.source, |queue| {
            queue.transfers.retain(|transfer| !command.ids.contains(&transfer.message.id));
            Ok(())
        })
    }

    async fn settle(&self, command: SettleTransfers) -> Result<()> {
        self.run_on(&command.target, |queue| {
            for id in &command.ids {
                queue.received.remove(id);
            }
            Ok(())
        })
    }
}

fn receive(queue: &mut Queue, message: Message, now: Millis) {
    let known = queue.received.get(&message.id).copied();
    if known.is_none_or(|at| at.saturating_add(RECEIVED_FOR) <= now) {
        queue.received.insert(message.id, now);
        queue.append(Message { claim: None, claim_count: 0, ..message }, now);
    }
}
