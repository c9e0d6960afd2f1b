//! The outbox: what was posted to each queue, until every subscriber was told.

mod deliveries;
mod entries;
mod store;

use std::collections::BTreeMap;

use sukkal_storage::{Backlog, Millis, OutboxEntry, QueueKey};

use crate::outbox::entries::Outbox;

/// The outboxes of all queues that have anything in theirs.
#[derive(Default)]
pub(crate) struct Outboxes {
    by_queue: BTreeMap<QueueKey, Outbox>,
    /// How often something was leased: of two queues leased from at one time, the first is ready first.
    turns: u64,
}

impl Outboxes {
    /// Adds an entry; workers do not see one that is only kept for followers.
    pub(crate) fn add(&mut self, entry: OutboxEntry, is_only_kept: bool) {
        self.by_queue.entry(entry.queue.clone()).or_default().add(entry, is_only_kept);
    }

    /// Drops what is there of a queue.
    pub(crate) fn remove(&mut self, queue: &QueueKey) {
        self.by_queue.remove(queue);
    }

    fn get(&self, queue: &QueueKey) -> Option<&Outbox> {
        self.by_queue.get(queue)
    }

    /// Runs a command on a queue that has something in its outbox.
    fn on<T: Default>(&mut self, queue: &QueueKey, command: impl FnOnce(&mut Outbox) -> T) -> T {
        let Some(outbox) = self.by_queue.get_mut(queue) else { return T::default() };
        let done = command(outbox);
        if outbox.is_empty() {
            self.by_queue.remove(queue);
        }
        done
    }

    fn lease<T>(
        &mut self,
        queue: &QueueKey,
        now: Millis,
        command: impl FnOnce(&mut Outbox) -> Vec<T>,
    ) -> Vec<T> {
        self.turns += 1;
        let turn = self.turns;
        self.on(queue, |outbox| {
            let leased = command(outbox);
            if !leased.is_empty() {
                outbox.leased_at = (now, turn);
            }
            leased
        })
    }

    fn ready(&self, now: Millis, limit: usize) -> Vec<QueueKey> {
        let waiting = self.by_queue.iter().filter_map(|(key, outbox)| {
            let since = outbox.ready_at().filter(|since| *since <= now)?;
            Some((outbox.leased_at.max((since, 0)), key))
        });
        let mut waiting: Vec<((Millis, u64), &QueueKey)> = waiting.collect();
        waiting.sort_unstable();
        waiting.into_iter().take(limit).map(|(_, key)| key.clone()).collect()
    }

    fn backlog(&self) -> Backlog {
        Backlog {
            oldest_entry: self.by_queue.values().filter_map(Outbox::oldest).min(),
            next_delivery: self.by_queue.values().filter_map(Outbox::next_delivery).min(),
        }
    }

    /// Makes due or removes up to `budget` records; returns how many.
    pub(crate) fn collect(&mut self, now: Millis, budget: usize) -> usize {
        let mut collected = 0;
        for outbox in self.by_queue.values_mut() {
            collected += outbox.collect(now, budget - collected);
        }
        self.by_queue.retain(|_, outbox| !outbox.is_empty());
        collected
    }
}
