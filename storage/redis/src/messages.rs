//! Messages.

use std::collections::HashSet;

use async_trait::async_trait;
use sukkal_storage::{
    After, DeleteMessage, DeleteMessages, GetMessages, ListMessages, Message, MessageId,
    MessageStamp, MessageStore, PopMessages, Post, Posted, PurgeMessages, Purged, QueueStats,
    Result, StatsQuery,
};

use crate::record::{Incoming, client_prefix, created_at, later};
use crate::reply::{Reply, unexpected};
use crate::script::{Call, DELETE, DELETE_MANY, GET, LIST, POP, POST, PURGE, STATS};
use crate::store::{RedisStore, keys};

/// How many messages one command takes out or one page asks for at most.
pub(crate) const MOST: usize = 1000;

#[async_trait]
impl MessageStore for RedisStore {
    async fn post(&self, command: Post) -> Result<Posted> {
        let incoming: Vec<Incoming<'_>> = command
            .messages
            .iter()
            .map(|message| Incoming {
                id: message.id,
                ttl: message.ttl,
                created_at: command.now,
                expires_at: later(command.now, message.ttl),
                delay_until: message.delay_until,
                body: &message.body,
                checksum: message.checksum.as_deref(),
                client_id: &command.client_id,
                attributes: &message.attributes,
            })
            .collect();
        let size = incoming.iter().map(Incoming::size).sum();
        let mut call = POST.on(&keys(&command.queue), 2 + 5 * incoming.len(), size);
        call.number(command.now).number(command.generation);
        for message in &incoming {
            message.write(&mut call, command.now);
        }
        let reply = Reply::new(self.connection.write(&call).await?)?;
        reply.status.check(MessageId::nil())?;
        Ok(Posted { in_outbox: reply.len() > 0 })
    }

    async fn list(&self, query: ListMessages) -> Result<Vec<Message>> {
        let keys = keys(&query.queue);
        let (mut place, mut after) = match query.after {
            None => (0, None),
            Some(After::Marker(marker)) => (marker, None),
            Some(After::Message(id)) => (0, Some(id)),
        };
        let mut found = Vec::new();
        loop {
            let mut call = LIST.on(&keys, 7, 160);
            call.number(query.now).number(place);
            call.raw(after.as_ref().map_or(&[], |id: &MessageId| &id.as_bytes()[..]));
            call.number((query.limit - found.len()).min(MOST));
            call.number(u8::from(query.include_claimed)).number(u8::from(query.include_delayed));
            call.raw(&query.exclude_client.as_deref().map(client_prefix).unwrap_or_default());
            let mut reply = self.run(&keys, &call, query.now, false).await?;
            place = reply.number()?;
            let is_empty = reply.len() == 0;
            found.extend(reply.messages(query.now)?);
            if found.len() >= query.limit || place < 0 {
                return Ok(found);
            }
            after = None;
            if is_empty {
                // Between two steps of a long search others get their turn.
                tokio::task::yield_now().await;
            }
        }
    }

    async fn get(&self, query: GetMessages) -> Result<Vec<Message>> {
        let ids = distinct(&query.ids);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = GET.on(&keys(&query.queue), ids.len(), 16 * ids.len());
        add_ids(&mut call, &ids);
        Reply::new(self.connection.read(&call).await?)?.messages(query.now)
    }

    async fn delete(&self, command: DeleteMessage) -> Result<()> {
        let mut call = DELETE.on(&keys(&command.queue), 3, 64);
        call.number(command.now).raw(command.id.as_bytes());
        call.raw(command.claim_id.as_ref().map_or(&[], |id| &id.as_bytes()[..]));
        Reply::new(self.connection.write(&call).await?)?.status.check(command.id)
    }

    async fn delete_many(&self, command: DeleteMessages) -> Result<()> {
        let ids = distinct(&command.ids);
        if ids.is_empty() {
            return Ok(());
        }
        let claims = command.claim_ids.as_deref().unwrap_or_default();
        let count = ids.len() + claims.len();
        let mut call = DELETE_MANY.on(&keys(&command.queue), 2 + count, 32 + 16 * count);
        call.number(command.now);
        call.number(if command.claim_ids.is_some() { claims.len() as i64 } else { -1 });
        add_ids(&mut call, claims);
        add_ids(&mut call, &ids);
        let mut reply = Reply::new(self.connection.write(&call).await?)?;
        let id = if reply.len() > 0 { reply.id()? } else { MessageId::nil() };
        reply.status.check(id)
    }

    async fn pop(&self, command: PopMessages) -> Result<Vec<Message>> {
        let keys = keys(&command.queue);
        let mut call = POP.on(&keys, 2, 32);
        call.number(command.now).number(command.limit.min(MOST));
        self.run(&keys, &call, command.now, true).await?.messages(command.now)
    }

    async fn purge(&self, command: PurgeMessages) -> Result<Purged> {
        let keys = keys(&command.queue);
        let mut call = PURGE.on(&keys, 3, 48);
        call.number(command.now).number(command.limit.clamp(1, MOST));
        match command.up_to {
            Some(up_to) => call.number(up_to),
            None => call.raw(b""),
        };
        let mut reply = self.run(&keys, &call, command.now, true).await?;
        Ok(Purged { up_to: reply.number()?, more: reply.number()? == 1 })
    }

    async fn stats(&self, query: StatsQuery) -> Result<QueueStats> {
        let keys = keys(&query.queue);
        let mut call = STATS.on(&keys, 1, 16);
        call.number(query.now);
        let mut reply = self.run(&keys, &call, query.now, false).await?;
        let (claimed, all) = (reply.number()?.unsigned_abs(), reply.number()?.unsigned_abs());
        let mut stamp = || -> Result<Option<MessageStamp>> {
            if reply.len() == 0 {
                return Ok(None);
            }
            let (id, head) = (reply.id()?, reply.bytes()?);
            Ok(Some(MessageStamp { id, created_at: created_at(&head).ok_or_else(unexpected)? }))
        };
        let (oldest, newest) = (stamp()?, stamp()?);
        Ok(QueueStats { claimed, free: all.saturating_sub(claimed), oldest, newest })
    }
}

/// Adds ids to a call, one argument each.
pub(crate) fn add_ids(call: &mut Call, ids: &[MessageId]) {
    for id in ids {
        call.raw(id.as_bytes());
    }
}

/// Each id once, in the order of its first appearance.
pub(crate) fn distinct(ids: &[MessageId]) -> Vec<MessageId> {
    let mut known = HashSet::with_capacity(ids.len());
    ids.iter().copied().filter(|id| known.insert(*id)).collect()
}
