//! The outbox of one queue.

use std::collections::{BTreeMap, BTreeSet};

use sukkal_storage::{
    AdvanceEntries, Delivery, DeliveryKey, EntryProgress, EntryStep, KEPT_FOR_FOLLOWERS, LeaseId,
    LeaseWork, Marker, Millis, OutboxEntry, ReadEntries, ResumeDeliveries, SettleDeliveries,
    Settlement, SubscriptionId,
};

use crate::outbox::deliveries::Deliveries;

/// How far workers are with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// They have not finished it.
    Open,
    /// They have finished it, and deliveries of it are left.
    Finished,
    /// They have nothing to do with it: it is kept for followers.
    Kept,
}

struct Record {
    entry: OutboxEntry,
    stage: Stage,
    /// The last lease that took it and did not release it, and when that ends.
    lease: Option<(LeaseId, Millis)>,
    /// How many deliveries of it are kept.
    deliveries: usize,
}

/// The outbox of one queue; the records decide, the sets only say where to look.
#[derive(Default)]
pub(crate) struct Outbox {
    /// When it was last leased from, and which turn that was.
    pub(crate) leased_at: (Millis, u64),
    records: BTreeMap<Marker, Record>,
    /// Open entries that no lease held at the time of the last lease.
    free: BTreeSet<Marker>,
    /// All other open entries, under the end of their lease.
    leased: BTreeSet<(Millis, Marker)>,
    /// Entries that are only kept, under the time they were posted.
    kept: BTreeSet<(Millis, Marker)>,
    deliveries: Deliveries,
}

impl Outbox {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(crate) fn add(&mut self, entry: OutboxEntry, is_only_kept: bool) {
        let stage = if is_only_kept { Stage::Kept } else { Stage::Open };
        self.file(Record { entry, stage, lease: None, deliveries: 0 });
    }

    /// Since when, or from when on, something can be leased.
    pub(crate) fn ready_at(&self) -> Option<Millis> {
        let first = |marker| self.records.get(marker).map(|record| record.entry.posted_at);
        let free = self.free.first().and_then(first);
        let ended = self.leased.first().map(|(until, _)| *until);
        [free, ended, self.deliveries.first_due()].into_iter().flatten().min()
    }

    /// When the lowest entry was posted that is not finished.
    pub(crate) fn oldest(&self) -> Option<Millis> {
        let leased = self.leased.iter().map(|(_, marker)| marker).min();
        let lowest = self.free.first().into_iter().chain(leased).min()?;
        self.records.get(lowest).map(|record| record.entry.posted_at)
    }

    pub(crate) fn next_delivery(&self) -> Option<Millis> {
        self.deliveries.first_due()
    }

    pub(crate) fn lease_entries(&mut self, command: &LeaseWork) -> Vec<OutboxEntry> {
        while let Some((_, marker)) = self.leased.first().filter(|each| each.0 <= command.now) {
            self.free.insert(*marker);
            self.leased.pop_first();
        }
        let is_free = |record: &&Record| record.lease.is_none_or(|lease| lease.1 <= command.now);
        let free = self.free.iter().filter_map(|marker| self.records.get(marker)).filter(is_free);
        let size = |record: &&Record| size(&record.entry);
        let taken = up_to(free, command.limit, command.max_bytes, size);
        let leased: Vec<OutboxEntry> = taken.map(|record| record.entry.clone()).collect();
        for entry in &leased {
            self.edit(entry.marker, |record| record.lease = Some((command.lease, command.until)));
        }
        leased
    }

    pub(crate) fn advance(&mut self, command: &AdvanceEntries, is_followed: bool) -> Vec<bool> {
        let step = |step| self.step(step, command.lease, is_followed, command.now);
        command.steps.iter().map(step).collect()
    }

    fn step(&mut self, step: &EntryStep, lease: LeaseId, is_followed: bool, now: Millis) -> bool {
        let Some(record) = self.records.get(&step.entry) else { return false };
        if record.lease.is_none_or(|held| held.0 != lease) || record.stage != Stage::Open {
            return false;
        }
        let mut added = 0;
        for new in &step.deliveries {
            let message = usize::try_from(new.key.index).ok();
            let message = message.and_then(|index| record.entry.messages.get(index));
            if let Some(message) = message.filter(|_| new.key.entry == step.entry) {
                added += usize::from(self.deliveries.add(new, message.expires_at));
            }
        }
        self.edit(step.entry, |record| {
            record.deliveries += added;
            progress(record, lease, step.progress);
        });
        self.let_go(step.entry, is_followed, now);
        true
    }

    pub(crate) fn lease_deliveries(&mut self, command: &LeaseWork) -> Vec<Delivery> {
        let due = self.deliveries.due(command.now);
        let due = due.filter_map(|(key, kept)| self.delivery(key, kept.attempts));
        let size = |delivery: &Delivery| delivery.message.body.bytes.len();
        let leased: Vec<Delivery> = up_to(due, command.limit, command.max_bytes, size).collect();
        for delivery in &leased {
            self.deliveries.edit(delivery.key, |kept| {
                kept.lease = Some(command.lease);
                kept.due_at = Some(command.until);
            });
        }
        leased
    }

    fn delivery(&self, key: DeliveryKey, attempts: u32) -> Option<Delivery> {
        let entry = &self.records.get(&key.entry)?.entry;
        Some(Delivery {
            key,
            kind: entry.kind,
            attempts,
            posted_at: entry.posted_at,
            client_id: entry.client_id.clone(),
            message: entry.messages.get(usize::try_from(key.index).ok()?)?.clone(),
        })
    }

