//! Subscriptions: records, an order and an expiry of their own under the tag of their queue.

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use redis::Value;
use sukkal_storage::{
    Collected, ConfirmSubscription, CreateSubscription, CreatedSubscription, DeleteSubscription,
    GetSubscription, ListSubscriptions, Millis, PurgeSubscriptions, QueueKey, RenewSubscription,
    Result, SetSubscriptionState, StorageError, Subscription, SubscriptionId, SubscriptionState,
    SubscriptionStore, UpdateSubscription,
};

use crate::keys::{ENDS, QueueKeys};
use crate::record::{double, length};
use crate::reply::{Reply, integer, unexpected};
use crate::script::{
    Call, SUBSCRIPTION_COLLECT, SUBSCRIPTION_CONFIRM, SUBSCRIPTION_CREATE, SUBSCRIPTION_DELETE,
    SUBSCRIPTION_LIST, SUBSCRIPTION_PURGE, SUBSCRIPTION_RENEW, SUBSCRIPTION_STATE,
    SUBSCRIPTION_UPDATE,
};
use crate::store::{RedisStore, keys};

/// How many subscriptions one script reads, removes or collects.
const PAGE: usize = 100;

/// How many subscriptions are renewed in one round trip.
const RENEWALS: usize = 500;

/// The flags of a record; the state stands above them.
const CONFIRMED: u8 = 1;
const FOLLOWER: u8 = 2;

/// How many bytes of a record stand before the subscriber.
const HEAD: usize = 29;

#[async_trait]
impl SubscriptionStore for RedisStore {
    async fn create(&self, command: CreateSubscription) -> Result<CreatedSubscription> {
        let size = 128 + 2 * command.subscriber.len() + command.options.len();
        let mut call = SUBSCRIPTION_CREATE.on_subscriptions(&keys(&command.queue), 4, size);
        call.number(command.now).raw(command.id.as_bytes()).raw(command.subscriber.as_bytes());
        call.parts(&[
            &double(command.expires_at),
            &[if command.is_follower { FOLLOWER } else { 0 }],
            &command.now.to_be_bytes(),
            &command.ttl.to_be_bytes(),
            &length(command.subscriber.len()),
            command.subscriber.as_bytes(),
            &command.options,
        ]);
        let value = self.connection.write(&call).await?;
        if matches!(value, Value::Int(0)) {
            return Ok(CreatedSubscription::Created);
        }
        let mut reply = Reply::plain(value)?;
        match (reply.number()?, reply.id()?) {
            (1, id) => Ok(CreatedSubscription::Unconfirmed(id)),
            (2, id) => Ok(CreatedSubscription::Confirmed(id)),
            _ => Err(unexpected()),
        }
    }

    async fn get(&self, query: GetSubscription) -> Result<Subscription> {
        let mut get = redis::cmd("HGET");
        let field = [b"i", &query.id.as_bytes()[..]].concat();
        get.arg(keys(&query.queue).subscriptions()).arg(field);
        let found = match self.connection.send(&get).await? {
            Value::Nil => None,
            Value::BulkString(record) => live(query.id, record.into(), query.now)?,
            _ => return Err(unexpected()),
        };
        found.ok_or(StorageError::SubscriptionDoesNotExist)
    }

    async fn list(&self, query: ListSubscriptions) -> Result<Vec<Subscription>> {
        let keys = keys(&query.queue);
        let mut after = query.after;
        let mut found = Vec::new();
        loop {
            let count = (query.limit - found.len()).min(PAGE);
            let mut call = SUBSCRIPTION_LIST.on_subscriptions(&keys, 3, 32);
            match &after {
                None => call.raw(b"-"),
                Some(id) => call.parts(&[b"(", id.as_bytes()]),
            };
            call.number(count).number(u8::from(query.include_followers));
            let mut reply = Reply::plain(self.connection.read(&call).await?)?;
            let is_last = reply.len() < 2 * count;
            while reply.len() > 0 {
                let (id, record) = (reply.id()?, reply.bytes()?);
                after = Some(id);
                found.extend(live(id, record, query.now)?);
            }
            if is_last || found.len() >= query.limit {
                return Ok(found);
            }
        }
    }

    async fn update(&self, command: UpdateSubscription) -> Result<()> {
        let text = command.subscriber.as_deref().unwrap_or_default();
        let options = command.options.as_deref().unwrap_or_default();
        let size = 128 + text.len() + options.len();
        let mut call = SUBSCRIPTION_UPDATE.on_subscriptions(&keys(&command.queue), 9, size);
        call.number(command.now).raw(command.id.as_bytes());
        call.raw(flag(command.subscriber.is_some()));
        call.parts(&[&length(text.len()), text.as_bytes()]);
        call.raw(flag(command.lifetime.is_some()));
        match command.lifetime {
            None => call.raw(b"").raw(b""),
            Some(lifetime) => {
                call.raw(&double(lifetime.expires_at)).raw(&lifetime.ttl.to_be_bytes())
            }
        };
        call.raw(flag(command.options.is_some())).raw(options);
        match integer(self.connection.write(&call).await?)? {
            -1 => Err(StorageError::SubscriberIsTaken),
            0 => Err(StorageError::SubscriptionDoesNotExist),
            _ => Ok(()),
        }
    }

