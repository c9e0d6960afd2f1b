//! Claims and dead letters.

use async_trait::async_trait;
use sukkal_storage::{
    Claim, ClaimId, ClaimStore, CreateClaim, DeleteClaim, GetClaim, Millis, Result, StorageError,
    UpdateClaim,
};

use crate::messages::MOST;
use crate::record::{self, countable, later};
use crate::reply::Reply;
use crate::script::{CLAIM_CREATE, CLAIM_DELETE, CLAIM_GET, CLAIM_UPDATE, Call};
use crate::store::{RedisStore, keys};

#[async_trait]
impl ClaimStore for RedisStore {
    async fn create(&self, command: CreateClaim) -> Result<Claim> {
        let keys = keys(&command.queue);
        let mut call = CLAIM_CREATE.on(&keys, 11, 256);
        call.number(command.now).raw(command.id.as_bytes()).number(command.limit.min(MOST));
        add_lifetime(&mut call, command.now, command.ttl, command.grace);
        match &command.dead_letter {
            None => call.raw(b"").raw(b"").raw(b"").raw(b""),
            Some(rule) => {
                call.number(rule.max_claim_count);
                call.raw(&record::target(&rule.target));
                match rule.ttl {
                    None => call.raw(b"").raw(b""),
                    Some(ttl) => call.number(countable(ttl)).number(later(command.now, ttl)),
                }
            }
        };
        let reply = self.run(&keys, &call, command.now, true).await?;
        let claim = read(reply, command.id, command.now)?;
        let (ttl, created_at) = match claim.messages.is_empty() {
            true => (command.ttl, command.now),
            false => (claim.ttl, claim.created_at),
        };
        Ok(Claim { ttl, created_at, ..claim })
    }

    async fn get(&self, query: GetClaim) -> Result<Claim> {
        let mut call = CLAIM_GET.on(&keys(&query.queue), 2, 32);
        call.number(query.now).raw(query.id.as_bytes());
        let reply = Reply::new(self.connection.read(&call).await?)?;
        let claim = read(reply, query.id, query.now)?;
        if claim.messages.is_empty() { Err(StorageError::ClaimDoesNotExist) } else { Ok(claim) }
    }

    async fn update(&self, command: UpdateClaim) -> Result<()> {
        let mut call = CLAIM_UPDATE.on(&keys(&command.queue), 6, 96);
        call.number(command.now).raw(command.id.as_bytes());
        add_lifetime(&mut call, command.now, command.ttl, command.grace);
        Reply::new(self.connection.write(&call).await?)?.status.check(command.id)
    }

    async fn delete(&self, command: DeleteClaim) -> Result<()> {
        let mut call = CLAIM_DELETE.on(&keys(&command.queue), 1, 16);
        call.raw(command.id.as_bytes());
        Reply::new(self.connection.write(&call).await?)?.status.check(command.id)
    }
}

/// Adds ttl and expiry of a claim, and ttl and expiry of messages that would end before it.
fn add_lifetime(call: &mut Call, now: Millis, ttl: i64, grace: i64) {
    let ends = later(now, ttl);
    call.number(countable(ttl)).number(ends);
    call.number(countable(ttl.saturating_add(grace))).number(later(ends, grace));
}

/// Reads a claim: how many messages were transferred, its record, its messages.
fn read(mut reply: Reply, id: ClaimId, now: Millis) -> Result<Claim> {
    reply.status.check(id)?;
    let transferred = usize::try_from(reply.number()?).unwrap_or(0);
    let (created_at, ttl) = record::claim_head(&reply.bytes()?);
    Ok(Claim { id, ttl, created_at, messages: reply.messages(now)?, transferred })
}
