//! Transfers between queues.

use async_trait::async_trait;
use sukkal_storage::{
    FinishTransfers, MessageId, QueueKey, ReceiveTransfers, Result, SettleTransfers, Transfer,
    TransferStore,
};

use crate::keys::{MOVES, QueueKeys};
use crate::messages::{MOST, add_ids, distinct};
use crate::record::{self, Incoming};
use crate::reply::Reply;
use crate::script::{FINISH, PENDING, RECEIVE};
use crate::store::{RedisStore, keys};

#[async_trait]
impl TransferStore for RedisStore {
    async fn pending(&self, source: Option<&QueueKey>, limit: usize) -> Result<Vec<Transfer>> {
        let limit = limit.min(MOST);
        let sources = match source {
            Some(source) => vec![source.clone()],
            None => self.sources(limit).await?,
        };
        let mut found = Vec::new();
        for source in sources {
            if found.len() == limit {
                break;
            }
            found.extend(self.pending_of(&source, limit - found.len()).await?);
        }
        Ok(found)
    }

    async fn receive(&self, command: ReceiveTransfers) -> Result<()> {
        let size = command.messages.iter().map(|message| 256 + message.body.bytes.len()).sum();
        let args = 2 + 5 * command.messages.len();
        let mut call = RECEIVE.on(&keys(&command.target), args, size);
        call.number(command.now).number(command.generation);
        for message in &command.messages {
            Incoming {
                id: message.id,
                ttl: message.ttl,
                created_at: message.created_at,
                expires_at: record::countable(message.expires_at),
                delay_until: message.delay_until,
                body: &message.body,
                checksum: message.checksum.as_deref(),
                client_id: &message.client_id,
                attributes: &message.attributes,
            }
            .write(&mut call, command.now);
        }
        if command.messages.is_empty() {
            return Ok(());
        }
        Reply::new(self.connection.write(&call).await?)?.status.check(MessageId::nil())
    }

    async fn finish(&self, command: FinishTransfers) -> Result<()> {
        let ids = distinct(&command.ids);
        if ids.is_empty() {
            return Ok(());
        }
        let mut call = FINISH.on(&keys(&command.source), ids.len(), 16 * ids.len());
        add_ids(&mut call, &ids);
        Reply::new(self.connection.write(&call).await?)?.status.check(MessageId::nil())
    }

    async fn settle(&self, command: SettleTransfers) -> Result<()> {
        if command.ids.is_empty() {
            return Ok(());
        }
        let mut remove = redis::cmd("ZREM");
        remove.arg(keys(&command.target).received());
        for id in &command.ids {
            remove.arg(&id.as_bytes()[..]);
        }
        self.connection.send(&remove).await.map(|_| ())
    }
}

impl RedisStore {
    /// Some of the queues that have pending transfers; each call may name others.
    async fn sources(&self, limit: usize) -> Result<Vec<QueueKey>> {
        let mut members = redis::cmd("SRANDMEMBER");
        members.arg(MOVES).arg(limit);
        let mut reply = Reply::plain(self.connection.send(&members).await?)?;
        let mut sources = Vec::with_capacity(reply.len());
        while reply.len() > 0 {
            sources.extend(QueueKeys::queue(&reply.text()?));
        }
        Ok(sources)
    }

    async fn pending_of(&self, source: &QueueKey, limit: usize) -> Result<Vec<Transfer>> {
        let mut call = PENDING.on(&keys(source), 1, 8);
        call.number(limit);
        let mut reply = Reply::new(self.connection.read(&call).await?)?;
        let mut found = Vec::with_capacity(reply.len() / 2);
        while reply.len() > 0 {
            let (id, value) = (reply.id()?, reply.bytes()?);
            let (target, message) = record::transfer(id, value)?;
            found.push(Transfer { source: source.clone(), target, message });
        }
        Ok(found)
    }
}
