//! Generations and sealing.

use async_trait::async_trait;
use sukkal_storage::{Generation, QueueKey, QueueState, QueueStateStore, Result};

use crate::data::MemoryData;

#[async_trait]
impl QueueStateStore for MemoryData {
    async fn state(&self, queue: &QueueKey) -> Result<QueueState> {
        self.run_on(queue, |queue| Ok(queue.state))
    }

    async fn seal(&self, queue: &QueueKey) -> Result<Generation> {
        self.run_on_all(|state| {
            state.outboxes.remove(queue);
            let queue = state.queues.entry(queue.clone()).or_default();
            queue.clear();
            queue.state.sealed = true;
            queue.state.generation += 1;
            Ok(queue.state.generation)
        })
    }

    async fn unseal(&self, queue: &QueueKey, generation: Generation) -> Result<()> {
        self.run_on(queue, |queue| {
            if queue.state.generation == generation {
                queue.state.sealed = false;
            }
            Ok(())
        })
    }
}
