//! Messages.

pub(crate) mod delete;
pub(crate) mod free;
pub(crate) mod list;
pub(crate) mod post;
pub(crate) mod promote;
pub(crate) mod purge;
pub(crate) mod stats;

use async_trait::async_trait;
use sukkal_storage::{
    DeleteMessage, DeleteMessages, GetMessages, ListMessages, Message, MessageStore, PopMessages,
    Post, Posted, PurgeMessages, Purged, QueueStats, Result, StatsQuery,
};

use crate::data::SqliteData;
use crate::messages::post::Checked;

#[async_trait]
impl MessageStore for SqliteData {
    async fn post(&self, command: Post) -> Result<Posted> {
        self.0.execute(Some(&command.queue.clone()), Checked::new(command)).await
    }

    async fn list(&self, query: ListMessages) -> Result<Vec<Message>> {
        self.0.read(Some(&query.queue.clone()), query).await
    }

    async fn get(&self, query: GetMessages) -> Result<Vec<Message>> {
        self.0.read(Some(&query.queue.clone()), query).await
    }

    async fn delete(&self, command: DeleteMessage) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn delete_many(&self, command: DeleteMessages) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn pop(&self, command: PopMessages) -> Result<Vec<Message>> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn purge(&self, command: PurgeMessages) -> Result<Purged> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn stats(&self, query: StatsQuery) -> Result<QueueStats> {
        self.0.read(Some(&query.queue.clone()), query).await
    }
}
