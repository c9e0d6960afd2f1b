use bytes::Bytes;
use sukkal_storage::{ListSubscriptions, OpenOptions, QueueKey, Store};

use super::*;
use crate::clock::Clock;

const START: Millis = 1_000_000;

/// A server with a store in memory and a clock that the test moves.
struct Bench {
    leases: Leases,
    clock: Clock,
    address: Arc<str>,
}

impl Bench {
    async fn new() -> Self {
        let registry = sukkal_drivers::registry();
        let entry = registry.entry_for("memory:").unwrap();
        let options = OpenOptions { data_dir: "".into(), now: START, options: Vec::new() };
        let store: Store = (entry.open)("memory:".to_owned(), options).await.unwrap();
        let clock = Clock::manual(START);
        let leases = Leases::new(Placement::new(store, clock.clone()));
        Self { leases, clock, address: Leases::address() }
    }

    fn queue() -> QueueKey {
        QueueKey::new("project", "jobs")
    }

    /// Subscribes the connection for so many seconds.
    async fn subscribe(&self, ttl: i64) -> SubscriptionId {
        let now = self.clock.now();
        let lease = Lease::begin(CreateSubscription {
            queue: Self::queue(),
            id: Uuid::now_v7(),
            subscriber: self.address.to_string(),
            ttl,
            expires_at: now + ttl * 1000,
            options: Bytes::from_static(b"{}"),
            is_follower: true,
            now,
        });
        let row = lease.row();
        let id = row.id;
        let store = self.leases.placement.data(&Self::queue()).await.unwrap();
        store.subscriptions().create(row).await.unwrap();
        self.leases.hold(&self.address, lease);
        id
    }

    async fn update(&self, id: SubscriptionId, subscriber: Option<&str>, ttl: Option<i64>) {
        let now = self.clock.now();
        let command = UpdateSubscription {
            queue: Self::queue(),
            id,
            subscriber: subscriber.map(str::to_owned),
            lifetime: ttl.map(|ttl| Lifetime { ttl, expires_at: now + ttl * 1000 }),
            options: None,
            now,
        };
        let store = self.leases.placement.data(&Self::queue()).await.unwrap();
        store.subscriptions().update(command).await.unwrap();
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Lets time pass and renews every twenty seconds, as the loop does.
    async fn live(&self, seconds: u64) {
        for _ in 0..seconds / RENEW_EVERY.as_secs() {
            self.wait(RENEW_EVERY.as_secs());
            self.leases.renew_all().await;
        }
        self.wait(seconds % RENEW_EVERY.as_secs());
    }

    /// The subscriptions of the queue: subscriber and lifetime.
    async fn rows(&self) -> Vec<(String, i64)> {
        let now = self.clock.now();
        let query = ListSubscriptions {
            queue: Self::queue(),
            after: None,
            limit: 10,
            include_followers: true,
            now,
        };
        let store = self.leases.placement.data(&Self::queue()).await.unwrap();
        let rows = store.subscriptions().list(query).await.unwrap();
        rows.into_iter().map(|row| (row.subscriber, row.ttl)).collect()
    }

    fn own(&self, ttl: i64) -> Vec<(String, i64)> {
        vec![(self.address.to_string(), ttl)]
    }
}

#[tokio::test]
async fn a_row_that_nobody_renews_ends_soon() {
    let bench = Bench::new().await;
    bench.subscribe(3600).await;

    bench.wait(60);

    assert!(bench.rows().await.is_empty());
}

#[tokio::test]
async fn a_row_lives_as_long_as_it_is_renewed_and_no_longer_than_its_ttl() {
    let bench = Bench::new().await;
    bench.subscribe(300).await;

    bench.live(299).await;
    assert_eq!(bench.rows().await, bench.own(300));

    bench.live(2).await;
    assert!(bench.rows().await.is_empty());
    bench.live(40).await;
    assert!(bench.rows().await.is_empty());
    assert!(bench.leases.held()[&bench.address].is_empty());
}

#[tokio::test]
async fn a_row_goes_with_its_connection() {
    let bench = Bench::new().await;
    bench.subscribe(3600).await;
    bench.live(40).await;

    bench.leases.release(&bench.address).await;

    assert!(bench.rows().await.is_empty());
    assert!(bench.leases.held().is_empty());
}

#[tokio::test]
async fn a_row_that_could_not_be_renewed_in_time_is_made_again() {
    let bench = Bench::new().await;
    bench.subscribe(3600).await;
    bench.wait(120);
    assert!(bench.rows().await.is_empty());

    bench.leases.renew_all().await;

    assert_eq!(bench.rows().await, bench.own(3600));
}

#[tokio::test]
async fn a_row_that_was_deleted_stays_deleted() {
    let bench = Bench::new().await;
    let id = bench.subscribe(3600).await;
    let store = bench.leases.placement.data(&Bench::queue()).await.unwrap();
    let command = DeleteSubscription { queue: Bench::queue(), id };
    store.subscriptions().delete(command).await.unwrap();

    bench.live(120).await;

    assert!(bench.rows().await.is_empty());
}

#[tokio::test]
async fn another_ttl_is_followed() {
    let bench = Bench::new().await;
    let id = bench.subscribe(3600).await;
    bench.live(40).await;

    bench.update(id, None, Some(100)).await;

    bench.live(99).await;
    assert_eq!(bench.rows().await, bench.own(100));
    bench.live(2).await;
    assert!(bench.rows().await.is_empty());
}

#[tokio::test]
async fn another_subscriber_keeps_the_rest_of_the_lifetime_and_outlives_the_connection() {
    let bench = Bench::new().await;
    let id = bench.subscribe(3600).await;

    bench.update(id, Some("http://a"), None).await;
    bench.live(20).await;
    bench.leases.release(&bench.address).await;
    bench.wait(3000);

    assert_eq!(bench.rows().await, [("http://a".to_owned(), 3600)]);
}
