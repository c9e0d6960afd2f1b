//! Records of queues that lie in pools: what the catalogue says decides what happens to a record.

use std::sync::Arc;

use bytes::Bytes;
use sukkal_storage::{
    CreateQueue, DeleteQueue, PlaceQueue, QueueKey, QueueRecord, ReleaseQueue, Result,
    StorageError, Store,
};

use crate::bench::Bench;
use crate::case::{Need, assert_refused, cases};

cases! {
    [Need::Layout] => {
        a_record_is_read_with_the_pool_of_its_queue,
        a_record_is_created_and_deleted_only_where_its_queue_lies,
        a_queue_with_a_record_keeps_its_place,
        of_releasing_and_creating_one_happens,
    }
}

/// Queues and pools of one case.
struct Places {
    store: Store,
    project: Arc<str>,
}

impl Places {
    fn of(bench: &Bench) -> Self {
        Self { store: bench.store.clone(), project: bench.project.clone() }
    }

    fn pool(&self, name: &str) -> Arc<str> {
        format!("{}-{name}", self.project).into()
    }

    fn queue(&self, name: &str) -> QueueKey {
        QueueKey::new(self.project.clone(), name)
    }

    async fn place(&self, queue: &QueueKey, pool: &str) {
        let placements = self.store.control.placements();
        let revision = placements.layout().await.expect("the layout is read").revision;
        let command = PlaceQueue { queue: queue.clone(), pool: self.pool(pool), revision };
        placements.place(command).await.expect("the queue is placed");
    }

    async fn pool_of(&self, queue: &QueueKey) -> Option<Arc<str>> {
        self.store.control.placements().pool_of(queue).await.expect("the place is read")
    }

    async fn release(&self, queue: &QueueKey, pool: &str) {
        let command = ReleaseQueue { queue: queue.clone(), pool: self.pool(pool) };
        self.store.control.placements().release(command).await.expect("it is given up or kept");
    }

    async fn create(&self, queue: &QueueKey, pool: Option<&str>) -> Result<bool> {
        let pool = pool.map(|pool| self.pool(pool));
        let (queue, metadata) = (queue.clone(), Bytes::from_static(b"{}"));
        let command = CreateQueue { queue, metadata, generation: 0, pool, now: 0 };
        self.store.control.queues().create(command).await
    }

    async fn delete(&self, queue: &QueueKey, pool: Option<&str>) -> bool {
        let (queue, pool) = (queue.clone(), pool.map(|pool| self.pool(pool)));
        let command = DeleteQueue { queue, below: 1, pool };
        self.store.control.queues().delete(command).await.expect("the record is deleted or not")
    }

    async fn record(&self, queue: &QueueKey) -> Option<QueueRecord> {
        self.store.control.queues().get(queue).await.expect("the record is read")
    }
}

async fn a_record_is_read_with_the_pool_of_its_queue(bench: Bench) {
    let places = Places::of(&bench);
    let (placed, other) = (places.queue("q"), places.queue("other"));
    for queue in [&placed, &other] {
        assert!(places.create(queue, None).await.expect("the record is created"));
    }

    places.place(&placed, "a").await;

    let pool_of = async |queue| places.record(queue).await.expect("it is there").pool;
    assert_eq!(pool_of(&placed).await, Some(places.pool("a")));
    assert_eq!(pool_of(&other).await, None);
}

async fn a_record_is_created_and_deleted_only_where_its_queue_lies(bench: Bench) {
    let places = Places::of(&bench);
    let queue = places.queue("q");
    assert_refused!(places.create(&queue, Some("a")).await, QueueChanged);
    places.place(&queue, "a").await;

    assert_refused!(places.create(&queue, Some("b")).await, QueueChanged);
    assert_eq!(places.record(&queue).await, None);
    assert!(places.create(&queue, Some("a")).await.expect("the record is created"));

    assert!(!places.delete(&queue, Some("b")).await);
    assert!(places.record(&queue).await.is_some());
    assert!(places.delete(&queue, Some("a")).await);
}

async fn a_queue_with_a_record_keeps_its_place(bench: Bench) {
    let places = Places::of(&bench);
    let queue = places.queue("q");
    places.place(&queue, "a").await;
    places.create(&queue, Some("a")).await.expect("the record is created");

    places.release(&queue, "a").await;
    assert_eq!(places.pool_of(&queue).await, Some(places.pool("a")));

    assert!(places.delete(&queue, None).await);
    places.release(&queue, "a").await;
    assert_eq!(places.pool_of(&queue).await, None);
}

async fn of_releasing_and_creating_one_happens(bench: Bench) {
    let places = Places::of(&bench);
    for round in 0..40 {
        let queue = places.queue(&format!("q{round}"));
        places.place(&queue, "a").await;
        let (create, release) = (places.create(&queue, Some("a")), places.release(&queue, "a"));

        let created = if round % 2 == 0 {
            tokio::join!(create, release).0
        } else {
            tokio::join!(release, create).1
        };

        match created {
            Ok(_) => assert_eq!(places.pool_of(&queue).await, Some(places.pool("a"))),
            Err(StorageError::QueueChanged) => assert_eq!(places.pool_of(&queue).await, None),
            Err(error) => panic!("the creation failed: {error}"),
        }
    }
}
