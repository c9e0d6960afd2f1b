//! A store that can be away, and that counts what is leased of it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use sukkal_storage::{
    AdvanceEntries, Backlog, Capabilities, ClaimStore, Collected, DataDriver, Delivery,
    EnqueueEntry, EntryProgress, LeaseWork, ListAttempts, LogAttempts, Marker, MessageStore,
    Millis, OutboxEntry, OutboxStore, QueueKey, QueueStateStore, ReadEntries, ReadyQueues, Result,
    ResumeDeliveries, SettleDeliveries, StorageError, StoreStatus, SubscriptionStore,
    TransferStore,
};

/// A store that can be away.
pub(super) struct Watched {
    pub(super) inner: Arc<dyn DataDriver>,
    /// Whether calls of the outbox fail.
    pub(super) is_away: AtomicBool,
    /// How many calls the outbox got.
    pub(super) calls: AtomicUsize,
    /// How many deliveries were written, whether added or settled.
    pub(super) written: AtomicUsize,
    /// The entries that are leased now, and how many were at most.
    leased: Mutex<(HashSet<(QueueKey, Marker)>, usize)>,
}

impl Watched {
    pub(super) fn new(inner: Arc<dyn DataDriver>) -> Self {
        let (is_away, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { inner, is_away, calls, written: AtomicUsize::new(0), leased: Mutex::default() }
    }

    pub(super) fn most_leased(&self) -> usize {
        self.leased.lock().unwrap().1
    }

    fn check(&self) -> Result<&dyn OutboxStore> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StorageError::unavailable("it is away"));
        }
        Ok(self.inner.outbox())
    }
}

#[async_trait]
impl DataDriver for Watched {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    fn queues(&self) -> &dyn QueueStateStore {
        self.inner.queues()
    }
    fn messages(&self) -> &dyn MessageStore {
        self.inner.messages()
    }
    fn claims(&self) -> &dyn ClaimStore {
        self.inner.claims()
    }
    fn subscriptions(&self) -> &dyn SubscriptionStore {
        self.inner.subscriptions()
    }
    fn outbox(&self) -> &dyn OutboxStore {
        self
    }
    fn transfers(&self) -> &dyn TransferStore {
        self.inner.transfers()
    }
    async fn time(&self) -> Result<Option<Millis>> {
        self.inner.time().await
    }
    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
    async fn status(&self) -> Result<StoreStatus> {
        self.inner.status().await
    }
    async fn collect(&self, now: Millis, budget: usize) -> Result<Collected> {
        self.inner.collect(now, budget).await
    }
    async fn close(&self) {}
}

#[async_trait]
impl OutboxStore for Watched {
    async fn ready(&self, query: ReadyQueues) -> Result<Vec<QueueKey>> {
        self.check()?.ready(query).await
    }
    async fn lease_entries(&self, command: LeaseWork) -> Result<Vec<OutboxEntry>> {
        let entries = self.check()?.lease_entries(command).await?;
        let mut leased = self.leased.lock().unwrap();
        leased.0.extend(entries.iter().map(|entry| (entry.queue.clone(), entry.marker)));
        leased.1 = leased.1.max(leased.0.len());
        Ok(entries)
    }
    async fn advance(&self, command: AdvanceEntries) -> Result<Vec<bool>> {
        let held = self.check()?.advance(command.clone()).await?;
        let mut leased = self.leased.lock().unwrap();
        for step in command.steps {
            self.written.fetch_add(step.deliveries.len(), Ordering::Relaxed);
            if !matches!(step.progress, EntryProgress::Continue { .. }) {
                leased.0.remove(&(command.queue.clone(), step.entry));
            }
        }
        Ok(held)
    }
    async fn lease_deliveries(&self, command: LeaseWork) -> Result<Vec<Delivery>> {
        self.check()?.lease_deliveries(command).await
    }
    async fn settle(&self, command: SettleDeliveries) -> Result<()> {
        self.written.fetch_add(command.deliveries.len(), Ordering::Relaxed);
        self.check()?.settle(command).await
    }
    async fn resume(&self, command: ResumeDeliveries) -> Result<bool> {
        self.check()?.resume(command).await
    }
    async fn enqueue(&self, command: EnqueueEntry) -> Result<()> {
        self.check()?.enqueue(command).await
    }
    async fn read(&self, query: ReadEntries) -> Result<Vec<OutboxEntry>> {
        self.check()?.read(query).await
    }
    async fn heads(&self, queues: &[QueueKey]) -> Result<Vec<Marker>> {
        self.check()?.heads(queues).await
    }
    async fn backlog(&self, now: Millis) -> Result<Backlog> {
        self.check()?.backlog(now).await
    }
    fn hints(&self) -> Option<BoxStream<'static, QueueKey>> {
        None
    }
    async fn log(&self, command: LogAttempts) -> Result<()> {
        self.check()?.log(command).await
    }
    async fn attempts(&self, query: ListAttempts) -> Result<Vec<Bytes>> {
        self.check()?.attempts(query).await
    }
}

impl Watched {
    pub(super) async fn inner_backlog(&self, setting: &super::setting::Setting) -> Backlog {
        self.inner.outbox().backlog(setting.clock.now()).await.unwrap()
    }
}