    pub(crate) fn settle(&mut self, command: &SettleDeliveries, is_followed: bool) {
        for (key, settlement) in &command.deliveries {
            if !self.deliveries.is_held(key, command.lease) {
                continue;
            }
            let (attempts, due_at) = match *settlement {
                Settlement::Done => {
                    self.drop_delivery(key, is_followed, command.now);
                    continue;
                }
                Settlement::Retry { attempts, due_at } => (attempts, Some(due_at)),
                Settlement::Park { attempts } => (attempts, None),
            };
            self.deliveries.edit(*key, |kept| {
                kept.attempts = attempts;
                kept.due_at = due_at;
                kept.lease = None;
            });
        }
    }

    pub(crate) fn resume(&mut self, command: &ResumeDeliveries) -> bool {
        let parked = self.deliveries.parked(command.subscription).take(command.limit);
        let parked: Vec<DeliveryKey> = parked.collect();
        self.make_due(&parked, command.now);
        self.deliveries.parked(command.subscription).next().is_some()
    }

    pub(crate) fn read(&self, query: &ReadEntries) -> Vec<OutboxEntry> {
        let behind = self.records.range(query.after.saturating_add(1)..).map(|(_, each)| each);
        let seen = behind.filter(|record| {
            let is_past = record.stage == Stage::Kept && is_past(&record.entry, query.now);
            record.entry.only.is_none() && !is_past
        });
        let size = |record: &&Record| size(&record.entry);
        let page = up_to(seen, query.limit, query.max_bytes, size);
        page.map(|record| record.entry.clone()).collect()
    }

    /// Makes due what is parked though its message has ended, and removes what nobody can need: up to `budget`
    /// records; returns how many.
    pub(crate) fn collect(&mut self, now: Millis, budget: usize) -> usize {
        let ended: Vec<DeliveryKey> = self.deliveries.ended(now).take(budget).collect();
        self.make_due(&ended, now);
        let past = self.kept.iter().map(|(_, marker)| *marker).take(budget - ended.len());
        let is_past = |marker: &Marker| {
            self.records.get(marker).is_some_and(|record| is_past(&record.entry, now))
        };
        let past: Vec<Marker> = past.take_while(is_past).collect();
        for marker in &past {
            self.remove(*marker);
        }
        ended.len() + past.len()
    }

    fn make_due(&mut self, parked: &[DeliveryKey], now: Millis) {
        for key in parked {
            self.deliveries.edit(*key, |kept| kept.due_at = Some(now));
        }
    }

    fn drop_delivery(&mut self, key: &DeliveryKey, is_followed: bool, now: Millis) {
        if self.deliveries.remove(key).is_some() {
            self.edit(key.entry, |record| record.deliveries -= 1);
            self.let_go(key.entry, is_followed, now);
        }
    }

    /// Removes an entry that workers are done with, or keeps it for followers.
    fn let_go(&mut self, marker: Marker, is_followed: bool, now: Millis) {
        let Some(record) = self.records.get(&marker) else { return };
        if record.stage != Stage::Finished || record.deliveries > 0 {
            return;
        }
        if is_followed && record.entry.only.is_none() && !is_past(&record.entry, now) {
            self.edit(marker, |record| record.stage = Stage::Kept);
        } else {
            self.remove(marker);
        }
    }

    fn edit(&mut self, marker: Marker, change: impl FnOnce(&mut Record)) {
        if let Some(mut record) = self.remove(marker) {
            change(&mut record);
            self.file(record);
        }
    }

    fn file(&mut self, record: Record) {
        let marker = record.entry.marker;
        match (record.stage, record.lease) {
            (Stage::Open, None) => self.free.insert(marker),
            (Stage::Open, Some((_, until))) => self.leased.insert((until, marker)),
            (Stage::Kept, _) => self.kept.insert((record.entry.posted_at, marker)),
            (Stage::Finished, _) => false,
        };
        self.records.insert(marker, record);
    }

    fn remove(&mut self, marker: Marker) -> Option<Record> {
        let record = self.records.remove(&marker)?;
        self.free.remove(&marker);
        self.kept.remove(&(record.entry.posted_at, marker));
        if let Some((_, until)) = record.lease {
            self.leased.remove(&(until, marker));
        }
        Some(record)
    }
}

fn progress(record: &mut Record, lease: LeaseId, progress: EntryProgress) {
    let done: Option<SubscriptionId> = match progress {
        EntryProgress::Continue { after, until } => {
            record.lease = Some((lease, until));
            after
        }
        EntryProgress::Release { after } => {
            record.lease = None;
            after
        }
        EntryProgress::Finish => {
            record.stage = Stage::Finished;
            None
        }
    };
    record.entry.after = done.or(record.entry.after);
}

/// Whether followers had their time with an entry.
fn is_past(entry: &OutboxEntry, now: Millis) -> bool {
    entry.posted_at.saturating_add(KEPT_FOR_FOLLOWERS) <= now
}

fn size(entry: &OutboxEntry) -> usize {
    entry.messages.iter().map(|message| message.body.bytes.len()).sum()
}

/// The first ones, at most `limit`, up to the one that reaches `max_bytes` together.
fn up_to<T>(
    all: impl Iterator<Item = T>,
    limit: usize,
    max_bytes: usize,
    size: impl Fn(&T) -> usize,
) -> impl Iterator<Item = T> {
    let mut before = None;
    all.take(limit).take_while(move |each| {
        let goes_on = before.is_none_or(|bytes| bytes < max_bytes);
        before = Some(before.unwrap_or(0_usize).saturating_add(size(each)));
        goes_on
    })
}
