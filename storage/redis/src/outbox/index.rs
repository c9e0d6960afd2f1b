//! What is asked of all queues: which have work, what waits, what is to be collected.

use redis::Value;
use sukkal_storage::{Backlog, Collected, Millis, QueueKey, ReadyQueues, Result};

use crate::keys::{KEPT, LATE, OPEN, QueueKeys, WORK};
use crate::reply::{Reply, integer};
use crate::script::{Call, OUTBOX_COLLECT, OUTBOX_OLDEST};
use crate::store::{RedisStore, keys};

/// How many queues one look at the backlog examines at once.
const PAGE: usize = 16;
/// How many looks one question after the backlog is worth; what it misses then, the next one finds.
const LOOKS: usize = 8;
/// How many records one step of collection changes at most.
const STEP: usize = 1000;

impl RedisStore {
    pub(super) async fn ready_queues(&self, query: ReadyQueues) -> Result<Vec<QueueKey>> {
        let mut range = redis::cmd("ZRANGEBYSCORE");
        range.arg(WORK).arg("-inf").arg(format!("({}", query.now.saturating_add(1)));
        range.arg("LIMIT").arg(0).arg(query.limit);
        self.queues(&range).await
    }

    /// The oldest entry and the next delivery. The index of entries has a bound for each queue, which is made exact
    /// for those that come first until the first of all is exact.
    pub(super) async fn find_backlog(&self, now: Millis) -> Result<Backlog> {
        let mut oldest: Option<Millis> = None;
        for _ in 0..LOOKS {
            let mut page = self.scored(OPEN, PAGE + 1).await?;
            let rest = if page.len() > PAGE { page.pop() } else { None };
            let calls: Vec<Call> = page
                .iter()
                .map(|(queue, _)| {
                    let mut call = OUTBOX_OLDEST.on(&keys(queue), 1, 20);
                    call.number(now);
                    call
                })
                .collect();
            let mut exact = None;
            for reply in self.connection.write_many(&calls).await? {
                if let Some(found) = time(reply)? {
                    exact = Some(exact.map_or(found, |exact: Millis| exact.min(found)));
                }
            }
            oldest = exact.or(oldest);
            match rest {
                Some((_, bound)) if exact.is_none_or(|exact| exact > bound) => {}
                _ => break,
            }
        }
        let next = self.scored(LATE, 1).await?.pop();
        Ok(Backlog { oldest_entry: oldest, next_delivery: next.map(|(_, due)| due) })
    }

    /// Removes entries kept long enough and makes parked deliveries of messages that have ended due, of a few queues.
    pub(crate) async fn collect_outbox(
        &self,
        now: Millis,
        visits: usize,
        budget: usize,
    ) -> Result<Collected> {
        let mut range = redis::cmd("ZRANGEBYSCORE");
        range.arg(KEPT).arg("-inf").arg(now).arg("LIMIT").arg(0).arg(visits);
        let queues = self.queues(&range).await?;
        let mut collected = Collected { removed: 0, more: queues.len() == visits };
        let share = (budget / queues.len().max(1)).clamp(1, STEP);
        for queue in queues {
            let mut call = OUTBOX_COLLECT.on(&keys(&queue), 2, 32);
            call.number(now).number(share);
            let mut reply = Reply::plain(self.connection.read(&call).await?)?;
            collected.removed += reply.number()?.unsigned_abs();
            collected.more |= reply.number()? == 1;
        }
        Ok(collected)
    }

    async fn queues(&self, range: &redis::Cmd) -> Result<Vec<QueueKey>> {
        let mut reply = Reply::plain(self.connection.send(range).await?)?;
        let mut queues = Vec::with_capacity(reply.len());
        while reply.len() > 0 {
            queues.extend(QueueKeys::queue(&reply.text()?));
        }
        Ok(queues)
    }

    /// The first queues of an index, with their times.
    async fn scored(&self, index: &str, limit: usize) -> Result<Vec<(QueueKey, Millis)>> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(index).arg(0).arg(limit - 1).arg("WITHSCORES");
        let mut reply = Reply::plain(self.connection.send(&range).await?)?;
        let mut queues = Vec::with_capacity(reply.len() / 2);
        while reply.len() > 1 {
            let queue = QueueKeys::queue(&reply.text()?);
            let score = reply.number()?;
            queues.extend(queue.map(|queue| (queue, score)));
        }
        Ok(queues)
    }
}

/// A time, or nothing.
fn time(reply: Value) -> Result<Option<Millis>> {
    match reply {
        Value::BulkString(text) if text.is_empty() => Ok(None),
        reply => integer(reply).map(Some),
    }
}
