//! The data role.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use diesel::sql_types::BigInt;
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    Capabilities, Capability, ClaimStore, Collected, DataDriver, Durability, MessageStore, Millis,
    OutboxStore, QueueKey, QueueStateStore, Result, StoreStatus, SubscriptionStore, TransferStore,
};

use crate::collect::collect;
use crate::command::{Command, Query};
use crate::core::Core;
use crate::error::{Failure, closed};
use crate::statement::statement;

statement! {
    /// Looks whether the file can be read.
    AnyQueue {} -> (BigInt,) = "SELECT key FROM queue LIMIT 1";
}

/// One role of an open store; the store closes with its last role.
pub(crate) struct Role {
    core: Arc<Core>,
    is_closed: AtomicBool,
}

impl Role {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        core.enter();
        Self { core, is_closed: AtomicBool::new(false) }
    }

    /// Runs a command in its place; returns when it is durable.
    pub(crate) async fn execute<C: Command>(
        &self,
        queue: Option<&QueueKey>,
        command: C,
    ) -> Result<C::Output> {
        self.check()?;
        self.core.execute(queue, command).await
    }

    /// Runs a query that sees every command of this queue that was put in before it.
    pub(crate) async fn read<Q: Query>(
        &self,
        queue: Option<&QueueKey>,
        query: Q,
    ) -> Result<Q::Output> {
        self.check()?;
        self.core.read(queue, query).await
    }

    /// Fails if the file cannot be read.
    pub(crate) async fn ping(&self) -> Result<()> {
        self.read(None, Ping).await
    }

    pub(crate) fn status(&self) -> Result<StoreStatus> {
        self.check()?;
        Ok(self.core.status())
    }

    /// Whether the store ends with this process.
    pub(crate) fn keeps_nothing(&self) -> bool {
        self.core.status().durability == Durability::None
    }

    pub(crate) async fn close(&self) {
        if self.leave() {
            let core = Arc::clone(&self.core);
            let _ = tokio::task::spawn_blocking(move || core.close()).await;
        }
    }

    fn check(&self) -> Result<()> {
        if self.is_closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    /// Tells whether this was the last role in use.
    fn leave(&self) -> bool {
        !self.is_closed.swap(true, Ordering::AcqRel) && self.core.leave()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.leave();
    }
}

struct Ping;

impl Query for Ping {
    type Output = ();

    fn read(&self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let _: Option<(i64,)> = AnyQueue {}.get_result(connection).optional()?;
        Ok(())
    }
}

const IN_MEMORY: Capabilities = Capabilities::of(&[
    Capability::Fifo,
    Capability::Claims,
    Capability::Aod,
    Capability::HighThroughput,
]);

const IN_FILE: Capabilities = Capabilities::of(&[
    Capability::Fifo,
    Capability::Claims,
    Capability::Durability,
    Capability::Aod,
    Capability::HighThroughput,
    Capability::SurvivesCrash,
]);

/// The data role of an open store.
pub(crate) struct SqliteData(pub(crate) Role);

#[async_trait]
impl DataDriver for SqliteData {
    fn capabilities(&self) -> Capabilities {
        if self.0.keeps_nothing() { IN_MEMORY } else { IN_FILE }
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
        Ok(None)
    }

    async fn ping(&self) -> Result<()> {
        self.0.ping().await
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.0.status()
    }

    async fn collect(&self, now: Millis, budget: usize) -> Result<Collected> {
        collect(&self.0, now, budget).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
