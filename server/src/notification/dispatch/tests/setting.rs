//! A server without an API: a store, a clock that follows the test, and workers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sukkal_storage::{
    Body, CreateSubscription, DataDriver, Generation, GetSubscription, MessageId, NewMessage, Post,
    QueueKey, ReadyQueues, Store, Subscription, SubscriptionId,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::super::{Carriers, Dispatcher};
use super::store::Watched;
use crate::clock::Clock;
use crate::config::NotificationConfig;
use crate::encryption::KeyRing;
use crate::notification::{Carrier, Outcome, Parcel, Told};
use crate::placement::Placement;
use crate::shutdown::Shutdown;

/// The clock follows the time of the test in steps of this.
const STEP: Duration = Duration::from_millis(10);
/// How long an attempt may take.
pub(super) const LONGEST: Duration = Duration::from_secs(10);

/// What an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Answers(Outcome),
    AnswersAfter(Duration),
    Hangs,
}

pub(super) const DELIVERS: Behaviour = Behaviour::Answers(Outcome::Delivered);
pub(super) const FAILS: Behaviour = Behaviour::Answers(Outcome::Failed { retry_after: None });

/// An attempt that was begun.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) at: Duration,
    pub(super) subscriber: String,
    pub(super) message: MessageId,
    pub(super) attempt: u32,
    pub(super) delivery: Uuid,
    pub(super) body: Bytes,
}

/// Endpoints of which each does what it was told, and answers at once otherwise.
pub(super) struct World {
    start: Instant,
    behaviours: Mutex<HashMap<String, Behaviour>>,
    seen: watch::Sender<Vec<Seen>>,
    /// How many attempts are under way, and how many were at most.
    pub(super) under_way: Mutex<(usize, usize)>,
}

/// Counts an attempt as long as it is under way.
struct Counted<'a>(&'a World);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.under_way.lock().unwrap().0 -= 1;
    }
}

#[async_trait]
impl Carrier for World {
    async fn carry(&self, parcel: &Parcel) -> Told {
        let subscriber = parcel.subscription.subscriber.clone();
        let _counted = {
            let mut under_way = self.under_way.lock().unwrap();
            under_way.0 += 1;
            under_way.1 = under_way.1.max(under_way.0);
            Counted(self)
        };
        let behaviour = self.behaviours.lock().unwrap().get(&subscriber).copied();
        self.seen.send_modify(|seen| {
            seen.push(Seen {
                at: self.start.elapsed(),
                subscriber,
                message: parcel.message.id,
                attempt: parcel.attempt,
                delivery: parcel.delivery_id,
                body: parcel.message.body.clone(),
            });
        });
        let outcome = match behaviour.unwrap_or(DELIVERS) {
            Behaviour::Answers(outcome) => outcome,
            Behaviour::AnswersAfter(pause) => {
                sleep(pause).await;
                Outcome::Delivered
            }
            Behaviour::Hangs => std::future::pending().await,
        };
        Told { outcome, status: None, detail: String::new() }
    }

    fn longest(&self) -> Duration {
        LONGEST
    }
}

impl World {
    pub(super) fn behave(&self, subscriber: &str, behaviour: Behaviour) {
        self.behaviours.lock().unwrap().insert(subscriber.to_owned(), behaviour);
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// The attempts at one subscriber.
    pub(super) fn seen_by(&self, subscriber: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.subscriber == subscriber).collect()
    }

    /// Waits until what was seen is enough.
    pub(super) async fn until(&self, enough: impl FnMut(&Vec<Seen>) -> bool) {
        let mut seen = self.seen.subscribe();
        let waited = timeout(Duration::from_secs(3600), seen.wait_for(enough)).await;
        assert!(waited.is_ok(), "not within an hour: {} attempts", self.seen().len());
    }

    pub(super) async fn until_count(&self, count: usize) {
        self.until(|seen| seen.len() >= count).await;
    }
}

/// A store with one queue, and what is around it.
pub(super) struct Setting {
    pub(super) world: Arc<World>,
    pub(super) data: Arc<Watched>,
    pub(super) placement: Placement,
    pub(super) clock: Clock,
    pub(super) config: NotificationConfig,
    pub(super) queue: QueueKey,
    pub(super) start: Instant,
}

