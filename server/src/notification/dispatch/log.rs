//! Writing down attempts, in batches.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sukkal_storage::{Attempt, DataDriver, LogAttempts, QueueKey, SubscriptionId};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::notification::AttemptRecord;

/// How many attempts are kept of each subscription.
const KEPT: usize = 100;
/// How many may wait to be written.
const MOST_WAITING: usize = 20_000;
/// So many are written before the time.
const ENOUGH: usize = 5000;
/// How long attempts wait to be written together.
const WRITE_EVERY: Duration = Duration::from_millis(500);

/// The attempts that are not written yet, of all queues of a store.
pub(super) struct AttemptLog {
    waiting: Mutex<Waiting>,
    enough: Notify,
    dropped: metrics::Counter,
}

type Records = HashMap<SubscriptionId, VecDeque<AttemptRecord>>;

#[derive(Default)]
struct Waiting {
    queues: HashMap<QueueKey, Records>,
    count: usize,
}

impl AttemptLog {
    pub(super) fn new(dropped: metrics::Counter) -> Self {
        Self { waiting: Mutex::default(), enough: Notify::new(), dropped }
    }

    /// Takes an attempt. Of one subscription only the newest wait, as only these are kept; when too many wait
    /// altogether, an older one of the subscription, or this one, is dropped.
    pub(super) fn add(&self, queue: &QueueKey, id: SubscriptionId, record: AttemptRecord) {
        let mut waiting = self.waiting();
        let is_full = waiting.count >= MOST_WAITING;
        if !waiting.queues.contains_key(queue) {
            waiting.queues.insert(queue.clone(), HashMap::new());
        }
        let Some(records) = waiting.queues.get_mut(queue) else { return };
        let records = records.entry(id).or_default();
        let is_replaced = records.len() >= KEPT || (is_full && !records.is_empty());
        if is_replaced {
            records.pop_front();
        }
        if is_full {
            self.dropped.increment(1);
        }
        if is_replaced || !is_full {
            records.push_back(record);
        }
        if !is_replaced && !is_full {
            waiting.count += 1;
            if waiting.count == ENOUGH {
                self.enough.notify_one();
            }
        }
    }

    /// Waits until it is time to write.
    pub(super) async fn ripen(&self) {
        tokio::select! {
            () = sleep(WRITE_EVERY) => {}
            () = self.enough.notified() => {}
        }
    }

    /// Writes what waits. What cannot be written waits on.
    pub(super) async fn write(&self, store: &dyn DataDriver) {
        let Waiting { queues, .. } = std::mem::take(&mut *self.waiting());
        for (queue, records) in queues {
            let attempts = records
                .iter()
                .flat_map(|(subscription, records)| {
                    let subscription = *subscription;
                    records
                        .iter()
                        .map(move |record| Attempt { subscription, record: record.encode() })
                })
                .collect();
            let command = LogAttempts { queue: queue.clone(), attempts, keep: KEPT };
            if let Err(error) = store.outbox().log(command).await {
                tracing::debug!(%error, %queue, "attempts are not written down yet");
                self.put_back(&queue, records);
            }
        }
    }

    /// Takes back what could not be written, behind what came meanwhile.
    fn put_back(&self, queue: &QueueKey, records: Records) {
        let mut dropped = 0;
        let mut waiting = self.waiting();
        for (id, mut older) in records {
            let room = MOST_WAITING.saturating_sub(waiting.count);
            let newer = waiting.queues.entry(queue.clone()).or_default().entry(id).or_default();
            let fits = room.min(KEPT.saturating_sub(newer.len()));
            dropped += older.len().saturating_sub(fits);
            older.drain(..older.len().saturating_sub(fits));
            let added = older.len();
            older.append(newer);
            *newer = older;
            waiting.count += added;
        }
        self.dropped.increment(dropped as u64);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
