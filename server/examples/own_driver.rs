//! A binary of your own that brings a storage driver of its own.
//!
//! The driver here, `tally:`, keeps messages in memory and counts what is posted to each project; a real one
//! would implement every store itself and prove it with `sukkal-storage-suite`.
//!
//! `cargo run -p sukkal-server --example own_driver -- --store tally:`, post something, and look at `/status`
//! on 127.0.0.1:8889.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sukkal_storage::{
    Capabilities, ClaimStore, Collected, DataDriver, DeleteMessage, DeleteMessages, Entry,
    GetMessages, ListMessages, Message, MessageStore, Millis, PopMessages, Post, PurgeMessages,
    Purged, QueueStateStore, QueueStats, Result, StatsQuery, Store, StoreStatus, SubscriptionStore,
    TransferStore,
};

/// The line that a registry takes: the scheme, and how to open a store.
fn entry() -> Entry {
    Entry {
        schemes: &["tally"],
        open: |_uri, options| {
            Box::pin(async move {
                let memory = sukkal_drivers::registry();
                let inner = memory
                    .entry_for("memory:")
                    .expect("this example is built with the memory driver");
                let store = (inner.open)("memory:".to_owned(), options).await?;
                let tally = Tally { inner: Arc::clone(&store.data), posted: Mutex::default() };
                Ok(Store { control: store.control, data: Arc::new(tally) })
            })
        },
        test_uri: None,
        maintenance: None,
    }
}

/// A data driver that counts and hands on.
struct Tally {
    inner: Arc<dyn DataDriver>,
    posted: Mutex<BTreeMap<Arc<str>, usize>>,
}

#[async_trait]
impl MessageStore for Tally {
    async fn post(&self, command: Post) -> Result<()> {
        let (project, count) = (Arc::clone(&command.queue.project), command.messages.len());
        self.inner.messages().post(command).await?;
        let mut posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
        *posted.entry(project).or_default() += count;
        Ok(())
    }

    async fn list(&self, query: ListMessages) -> Result<Vec<Message>> {
        self.inner.messages().list(query).await
    }

    async fn get(&self, query: GetMessages) -> Result<Vec<Message>> {
        self.inner.messages().get(query).await
    }

    async fn delete(&self, command: DeleteMessage) -> Result<()> {
        self.inner.messages().delete(command).await
    }

    async fn delete_many(&self, command: DeleteMessages) -> Result<()> {
        self.inner.messages().delete_many(command).await
    }

    async fn pop(&self, command: PopMessages) -> Result<Vec<Message>> {
        self.inner.messages().pop(command).await
    }

    async fn purge(&self, command: PurgeMessages) -> Result<Purged> {
        self.inner.messages().purge(command).await
    }

    async fn stats(&self, query: StatsQuery) -> Result<QueueStats> {
        self.inner.messages().stats(query).await
    }
}

#[async_trait]
impl DataDriver for Tally {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn queues(&self) -> &dyn QueueStateStore {
        self.inner.queues()
    }

    fn messages(&self) -> &dyn MessageStore {
        self
    }

    fn claims(&self) -> &dyn ClaimStore {
        self.inner.claims()
    }

    fn subscriptions(&self) -> &dyn SubscriptionStore {
        self.inner.subscriptions()
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
        let status = self.inner.status().await?;
        let posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(StoreStatus {
            driver: "tally",
            detail: format!("posted by project: {posted:?}"),
            ..status
        })
    }

    async fn collect(&self, now: Millis, budget: usize) -> Result<Collected> {
        self.inner.collect(now, budget).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

fn main() -> ExitCode {
    let registry = sukkal_drivers::registry().with(entry());
    sukkal_server::cli::main(&registry, sukkal_server::Stages::default())
}
