//! The control role: records of queues and topics, and where they lie.

use std::sync::Arc;

use async_trait::async_trait;
use sukkal_storage::{
    ControlDriver, CreateQueue, DeleteQueue, Kind, Layout, ListQueues, PlaceQueue, PlacementStore,
    QueueKey, QueueRecord, QueueStore, ReleaseQueue, ReplaceLayout, Result, StoreStatus,
    UpdateQueue,
};

use crate::data::status;
use crate::journal::Journal;
use crate::record::Record;

#[async_trait]
impl ControlDriver for Journal {
    fn queues(&self) -> &dyn QueueStore {
        self
    }

    fn placements(&self) -> &dyn PlacementStore {
        self
    }

    async fn ping(&self) -> Result<()> {
        self.memory.control.ping().await
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.memory.control.status().await.map(status)
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl QueueStore for Journal {
    async fn create(&self, command: CreateQueue) -> Result<bool> {
        let _turn = self.write(Record::CreateQueue(command.clone())).await?;
        self.memory.control.queues().create(command).await
    }

    async fn update(&self, command: UpdateQueue) -> Result<u64> {
        let _turn = self.write(Record::UpdateQueue(command.clone())).await?;
        self.memory.control.queues().update(command).await
    }

    async fn delete(&self, command: DeleteQueue) -> Result<bool> {
        let _turn = self.write(Record::DeleteQueue(command.clone())).await?;
        self.memory.control.queues().delete(command).await
    }

    async fn list(&self, query: ListQueues) -> Result<Vec<QueueRecord>> {
        self.memory.control.queues().list(query).await
    }

    async fn count(&self, project: &str, kind: Kind) -> Result<u64> {
        self.memory.control.queues().count(project, kind).await
    }

    async fn get(&self, queue: &QueueKey) -> Result<Option<QueueRecord>> {
        self.memory.control.queues().get(queue).await
    }
}

#[async_trait]
impl PlacementStore for Journal {
    async fn replace_layout(&self, command: ReplaceLayout) -> Result<u64> {
        let _turn = self.write(Record::ReplaceLayout(command.clone())).await?;
        self.memory.control.placements().replace_layout(command).await
    }

    async fn place(&self, command: PlaceQueue) -> Result<Arc<str>> {
        let _turn = self.write(Record::Place(command.clone())).await?;
        self.memory.control.placements().place(command).await
    }

    async fn release(&self, command: ReleaseQueue) -> Result<()> {
        let _turn = self.write(Record::Release(command.clone())).await?;
        self.memory.control.placements().release(command).await
    }

    async fn layout(&self) -> Result<Layout> {
        self.memory.control.placements().layout().await
    }

    async fn pool_of(&self, queue: &QueueKey) -> Result<Option<Arc<str>>> {
        self.memory.control.placements().pool_of(queue).await
    }

    async fn placed_in(&self, pool: &str) -> Result<u64> {
        self.memory.control.placements().placed_in(pool).await
    }
}
