//! Over a store in memory, with a clock that the tests move.

mod catching_up;
mod pushing;
mod renewing;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use sukkal_storage::{
    Attributes, Body, ListSubscriptions, Millis, NewMessage, OpenOptions, Post,
    SetSubscriptionState, Store, SubscriptionState, UpdateSubscription,
};
use uuid::Uuid;

use super::*;
use crate::clock::Clock;

const START: Millis = 1_000_000;
/// What may wait for a socket, in bytes.
const BOUND: usize = 1 << 20;

/// A server with a store in memory.
struct Bench {
    followers: Followers,
    placement: Placement,
    clock: Clock,
}

/// A socket that a test subscribes and reads.
struct Reader {
    socket: Arc<Socket>,
}

impl Bench {
    async fn new() -> Self {
        let store = Self::store().await;
        Self::over(store, Clock::manual(START))
    }

    async fn store() -> Store {
        let registry = sukkal_drivers::registry();
        let entry = registry.entry_for("memory:").unwrap();
        let options = OpenOptions { data_dir: "".into(), now: START, options: Vec::new() };
        (entry.open)("memory:".to_owned(), options).await.unwrap()
    }

    fn over(store: Store, clock: Clock) -> Self {
        let placement = Placement::new(store, clock.clone());
        let bounds = SocketBounds { waiting_bytes: BOUND, subscriptions: 3 };
        let keys = Arc::new(KeyRing::default());
        let followers = Followers::new(placement.clone(), keys, bounds, Shutdown::new());
        Self { followers, placement, clock }
    }

    fn queue() -> QueueKey {
        QueueKey::new("project", "jobs")
    }

    fn connect(&self) -> Reader {
        Reader { socket: self.followers.connect() }
    }

    async fn data(&self) -> Arc<dyn DataDriver> {
        self.placement.data(&Self::queue()).await.unwrap()
    }

    /// Subscribes a socket to the queue.
    async fn subscribe(&self, reader: &Reader) -> SubscriptionId {
        self.subscribe_for(reader, 3600, "{}", None).await
    }

    /// Subscribes a socket for so many seconds, with a cursor if one is given.
    async fn subscribe_for(
        &self,
        reader: &Reader,
        ttl: i64,
        options: &str,
        cursor: Option<&str>,
    ) -> SubscriptionId {
        let (now, queue) = (self.clock.now(), Self::queue());
        let address = reader.socket.address();
        let mut row = CreateSubscription {
            queue: queue.clone(),
            id: Uuid::now_v7(),
            subscriber: address.to_string(),
            ttl,
            expires_at: now + ttl * 1000,
            options: Bytes::copy_from_slice(options.as_bytes()),
            is_follower: true,
            now,
        };
        let lease = Lease::begin(&mut row);
        let since = cursor.filter(|text| !text.is_empty());
        let beginning = self.followers.begin(address, &queue, since).await.unwrap();
        self.data().await.subscriptions().create(row.clone()).await.unwrap();
        let id = row.id;
        self.followers.join(address, row, lease, (beginning, cursor.is_some())).await;
        id
    }

    /// Posts messages whose bodies are these numbers, and announces them.
    async fn post(&self, numbers: std::ops::Range<i64>) {
        self.post_silently(numbers).await;
        self.placement.announcements().announce(&Self::queue());
    }

    async fn post_silently(&self, numbers: std::ops::Range<i64>) {
        self.post_bodies(numbers.map(|number| number.to_string())).await;
    }

    async fn post_bodies(&self, bodies: impl Iterator<Item = String>) {
        let now = self.clock.now();
        let queue = self.placement.open(&Self::queue()).await.unwrap();
        let messages = bodies.map(|body| NewMessage {
            id: Uuid::new_v4(),
            ttl: 300,
            delay_until: None,
            body: Body::json(body),
            checksum: None,
            attributes: Attributes::new(),
        });
        let command = Post {
            queue: Self::queue(),
            generation: queue.generation,
            messages: messages.collect(),
            client_id: "poster".into(),
            idempotency_key: None,
            now,
        };
        queue.data().messages().post(command).await.unwrap();
    }

    async fn update(&self, id: SubscriptionId, subscriber: Option<&str>, ttl: Option<i64>) {
        let now = self.clock.now();
        let lifetime = |ttl| sukkal_storage::Lifetime { ttl, expires_at: now + ttl * 1000 };
        let command = UpdateSubscription {
            queue: Self::queue(),
            id,
            subscriber: subscriber.map(str::to_owned),
            lifetime: ttl.map(lifetime),
            options: None,
            now,
        };
        self.data().await.subscriptions().update(command).await.unwrap();
    }

    async fn set_state(&self, id: SubscriptionId, state: SubscriptionState) {
        let (queue, now) = (Self::queue(), self.clock.now());
        let command = SetSubscriptionState { queue, id, state, now };
        self.data().await.subscriptions().set_state(command).await.unwrap();
        self.followers.has_changed(&Self::queue(), id).await;
    }

    /// The subscriptions of the queue: subscriber and lifetime.
    async fn rows(&self) -> Vec<(String, i64)> {
        let query = ListSubscriptions {
            queue: Self::queue(),
            after: None,
            limit: 10,
            include_followers: true,
            now: self.clock.now(),
        };
        let rows = self.data().await.subscriptions().list(query).await.unwrap();
        rows.into_iter().map(|row| (row.subscriber, row.ttl)).collect()
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

impl Reader {
    /// Waits for so many pushes.
    async fn pushes(&self, count: usize) -> Vec<Value> {
        let mut pushes = Vec::new();
        while pushes.len() < count {
            tokio::time::timeout(Duration::from_secs(60), self.socket.filled()).await.unwrap();
            assert!(!self.socket.has_overrun());
            let taken = self.socket.take(count - pushes.len());
            let read = |push: &Arc<Push>| serde_json::from_slice(push.text().unwrap()).unwrap();
            pushes.extend(taken.iter().map(read));
        }
        pushes
    }

    /// Waits for so many pushes; returns their bodies, which are numbers.
    async fn numbers(&self, count: usize) -> Vec<i64> {
        let pushes = self.pushes(count).await;
        pushes.iter().map(|push| push["body"].as_i64().unwrap()).collect()
    }

    /// Whether nothing waits, after everybody who had something to do did it.
    async fn is_quiet(&self) -> bool {
        let look = self.socket.filled();
        tokio::time::timeout(Duration::from_secs(5), look).await.is_err()
    }
}

fn notification(body: &Value) -> Value {
    json!({ "ttl": 300, "body": body, "Message_Type": "Notification", "queue_name": "jobs" })
}
