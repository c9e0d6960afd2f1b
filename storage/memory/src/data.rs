//! The data role: one mutex over everything, so every command is atomic, also across queues.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sukkal_storage::{
    Capabilities, Capability, ClaimStore, Collected, DataDriver, MessageStore, Millis, OutboxStore,
    QueueKey, QueueStateStore, Result, StorageError, StoreStatus, SubscriptionStore, TransferStore,
};

use crate::outbox::Outboxes;
use crate::queue::Queue;
use crate::subscriptions::{self, Subscriptions};

/// All queues that were ever posted to or deleted.
pub(crate) type Queues = BTreeMap<QueueKey, Queue>;

/// Everything that is stored.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) queues: Queues,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) outboxes: Outboxes,
}

/// The data role; what it holds is gone once it is closed.
pub(crate) struct MemoryData {
    state: Mutex<Option<State>>,
}

impl MemoryData {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(Some(State::default())) }
    }

    /// Runs one command, alone.
    pub(crate) fn run_on_all<T>(&self, command: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        command(state.as_mut().ok_or_else(closed)?)
    }

    /// Runs one command, alone, on all subscriptions.
    pub(crate) fn run_on_subscriptions<T>(
        &self,
        command: impl FnOnce(&mut Subscriptions) -> Result<T>,
    ) -> Result<T> {
        self.run_on_all(|state| command(&mut state.subscriptions))
    }

    /// Runs one command, alone, on all queues.
    pub(crate) fn run<T>(&self, command: impl FnOnce(&mut Queues) -> Result<T>) -> Result<T> {
        self.run_on_all(|state| command(&mut state.queues))
    }

    /// Runs one command, alone, on a queue; gives `T::default()` for a queue never seen.
    pub(crate) fn run_on<T: Default>(
        &self,
        key: &QueueKey,
        command: impl FnOnce(&mut Queue) -> Result<T>,
    ) -> Result<T> {
        self.run(|queues| queues.get_mut(key).map_or_else(|| Ok(T::default()), command))
    }
}

/// The error of every call after [`DataDriver::close`].
pub(crate) fn closed() -> StorageError {
    StorageError::unavailable("the store is closed")
}

#[async_trait]
impl DataDriver for MemoryData {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of(&[
            Capability::Fifo,
            Capability::Claims,
            Capability::Aod,
            Capability::HighThroughput,
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
        self.run(|_| Ok(None))
    }

    async fn ping(&self) -> Result<()> {
        self.run(|_| Ok(()))
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.run(|_| Ok(crate::status()))
    }

    async fn collect(&self, now: Millis, budget: usize) -> Result<Collected> {
        self.run_on_all(|state| {
            let mut removed = subscriptions::collect(&mut state.subscriptions, now, budget);
            let State { queues, outboxes, .. } = state;
            removed += outboxes.collect(now, budget - removed);
            for queue in queues.values_mut() {
                if removed == budget {
                    break;
                }
                removed += queue.collect(now, budget - removed);
            }
            Ok(Collected { removed: removed as u64, more: removed == budget && budget > 0 })
        })
    }

    async fn close(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
