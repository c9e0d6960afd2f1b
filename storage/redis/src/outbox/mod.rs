//! The outbox: entries, leases, deliveries and logs of attempts under the tag of their queue.

mod hints;
mod index;
mod record;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::stream::BoxStream;
use redis::Value;
use sukkal_storage::{
    AdvanceEntries, Backlog, Delivery, EnqueueEntry, EntryProgress, EntryStep, LeaseWork,
    ListAttempts, LogAttempts, Marker, Millis, OutboxEntry, OutboxStore, QueueKey, ReadEntries,
    ReadyQueues, Result, ResumeDeliveries, SettleDeliveries, Settlement,
};

use crate::error::unavailable;
use crate::messages::MOST;
use crate::record::{Incoming, later};
use crate::reply::{Reply, Status, integer};
use crate::script::{
    Call, OUTBOX_ADVANCE, OUTBOX_ENQUEUE, OUTBOX_LEASE, OUTBOX_LEASE_DELIVERIES, OUTBOX_LOG,
    OUTBOX_READ, OUTBOX_RESUME, OUTBOX_SETTLE,
};
use crate::store::{RedisStore, keys};

/// How many steps of ending leases one command may wait for; each ends a thousand.
const STEPS: usize = 256;

#[async_trait]
impl OutboxStore for RedisStore {
    async fn ready(&self, query: ReadyQueues) -> Result<Vec<QueueKey>> {
        self.ready_queues(query).await
    }

    async fn lease_entries(&self, command: LeaseWork) -> Result<Vec<OutboxEntry>> {
        let mut call = OUTBOX_LEASE.on(&keys(&command.queue), 5, 96);
        add_lease(&mut call, &command);
        for _ in 0..STEPS {
            let mut reply = Reply::new(self.connection.write(&call).await?)?;
            if reply.status != Status::Unsettled {
                return Ok(record::entries(&command.queue, &mut reply)?.0);
            }
        }
        Err(unavailable("too many leases of the queue have ended at once"))
    }

    async fn advance(&self, command: AdvanceEntries) -> Result<Vec<bool>> {
        let keys = keys(&command.queue);
        let mut calls = Vec::new();
        for steps in portions(&command.steps) {
            let deliveries: usize = steps.iter().map(|step| step.deliveries.len()).sum();
            let args = 2 + 5 * steps.len() + 3 * deliveries;
            let mut call = OUTBOX_ADVANCE.on(&keys, args, 48 * steps.len() + 80 * deliveries);
            call.number(command.now).raw(command.lease.as_bytes());
            for step in steps {
                add_step(&mut call, step);
            }
            calls.push(call);
        }
        let mut held = Vec::with_capacity(command.steps.len());
        for reply in self.connection.write_many(&calls).await? {
            let mut reply = Reply::plain(reply)?;
            while reply.len() > 0 {
                held.push(reply.number()? == 1);
            }
        }
        Ok(held)
    }

    async fn lease_deliveries(&self, command: LeaseWork) -> Result<Vec<Delivery>> {
        let mut call = OUTBOX_LEASE_DELIVERIES.on(&keys(&command.queue), 5, 96);
        add_lease(&mut call, &command);
        let mut reply = Reply::plain(self.connection.write(&call).await?)?;
        record::deliveries(&command.queue, &mut reply)
    }

    async fn settle(&self, command: SettleDeliveries) -> Result<()> {
        let keys = keys(&command.queue);
        let mut calls = Vec::new();
        for some in command.deliveries.chunks(MOST) {
            let mut call = OUTBOX_SETTLE.on(&keys, 2 + 3 * some.len(), 80 * some.len());
            call.number(command.now).raw(command.lease.as_bytes());
            for (key, settlement) in some {
                call.raw(&record::key(key));
                match *settlement {
                    Settlement::Done => call.raw(b"").raw(b""),
                    Settlement::Retry { attempts, due_at } => {
                        call.raw(&record::delivery(attempts, false, None)).number(due_at)
                    }
                    Settlement::Park { attempts } => {
                        call.raw(&record::delivery(attempts, true, None)).raw(b"")
                    }
                };
            }
            calls.push(call);
        }
        self.connection.write_many(&calls).await.map(|_| ())
    }

    async fn resume(&self, command: ResumeDeliveries) -> Result<bool> {
        let mut call = OUTBOX_RESUME.on(&keys(&command.queue), 3, 48);
        call.number(command.now).raw(command.subscription.as_bytes());
        call.number(command.limit.clamp(1, MOST));
        Ok(integer(self.connection.write(&call).await?)? == 1)
    }