    async fn confirm(&self, command: ConfirmSubscription) -> Result<()> {
        let mut call = SUBSCRIPTION_CONFIRM.on_subscriptions(&keys(&command.queue), 3, 48);
        call.number(command.now).raw(command.id.as_bytes());
        call.number(u8::from(command.is_confirmed));
        self.change(&call).await
    }

    async fn set_state(&self, command: SetSubscriptionState) -> Result<()> {
        let mut call = SUBSCRIPTION_STATE.on_subscriptions(&keys(&command.queue), 3, 48);
        call.number(command.now).raw(command.id.as_bytes()).number(command.state as u8);
        self.change(&call).await
    }

    async fn renew(
        &self,
        renewals: Vec<RenewSubscription>,
        now: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        let mut found = Vec::with_capacity(renewals.len());
        for some in renewals.chunks(RENEWALS) {
            let calls: Vec<Call> = some.iter().map(|renewal| renewal_call(renewal, now)).collect();
            let replies = self.connection.write_many(&calls).await?;
            for (renewal, reply) in some.iter().zip(replies) {
                found.push(match reply {
                    Value::BulkString(record) if record.is_empty() => None,
                    Value::BulkString(record) => live(renewal.id, record.into(), now)?,
                    _ => return Err(unexpected()),
                });
            }
        }
        Ok(found)
    }

    async fn delete(&self, command: DeleteSubscription) -> Result<()> {
        let mut call = SUBSCRIPTION_DELETE.on_subscriptions(&keys(&command.queue), 1, 16);
        call.raw(command.id.as_bytes());
        self.connection.write(&call).await.map(|_| ())
    }

    async fn purge(&self, command: PurgeSubscriptions) -> Result<bool> {
        let mut call = SUBSCRIPTION_PURGE.on_subscriptions(&keys(&command.queue), 1, 8);
        call.number(command.limit.clamp(1, PAGE));
        Ok(integer(self.connection.write(&call).await?)? == 1)
    }
}

impl RedisStore {
    /// Calls a script that answers 0 if there is no such subscription.
    async fn change(&self, call: &Call) -> Result<()> {
        match integer(self.connection.write(call).await?)? {
            0 => Err(StorageError::SubscriptionDoesNotExist),
            _ => Ok(()),
        }
    }

    /// Removes subscriptions that have ended, of a few queues and at most about `budget` in all.
    pub(crate) async fn collect_subscriptions(
        &self,
        now: Millis,
        visits: usize,
        budget: usize,
    ) -> Result<Collected> {
        let mut range = redis::cmd("ZRANGEBYSCORE");
        range.arg(ENDS).arg("-inf").arg(now).arg("LIMIT").arg(0).arg(visits);
        let mut due = Reply::plain(self.connection.send(&range).await?)?;
        let mut collected = Collected { removed: 0, more: due.len() == visits };
        let share = (budget / due.len().max(1)).clamp(1, PAGE);
        while due.len() > 0 {
            let Some(queue) = QueueKeys::queue(&due.text()?) else { continue };
            let (removed, more) = self.collect_subscriptions_of(&queue, now, share).await?;
            collected.removed += removed;
            collected.more |= more;
        }
        Ok(collected)
    }

    async fn collect_subscriptions_of(
        &self,
        queue: &QueueKey,
        now: Millis,
        budget: usize,
    ) -> Result<(u64, bool)> {
        let mut call = SUBSCRIPTION_COLLECT.on_subscriptions(&keys(queue), 2, 32);
        call.number(now).number(budget);
        let mut reply = Reply::plain(self.connection.read(&call).await?)?;
        Ok((reply.number()?.unsigned_abs(), reply.number()? == 1))
    }
}

fn renewal_call(renewal: &RenewSubscription, now: Millis) -> Call {
    let mut call = SUBSCRIPTION_RENEW.on_subscriptions(&keys(&renewal.queue), 4, 64);
    call.number(now).raw(renewal.id.as_bytes());
    call.raw(&double(renewal.expected)).raw(&double(renewal.expires_at));
    call
}

fn flag(is_set: bool) -> &'static [u8] {
    if is_set { b"1" } else { b"" }
}

/// Reads a record; `None` if it has ended.
fn live(id: SubscriptionId, mut record: Bytes, now: Millis) -> Result<Option<Subscription>> {
    if record.len() < HEAD {
        return Err(unexpected());
    }
    let expires_at = record.get_f64() as Millis;
    if expires_at <= now {
        return Ok(None);
    }
    let flags = record.get_u8();
    let state = SubscriptionState::from_number((flags / 4).into()).ok_or_else(unexpected)?;
    let (created_at, ttl) = (record.get_i64(), record.get_i64());
    let length = record.get_u32() as usize;
    if record.len() < length {
        return Err(unexpected());
    }
    let subscriber = record.split_to(length).into();
    let subscriber = String::from_utf8(subscriber).map_err(|_| unexpected())?;
    Ok(Some(Subscription {
        id,
        subscriber,
        ttl,
        options: record,
        is_confirmed: flags & CONFIRMED != 0,
        is_follower: flags & FOLLOWER != 0,
        state,
        created_at,
        expires_at,
    }))
}