impl Setting {
    pub(super) fn new() -> Self {
        Self::with(NotificationConfig::default())
    }

    pub(super) fn with(config: NotificationConfig) -> Self {
        let start = Instant::now();
        let world = Arc::new(World {
            start,
            behaviours: Mutex::default(),
            seen: watch::Sender::default(),
            under_way: Mutex::default(),
        });
        let memory = sukkal_storage_memory::open();
        let data = Arc::new(Watched::new(memory.data));
        let clock = Clock::manual(1_000_000_000_000);
        let following = clock.clone();
        tokio::spawn(async move {
            loop {
                sleep(STEP).await;
                following.advance(STEP);
            }
        });
        let store = Store { control: memory.control, data: data.clone() };
        let placement = Placement::new(store, clock.clone());
        let queue = QueueKey::new("p", "news");
        Self { world, data, placement, clock, config, queue, start }
    }

    /// Starts workers; they end with the value that is returned.
    pub(super) fn work(&self) -> Shutdown {
        let shutdown = Shutdown::new();
        let carriers = Carriers::new().with(&["http", "mailto"], self.world.clone());
        let dispatcher = Dispatcher::new(self.config, Arc::new(KeyRing::default()), carriers);
        dispatcher.work_on(&self.placement, self.data.clone(), &shutdown);
        shutdown
    }

    pub(super) async fn subscribe(&self, subscriber: &str) -> SubscriptionId {
        self.subscribe_with(subscriber, "{}").await
    }

    pub(super) async fn subscribe_with(&self, subscriber: &str, options: &str) -> SubscriptionId {
        let (id, now) = (Uuid::now_v7(), self.clock.now());
        let command = CreateSubscription {
            queue: self.queue.clone(),
            id,
            subscriber: subscriber.to_owned(),
            ttl: 864_000,
            expires_at: now + 864_000_000,
            options: Bytes::copy_from_slice(options.as_bytes()),
            is_follower: false,
            now,
        };
        self.data.subscriptions().create(command).await.unwrap();
        id
    }

    pub(super) async fn post(&self, count: usize) -> Vec<MessageId> {
        self.post_to(&self.queue, (0..count).map(|_| Uuid::new_v4()).collect()).await
    }

    pub(super) async fn post_to(&self, queue: &QueueKey, ids: Vec<MessageId>) -> Vec<MessageId> {
        self.post_for(queue, ids, 3600).await
    }

    pub(super) async fn post_for(
        &self,
        queue: &QueueKey,
        ids: Vec<MessageId>,
        ttl: i64,
    ) -> Vec<MessageId> {
        let message = |id: &MessageId| NewMessage {
            id: *id,
            ttl,
            delay_until: None,
            body: Body::json(format!("\"{id}\"")),
            checksum: None,
            attributes: Bytes::new(),
        };
        let command = Post {
            queue: queue.clone(),
            generation: Generation::default(),
            messages: ids.iter().map(message).collect(),
            client_id: "client".into(),
            idempotency_key: None,
            now: self.clock.now(),
        };
        if self.data.inner.messages().post(command).await.unwrap().in_outbox {
            self.placement.announcements().announce(queue);
        }
        ids
    }

    pub(super) async fn subscription(&self, id: SubscriptionId) -> Subscription {
        let query = GetSubscription { queue: self.queue.clone(), id, now: self.clock.now() };
        self.data.inner.subscriptions().get(query).await.unwrap()
    }

    /// Waits until nothing is left in the outbox, not even a delivery.
    pub(super) async fn until_empty(&self) {
        for _ in 0..100_000 {
            let backlog = self.data.inner.outbox().backlog(self.clock.now()).await.unwrap();
            if backlog == Default::default() {
                return;
            }
            sleep(STEP).await;
        }
        panic!("something is left in the outbox");
    }

    /// Whether something could be leased now.
    pub(super) async fn is_ready(&self) -> bool {
        let query = ReadyQueues { limit: 1, now: self.clock.now() };
        !self.data.inner.outbox().ready(query).await.unwrap().is_empty()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
