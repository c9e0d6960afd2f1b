//! The outbox of one queue or topic, with short calls.

use bytes::Bytes;
use sukkal_storage::{
    AdvanceEntries, Attempt, CreateSubscription, Delivery, DeliveryKey, EnqueueEntry, EntryKind,
    EntryProgress, EntryStep, LeaseId, LeaseWork, ListAttempts, LogAttempts, Marker, Millis,
    NewDelivery, NewMessage, OutboxEntry, OutboxStore, Post, Posted, QueueKey, ReadEntries,
    ReadyQueues, ResumeDeliveries, SettleDeliveries, Settlement, Store, SubscriptionId,
};
use uuid::Uuid;

use crate::bench::{Bench, Queue, SECOND, message};
use crate::subscriber::Subscriptions;

/// How long a lease lasts where a case names nothing else.
pub(crate) const LEASE: Millis = 30 * SECOND;

/// More queues with work than there ever are in one store of a test.
const EVERY: usize = 1_000_000;

/// The outbox of a queue in one store.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) queue: Queue,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) start: Millis,
}

/// What one call leased.
pub(crate) struct Leased<T> {
    pub(crate) lease: LeaseId,
    pub(crate) all: Vec<T>,
}

impl Outbox {
    /// That of a queue nobody has used.
    pub(crate) fn new(bench: &Bench) -> Self {
        Self::of(bench.queue())
    }

    pub(crate) fn of(queue: Queue) -> Self {
        let (subscriptions, start) = (Subscriptions::of(&queue), queue.start);
        Self { queue, subscriptions, start }
    }

    /// That of a queue with one subscriber that workers tell.
    pub(crate) async fn told(bench: &Bench) -> (Self, SubscriptionId) {
        let outbox = Self::new(bench);
        let id = outbox.subscriptions.subscribe("http://a").await;
        (outbox, id)
    }

    /// The same outbox in another store.
    pub(crate) fn on(&self, store: &Store) -> Self {
        Self { start: self.start, ..Self::of(self.queue.on(store)) }
    }

    pub(crate) fn store(&self) -> &dyn OutboxStore {
        self.queue.data.outbox()
    }

    /// Subscribes a follower for so many seconds from the start.
    pub(crate) async fn follow(&self, name: &str, ttl: i64) -> SubscriptionId {
        let command = CreateSubscription {
            is_follower: true,
            ttl,
            expires_at: self.start + ttl * SECOND,
            ..self.subscriptions.create_of(name)
        };
        self.subscriptions.create(command).await
    }

    pub(crate) async fn send(&self, command: Post) -> Posted {
        self.queue.messages().post(command).await.expect("the post is stored")
    }

    /// Posts one message for each body.
    pub(crate) async fn post(&self, bodies: &[&str], now: Millis) -> Posted {
        let messages = bodies.iter().map(|body| message(body)).collect();
        self.send(Post { now, ..self.queue.post_of(messages) }).await
    }

    /// Posts each body by itself at the start.
    pub(crate) async fn post_each(&self, bodies: &[&str]) {
        for body in bodies {
            self.post(&[body], self.start).await;
        }
    }

    pub(crate) fn lease_of(&self, limit: usize, now: Millis) -> LeaseWork {
        LeaseWork {
            queue: self.queue.key.clone(),
            lease: Uuid::new_v4(),
            limit,
            max_bytes: usize::MAX >> 12,
            until: now + LEASE,
            now,
        }
    }

    pub(crate) async fn lease_by(&self, command: LeaseWork) -> Leased<OutboxEntry> {
        let lease = command.lease;
        let all = self.store().lease_entries(command).await.expect("entries are leased");
        Leased { lease, all }
    }

    pub(crate) async fn lease(&self, limit: usize, now: Millis) -> Leased<OutboxEntry> {
        self.lease_by(self.lease_of(limit, now)).await
    }

    /// The bodies of all entries that can be leased, as text, joined per entry.
    pub(crate) async fn leasable(&self, now: Millis) -> Vec<String> {
        texts(&self.lease(1000, now).await.all)
    }

    pub(crate) async fn advance(
        &self,
        lease: LeaseId,
        steps: Vec<EntryStep>,
        now: Millis,
    ) -> Vec<bool> {
        let command = AdvanceEntries { queue: self.queue.key.clone(), lease, steps, now };
        self.store().advance(command).await.expect("the steps are noted")
    }

    /// One step with one entry; tells whether the lease held.
    pub(crate) async fn step(
        &self,
        lease: LeaseId,
        entry: Marker,
        deliveries: Vec<NewDelivery>,
        progress: EntryProgress,
        now: Millis,
    ) -> bool {
        let held = self.advance(lease, vec![EntryStep { entry, deliveries, progress }], now).await;
        assert_eq!(held.len(), 1);
        held[0]
    }

    /// Finishes an entry without deliveries; tells whether the lease held.
    pub(crate) async fn finish(&self, lease: LeaseId, entry: Marker, now: Millis) -> bool {
        self.step(lease, entry, Vec::new(), EntryProgress::Finish, now).await
    }

