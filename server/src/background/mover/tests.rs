use std::sync::atomic::{AtomicU64, Ordering};

use sukkal_storage::{ReceiveTransfers, StorageError, TransferStore};

use super::*;
use crate::testing::Fake;

/// Believes in one generation for all queues until told to look again; knows no queue "lost", and
/// has queues whose name begins with "far" in another store.
#[derive(Default)]
struct Targets {
    near: Arc<Fake>,
    far: Arc<Fake>,
    believed: AtomicU64,
    actual: AtomicU64,
}

#[async_trait]
impl TransferTargets for Targets {
    async fn find_target(&self, queue: &QueueKey) -> Result<Target> {
        if &*queue.name == "lost" {
            return Err(StorageError::QueueDoesNotExist);
        }
        let store = if queue.name.starts_with("far") { &self.far } else { &self.near };
        Ok(Target { generation: self.believed.load(Ordering::Relaxed), data: store.clone() })
    }

    async fn refresh(&self, _: &QueueKey) {
        self.believed.store(self.actual.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

struct Setting {
    fake: Arc<Fake>,
    targets: Arc<Targets>,
    mover: Mover,
    shutdown: Shutdown,
}

impl Setting {
    fn new() -> Self {
        let targets = Arc::new(Targets::default());
        Self { fake: targets.near.clone(), targets, mover: Mover::new(), shutdown: Shutdown::new() }
    }

    fn start(&self) {
        let (store, targets) = (self.fake.clone(), self.targets.clone());
        let run = self.mover.clone().run(store, targets, Clock::manual(0), self.shutdown.clone());
        self.shutdown.spawn(run);
    }

    /// Waits for the first, empty sweep, so that only a wake-up can be the cause of a move.
    async fn start_and_settle(&self) {
        self.start();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    async fn wait_until_moved(&self) {
        self.fake.transfers.wait_until(|transfers| transfers.pending_count() == 0).await;
    }
}

fn queue(name: &str) -> QueueKey {
    QueueKey::new("p", name)
}

#[tokio::test(start_paused = true)]
async fn moves_the_messages_of_a_woken_queue_at_once_and_in_order() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    let start = Instant::now();
    let ids: Vec<_> =
        (0..200).map(|_| setting.fake.transfers.add(&queue("jobs"), &queue("dead"))).collect();

    setting.mover.wake(&queue("jobs"));
    setting.wait_until_moved().await;

    assert!(start.elapsed().is_zero(), "{:?}", start.elapsed());
    assert_eq!(setting.fake.transfers.received(&queue("dead")), ids);
    assert_eq!(setting.shutdown.finish(Duration::from_secs(10)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_finds_what_nobody_woke_it_for() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    let id = setting.fake.transfers.add(&queue("jobs"), &queue("dead"));
    let start = Instant::now();

    setting.wait_until_moved().await;

    assert_eq!(start.elapsed().as_secs(), 29);
    assert_eq!(setting.fake.transfers.received(&queue("dead")), [id]);
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_server_left_is_moved_at_the_start() {
    let setting = Setting::new();
    setting.fake.transfers.add(&queue("jobs"), &queue("dead"));
    let start = Instant::now();

    setting.start();
    setting.wait_until_moved().await;

    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn looks_again_when_the_target_was_made_anew() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    setting.fake.transfers.set_generation(&queue("dead"), 3);
    setting.targets.actual.store(3, Ordering::Relaxed);
    let id = setting.fake.transfers.add(&queue("jobs"), &queue("dead"));

    setting.mover.wake(&queue("jobs"));
    setting.wait_until_moved().await;

    assert_eq!(setting.fake.transfers.received(&queue("dead")), [id]);
}

#[tokio::test(start_paused = true)]
async fn tries_again_within_a_second_when_a_store_fails_once() {
    for failures in [
        vec![StorageError::unavailable("down")],
        vec![StorageError::QueueChanged, StorageError::QueueChanged],
    ] {
        let setting = Setting::new();
        setting.start_and_settle().await;
        setting.fake.transfers.fail_next(failures);
        let id = setting.fake.transfers.add(&queue("jobs"), &queue("dead"));
        let start = Instant::now();

        setting.mover.wake(&queue("jobs"));
        setting.wait_until_moved().await;

        assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
        assert_eq!(setting.fake.transfers.received(&queue("dead")), [id]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_reached_does_not_hold_up_the_others() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    for _ in 0..150 {
        setting.fake.transfers.add(&queue("jobs"), &queue("lost"));
    }
    let id = setting.fake.transfers.add(&queue("jobs"), &queue("dead"));
    let start = Instant::now();

    setting.mover.wake(&queue("jobs"));
    setting.fake.transfers.wait_until(|transfers| transfers.pending_count() == 150).await;

    assert!(start.elapsed().is_zero());
    assert_eq!(setting.fake.transfers.received(&queue("dead")), [id]);
    assert!(setting.fake.transfers.largest_page() <= 512);
}

#[tokio::test(start_paused = true)]
async fn another_server_that_is_late_puts_nothing_there_twice() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    let id = setting.fake.transfers.add(&queue("jobs"), &queue("dead"));
    let transfers = &setting.fake.transfers;
    let read_by_other = transfers.pending(Some(&queue("jobs")), 10).await.unwrap();

    setting.mover.wake(&queue("jobs"));
    setting.wait_until_moved().await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let messages = read_by_other.into_iter().map(|transfer| transfer.message).collect();
    let late = ReceiveTransfers { target: queue("dead"), generation: 0, messages, now: 0 };
    transfers.receive(late).await.unwrap();

    assert_eq!(transfers.received(&queue("dead")), [id]);
    transfers.wait_until(|transfers| transfers.remembered_count() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_back_is_moved_again() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    let transfers = &setting.fake.transfers;
    let id = transfers.add(&queue("jobs"), &queue("dead"));
    setting.mover.wake(&queue("jobs"));
    setting.wait_until_moved().await;

    for (from, to) in [("dead", "jobs"), ("jobs", "dead")] {
        transfers.add_again(id, &queue(from), &queue(to));
        setting.mover.wake(&queue(from));
        setting.wait_until_moved().await;
    }

    assert_eq!(transfers.received(&queue("jobs")), [id]);
    assert_eq!(transfers.received(&queue("dead")), [id, id]);
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_to_the_store_its_target_lies_in() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    let id = setting.fake.transfers.add(&queue("jobs"), &queue("far-dead"));

    setting.mover.wake(&queue("jobs"));
    setting.wait_until_moved().await;

    let far = &setting.targets.far.transfers;
    assert_eq!(far.received(&queue("far-dead")), [id]);
    assert!(setting.fake.transfers.received(&queue("far-dead")).is_empty());
    far.wait_until(|transfers| transfers.remembered_count() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_finds_the_queues_that_were_too_many_to_remember() {
    let setting = Setting::new();
    setting.start_and_settle().await;
    for number in 0..MOST_WOKEN {
        setting.mover.wake(&queue(&number.to_string()));
    }
    setting.fake.transfers.add(&queue("jobs"), &queue("dead"));
    let start = Instant::now();

    setting.mover.wake(&queue("jobs"));
    setting.wait_until_moved().await;

    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
