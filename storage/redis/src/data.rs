//! The data role.

use async_trait::async_trait;
use sukkal_storage::{
    Capabilities, Capability, ClaimStore, Collected, DataDriver, MessageStore, Millis, OutboxStore,
    QueueStateStore, Result, StoreStatus, SubscriptionStore, TransferStore,
};

use crate::keys::{DUE, QueueKeys};
use crate::reply::Reply;
use crate::store::{RedisStore, keys};

/// How many queues one step of collection visits at most.
const QUEUES: usize = 64;

#[async_trait]
impl DataDriver for RedisStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of(&[
            Capability::Fifo,
            Capability::Claims,
            Capability::Durability,
            Capability::Aod,
            Capability::HighThroughput,
            Capability::MultiServer,
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
        self.time().await.map(Some)
    }

    async fn ping(&self) -> Result<()> {
        self.ping().await
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.status().await
    }

    async fn collect(&self, now: Millis, budget: usize) -> Result<Collected> {
        let visits = QUEUES.min(budget.max(1));
        let mut range = redis::cmd("ZRANGEBYSCORE");
        range.arg(DUE).arg("-inf").arg(now).arg("LIMIT").arg(0).arg(visits);
        let mut due = Reply::plain(self.connection.send(&range).await?)?;
        let mut collected = Collected { removed: 0, more: due.len() == visits };
        let share = budget / due.len().max(1);
        while due.len() > 0 {
            let Some(queue) = QueueKeys::queue(&due.text()?) else { continue };
            let (removed, more) = self.settle(&keys(&queue), now, share).await?;
            collected.removed += removed;
            collected.more |= more;
        }
        let left = budget.saturating_sub(usize::try_from(collected.removed).unwrap_or(budget));
        let ended = self.collect_subscriptions(now, visits, left).await?;
        collected.removed += ended.removed;
        collected.more |= ended.more;
        let left = budget.saturating_sub(usize::try_from(collected.removed).unwrap_or(budget));
        let finished = self.collect_outbox(now, visits, left).await?;
        collected.removed += finished.removed;
        collected.more |= finished.more;
        Ok(collected)
    }

    async fn close(&self) {
        self.connection.close().await;
    }
}