    /// Posts bodies in one post, and finishes the entry with a delivery of each for a subscription.
    pub(crate) async fn deliver(
        &self,
        subscription: SubscriptionId,
        bodies: &[&str],
        due_at: Option<Millis>,
    ) -> Vec<DeliveryKey> {
        let now = self.start;
        self.post(bodies, now).await;
        let leased = self.lease(1, now).await;
        let entry = leased.all[0].marker;
        let keys: Vec<DeliveryKey> = (0..)
            .take(bodies.len())
            .map(|index| DeliveryKey { subscription, entry, index })
            .collect();
        let deliveries = keys.iter().map(|key| delivery(*key, due_at)).collect();
        assert!(self.step(leased.lease, entry, deliveries, EntryProgress::Finish, now).await);
        keys
    }

    pub(crate) async fn due_by(&self, command: LeaseWork) -> Leased<Delivery> {
        let lease = command.lease;
        let all = self.store().lease_deliveries(command).await.expect("deliveries are leased");
        Leased { lease, all }
    }

    pub(crate) async fn due(&self, limit: usize, now: Millis) -> Leased<Delivery> {
        self.due_by(self.lease_of(limit, now)).await
    }

    /// The bodies of all deliveries that can be leased.
    pub(crate) async fn due_bodies(&self, now: Millis) -> Vec<String> {
        self.due(1000, now).await.bodies()
    }

    pub(crate) async fn settle(
        &self,
        lease: LeaseId,
        key: DeliveryKey,
        settlement: Settlement,
        now: Millis,
    ) {
        let deliveries = vec![(key, settlement)];
        let queue = self.queue.key.clone();
        let command = SettleDeliveries { queue, lease, deliveries, now };
        self.store().settle(command).await.expect("the deliveries are settled");
    }

    pub(crate) async fn resume(
        &self,
        subscription: SubscriptionId,
        limit: usize,
        now: Millis,
    ) -> bool {
        let command = ResumeDeliveries { queue: self.queue.key.clone(), subscription, limit, now };
        self.store().resume(command).await.expect("deliveries are resumed")
    }

    /// Adds an entry for one subscription.
    pub(crate) async fn enqueue(
        &self,
        only: SubscriptionId,
        kind: EntryKind,
        messages: Vec<NewMessage>,
    ) {
        let command = EnqueueEntry {
            queue: self.queue.key.clone(),
            only,
            kind,
            messages,
            client_id: "owner".into(),
            now: self.start,
        };
        self.store().enqueue(command).await.expect("the entry is added");
    }

    pub(crate) fn read_of(&self, after: Marker, now: Millis) -> ReadEntries {
        let queue = self.queue.key.clone();
        ReadEntries { queue, after, limit: 1000, max_bytes: usize::MAX >> 12, now }
    }

    pub(crate) async fn read_by(&self, query: ReadEntries) -> Vec<OutboxEntry> {
        self.store().read(query).await.expect("entries are read")
    }

    /// The bodies that followers see from the beginning, joined per entry.
    pub(crate) async fn read(&self, now: Millis) -> Vec<String> {
        texts(&self.read_by(self.read_of(0, now)).await)
    }

    pub(crate) async fn head(&self) -> Marker {
        let heads = self.store().heads(std::slice::from_ref(&self.queue.key)).await;
        heads.expect("the head is read")[0]
    }

    /// The place of this queue among those that have work, leaving out the queues of others.
    pub(crate) async fn ready_among(&self, others: &[&Outbox], now: Millis) -> Vec<usize> {
        let query = ReadyQueues { limit: EVERY, now };
        let ready = self.store().ready(query).await.expect("the queues are named");
        let own: Vec<_> = std::iter::once(self).chain(others.iter().copied()).collect();
        let place = |key: &QueueKey| own.iter().position(|outbox| outbox.queue.key == *key);
        ready.iter().filter_map(place).collect()
    }

    /// Whether this queue is named among those that have work.
    pub(crate) async fn is_ready(&self, now: Millis) -> bool {
        !self.ready_among(&[], now).await.is_empty()
    }

    pub(crate) async fn log(&self, attempts: &[(SubscriptionId, &str)], keep: usize) {
        let attempts = attempts.iter().map(|(subscription, record)| Attempt {
            subscription: *subscription,
            record: Bytes::copy_from_slice(record.as_bytes()),
        });
        let (queue, attempts) = (self.queue.key.clone(), attempts.collect());
        let command = LogAttempts { queue, attempts, keep };
        self.store().log(command).await.expect("the attempts are noted");
    }

    pub(crate) async fn attempts(&self, id: SubscriptionId, limit: usize) -> Vec<String> {
        let query = ListAttempts { queue: self.queue.key.clone(), subscription: id, limit };
        let read = self.store().attempts(query).await.expect("the log is read");
        read.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect()
    }
}

impl Leased<Delivery> {
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.all.iter().map(|each| text(&each.message.body.bytes)).collect()
    }
}

/// A delivery that was tried once.
pub(crate) fn delivery(key: DeliveryKey, due_at: Option<Millis>) -> NewDelivery {
    NewDelivery { key, attempts: 1, due_at, lease: None }
}

/// The bodies of entries as text, joined per entry.
pub(crate) fn texts(entries: &[OutboxEntry]) -> Vec<String> {
    let joined = |entry: &OutboxEntry| {
        let bodies = entry.messages.iter().map(|message| text(&message.body.bytes));
        bodies.collect::<Vec<_>>().join(" ")
    };
    entries.iter().map(joined).collect()
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
