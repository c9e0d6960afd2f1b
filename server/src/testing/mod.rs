//! A store for tests that does only what a test told it.

mod refusing;
mod transfers;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sukkal_storage::{
    Capabilities, Capability, ClaimStore, Collected, ControlDriver, DataDriver, Durability,
    MessageStore, Millis, PlacementStore, QueueStateStore, QueueStore, Result, StorageError,
    StoreStatus, SubscriptionStore, TransferStore,
};
use tokio::sync::Notify;

use refusing::Refusing;
pub(crate) use transfers::FakeTransfers;

/// A store whose answers are set by the test.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) time: Option<Millis>,
    pub(crate) unavailable: AtomicBool,
    /// What the next steps of collection return; then nothing is left to collect.
    pub(crate) garbage: Mutex<VecDeque<Result<Collected>>>,
    /// Signalled at each step of collection.
    pub(crate) collecting: Notify,
    pub(crate) budgets: Mutex<Vec<usize>>,
    pub(crate) transfers: FakeTransfers,
    refusing: Refusing,
}

impl Fake {
    pub(crate) fn with_time(time: Millis) -> Self {
        Self { time: Some(time), ..Self::default() }
    }

    pub(crate) fn unavailable() -> Self {
        let fake = Self::default();
        fake.unavailable.store(true, Ordering::Relaxed);
        fake
    }

    fn check(&self) -> Result<()> {
        if self.unavailable.load(Ordering::Relaxed) {
            Err(StorageError::unavailable("told to fail"))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl DataDriver for Fake {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of(&[Capability::Fifo, Capability::Claims])
    }

    fn queues(&self) -> &dyn QueueStateStore {
        &self.refusing
    }

    fn messages(&self) -> &dyn MessageStore {
        &self.refusing
    }

    fn claims(&self) -> &dyn ClaimStore {
        &self.refusing
    }

    fn subscriptions(&self) -> &dyn SubscriptionStore {
        &self.refusing
    }

    fn outbox(&self) -> &dyn sukkal_storage::OutboxStore {
        &sukkal_storage::NoOutbox
    }

    fn transfers(&self) -> &dyn TransferStore {
        &self.transfers
    }

    async fn time(&self) -> Result<Option<Millis>> {
        self.check().map(|()| self.time)
    }

    async fn ping(&self) -> Result<()> {
        self.check()
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.check()?;
        Ok(StoreStatus {
            driver: "fake",
            durability: Durability::None,
            detail: "for tests".to_owned(),
        })
    }

    async fn collect(&self, _now: Millis, budget: usize) -> Result<Collected> {
        self.budgets.lock().unwrap().push(budget);
        self.collecting.notify_one();
        self.garbage.lock().unwrap().pop_front().unwrap_or(Ok(Collected::default()))
    }

    async fn close(&self) {}
}

#[async_trait]
impl ControlDriver for Fake {
    fn queues(&self) -> &dyn QueueStore {
        &self.refusing
    }

    fn placements(&self) -> &dyn PlacementStore {
        &self.refusing
    }

    async fn ping(&self) -> Result<()> {
        self.check()
    }

    async fn status(&self) -> Result<StoreStatus> {
        DataDriver::status(self).await
    }

    async fn close(&self) {}
}