    async fn enqueue(&self, command: EnqueueEntry) -> Result<()> {
        if command.messages.is_empty() {
            return Ok(());
        }
        let bytes: usize = command.messages.iter().map(|message| message.body.bytes.len()).sum();
        let size = bytes + 160 * command.messages.len();
        let mut call = OUTBOX_ENQUEUE.on(&keys(&command.queue), 4 + command.messages.len(), size);
        call.number(command.now).number(command.kind as u8);
        call.raw(command.only.as_bytes()).number(bytes);
        for message in &command.messages {
            Incoming {
                id: message.id,
                ttl: message.ttl,
                created_at: command.now,
                expires_at: later(command.now, message.ttl),
                delay_until: message.delay_until,
                body: &message.body,
                checksum: message.checksum.as_deref(),
                client_id: &command.client_id,
                attributes: &message.attributes,
            }
            .write_entry(&mut call);
        }
        self.connection.write(&call).await.map(|_| ())
    }

    async fn read(&self, query: ReadEntries) -> Result<Vec<OutboxEntry>> {
        let keys = keys(&query.queue);
        let (mut after, mut room, mut found) = (query.after, query.max_bytes.max(1), Vec::new());
        loop {
            let mut call = OUTBOX_READ.on(&keys, 4, 64);
            call.number(query.now).number(after);
            call.number((query.limit - found.len()).clamp(1, MOST)).number(room);
            let mut reply = Reply::new(self.connection.read(&call).await?)?;
            after = reply.number()?;
            let (entries, bytes) = record::entries(&query.queue, &mut reply)?;
            found.extend(entries.into_iter().map(|entry| OutboxEntry { after: None, ..entry }));
            room = room.saturating_sub(bytes);
            if after < 0 || room == 0 || found.len() >= query.limit {
                return Ok(found);
            }
        }
    }

    async fn heads(&self, queues: &[QueueKey]) -> Result<Vec<Marker>> {
        let mut heads = Vec::with_capacity(queues.len());
        for some in queues.chunks(MOST) {
            let calls: Vec<Call> = some
                .iter()
                .map(|queue| {
                    let mut cmd = redis::cmd("HGET");
                    cmd.arg(keys(queue).base()).arg("n");
                    Call { cmd }
                })
                .collect();
            for reply in self.connection.read_many(&calls).await? {
                heads.push(match reply {
                    Value::Nil => 0,
                    reply => integer(reply)?,
                });
            }
        }
        Ok(heads)
    }

    async fn backlog(&self, now: Millis) -> Result<Backlog> {
        self.find_backlog(now).await
    }

    fn hints(&self) -> Option<BoxStream<'static, QueueKey>> {
        let (client, closed) = self.connection.client();
        Some(hints::stream(client, closed))
    }

    async fn log(&self, command: LogAttempts) -> Result<()> {
        let keys = keys(&command.queue);
        let mut calls = Vec::new();
        for some in command.attempts.chunks(MOST) {
            let size = some.iter().map(|attempt| 32 + attempt.record.len()).sum();
            let mut call = OUTBOX_LOG.on_subscriptions(&keys, 1 + 2 * some.len(), size);
            call.number(command.keep.max(1));
            for attempt in some {
                call.raw(attempt.subscription.as_bytes()).raw(&attempt.record);
            }
            calls.push(call);
        }
        self.connection.write_many(&calls).await.map(|_| ())
    }

    async fn attempts(&self, query: ListAttempts) -> Result<Vec<Bytes>> {
        let mut range = redis::cmd("LRANGE");
        range.arg(keys(&query.queue).log(query.subscription)).arg(0);
        range.arg(query.limit.max(1) - 1);
        let mut reply = Reply::plain(self.connection.send(&range).await?)?;
        let mut found = Vec::with_capacity(reply.len());
        while reply.len() > 0 {
            found.push(reply.bytes()?);
        }
        Ok(found)
    }
}

fn add_lease(call: &mut Call, command: &LeaseWork) {
    call.number(command.now).raw(command.lease.as_bytes());
    call.number(command.limit.clamp(1, MOST)).number(command.max_bytes).number(command.until);
}

fn add_step(call: &mut Call, step: &EntryStep) {
    let (what, after, until) = match &step.progress {
        EntryProgress::Continue { after, until } => (b"c", *after, *until),
        EntryProgress::Release { after } => (b"r", *after, 0),
        EntryProgress::Finish => (b"f", None, 0),
    };
    call.number(step.entry).raw(what);
    call.raw(after.as_ref().map_or(&[], |id| &id.as_bytes()[..]));
    call.number(until).number(step.deliveries.len());
    for delivery in &step.deliveries {
        call.raw(&record::key(&delivery.key)).raw(&record::new_delivery(delivery));
        match delivery.due_at {
            Some(due_at) => call.number(due_at),
            None => call.raw(b""),
        };
    }
}

/// Steps in portions that one script may take: a thousand steps and deliveries, or one step.
fn portions(steps: &[EntryStep]) -> impl Iterator<Item = &[EntryStep]> {
    let mut rest = steps;
    std::iter::from_fn(move || {
        let mut room = MOST;
        let fits = rest.iter().take_while(|step| {
            let weight = 1 + step.deliveries.len();
            let fits = weight <= room;
            room = room.saturating_sub(weight);
            fits
        });
        let count = fits.count().max(1).min(rest.len());
        let (portion, others) = rest.split_at(count);
        rest = others;
        (!portion.is_empty()).then_some(portion)
    })
}
