//! The layout of pools, and which pool holds which queue.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use sukkal_storage::{
    Capability, Layout, PlaceQueue, PlacementStore, QueueKey, ReleaseQueue, ReplaceLayout, Result,
    StorageError, Store,
};
use uuid::Uuid;

use crate::bench::Bench;
use crate::case::{Need, assert_refused, cases};

cases! {
    [Need::Layout] => {
        a_replaced_layout_is_read_back,
        layouts_keep_their_bytes,
        a_layout_of_another_revision_is_refused,
        of_many_replacements_of_one_revision_one_succeeds,
        a_queue_without_a_place_has_none,
        a_placed_queue_lies_in_its_pool,
        a_queue_keeps_its_place_whatever_the_revision,
        a_placement_from_another_revision_is_refused,
        of_many_placements_one_decides,
        a_used_pool_is_not_removed,
        the_first_used_pool_is_named_and_nothing_is_changed,
        a_pool_is_removed_once_its_queues_are_released,
        a_queue_is_released_from_its_own_pool_only,
        a_released_queue_may_be_placed_anew,
        places_are_counted_by_pool,
        places_of_projects_queues_and_kinds_are_kept_apart,
        no_queue_is_placed_in_a_pool_removed_before,
    }
    [Need::Layout, Need::Has(Capability::MultiServer)] => {
        no_queue_is_placed_on_one_server_in_a_pool_removed_on_another,
    }
    [Need::Reopen, Need::Has(Capability::Durability), Need::Layout] => {
        layout_and_places_survive_a_restart,
    }
}

/// The layout of the store, which other cases have changed before, and pools of this case.
struct Pools {
    store: Store,
    project: Arc<str>,
    first: Layout,
}

impl Pools {
    async fn of(bench: &Bench) -> Self {
        let mut pools = Self {
            store: bench.store.clone(),
            project: bench.project.clone(),
            first: Layout::default(),
        };
        pools.first = pools.layout().await;
        pools
    }

    fn on(&self, store: Store) -> Self {
        Self { store, project: self.project.clone(), first: self.first.clone() }
    }

    fn placements(&self) -> &dyn PlacementStore {
        self.store.control.placements()
    }

    fn pool(&self, name: &str) -> Arc<str> {
        format!("{}-{name}", self.project).into()
    }

    fn queue(&self, name: &str) -> QueueKey {
        QueueKey::new(self.project.clone(), name)
    }

    async fn layout(&self) -> Layout {
        self.placements().layout().await.expect("the layout is read")
    }

    async fn revision(&self) -> u64 {
        self.layout().await.revision
    }

    /// Removes pools from the layout of a revision; its text stays.
    async fn remove(&self, revision: u64, pools: &[&str]) -> Result<u64> {
        let removed = pools.iter().map(|name| self.pool(name)).collect();
        let text = self.first.text.clone();
        self.placements().replace_layout(ReplaceLayout { revision, text, removed }).await
    }

    async fn write(&self, revision: u64, text: &'static str) -> Result<u64> {
        let text = Bytes::from_static(text.as_bytes());
        let command = ReplaceLayout { revision, text, removed: Vec::new() };
        self.placements().replace_layout(command).await
    }

    async fn place_at(&self, revision: u64, queue: &QueueKey, pool: &str) -> Result<Arc<str>> {
        let (queue, pool) = (queue.clone(), self.pool(pool));
        self.placements().place(PlaceQueue { queue, pool, revision }).await
    }

    async fn place(&self, queue: &QueueKey, pool: &str) -> Arc<str> {
        self.place_at(self.revision().await, queue, pool).await.expect("the queue is placed")
    }

    async fn pool_of(&self, queue: &QueueKey) -> Option<Arc<str>> {
        self.placements().pool_of(queue).await.expect("the place is read")
    }

    async fn release(&self, queue: &QueueKey, pool: &str) {
        let (queue, pool) = (queue.clone(), self.pool(pool));
        self.placements().release(ReleaseQueue { queue, pool }).await.expect("the place is free");
    }

    async fn count(&self, pool: &str) -> u64 {
        self.placements().placed_in(&self.pool(pool)).await.expect("the places are counted")
    }

    /// Puts the text back that the store had before the case.
    async fn restore(&self) {
        let revision = self.revision().await;
        self.remove(revision, &[]).await.expect("the layout is replaced");
    }
}

async fn a_replaced_layout_is_read_back(bench: Bench) {
    let pools = Pools::of(&bench).await;

    let second = pools.write(pools.first.revision, "{\"a\": 1}").await.expect("it is replaced");
    let read = pools.layout().await;
    let third = pools.write(second, "{}").await.expect("it is replaced");

    assert!(pools.first.revision < second && second < third);
    assert_eq!(read, Layout { revision: second, text: Bytes::from_static(b"{\"a\": 1}") });
    assert_eq!(pools.layout().await.revision, third);
    pools.restore().await;
}

async fn layouts_keep_their_bytes(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let long = vec![b'x'; 300_000];
    let texts: [&[u8]; 4] = [b"", b"\xff\0\r\n%s'", "{\"ключ\":\"🔑\"}".as_bytes(), &long];

    for text in texts {
        let text = Bytes::copy_from_slice(text);
        let revision = pools.revision().await;
        let command = ReplaceLayout { revision, text: text.clone(), removed: Vec::new() };
        pools.placements().replace_layout(command).await.expect("it is replaced");

        assert!(pools.layout().await.text == text);
    }
    pools.restore().await;
}

async fn a_layout_of_another_revision_is_refused(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let old = pools.first.revision;
    let new = pools.write(old, "{\"a\": 1}").await.expect("it is replaced");
    let before = pools.layout().await;

    for revision in [old, new + 1, u64::from(u32::MAX)] {
        assert_refused!(pools.write(revision, "{}").await, RecordChanged);
    }

    assert_eq!(pools.layout().await, before);
    pools.restore().await;
}

async fn of_many_replacements_of_one_revision_one_succeeds(bench: Bench) {
    let pools = Pools::of(&bench).await;

    let tries = (0..20).map(|_| pools.write(pools.first.revision, "{\"a\": 1}"));
    let answers = join_all(tries).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    pools.restore().await;
}

async fn a_queue_without_a_place_has_none(bench: Bench) {
    let pools = Pools::of(&bench).await;

    assert_eq!(pools.pool_of(&pools.queue("q")).await, None);
    assert_eq!(pools.count("a").await, 0);
    pools.release(&pools.queue("q"), "a").await;
}

async fn a_placed_queue_lies_in_its_pool(bench: Bench) {
    let pools = Pools::of(&bench).await;

    let pool = pools.place(&pools.queue("q"), "a").await;

    assert_eq!(pool, pools.pool("a"));
    assert_eq!(pools.pool_of(&pools.queue("q")).await, Some(pool));
}

async fn a_queue_keeps_its_place_whatever_the_revision(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let (queue, revision) = (pools.queue("q"), pools.revision().await);
    pools.place(&queue, "a").await;

    for revision in [revision, revision + 1, 0] {
        let pool = pools.place_at(revision, &queue, "b").await.expect("it has a place");
        assert_eq!(pool, pools.pool("a"));
    }

    assert_eq!((pools.count("a").await, pools.count("b").await), (1, 0));
}

async fn a_placement_from_another_revision_is_refused(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let (queue, old) = (pools.queue("q"), pools.revision().await);
    let new = pools.remove(old, &[]).await.expect("the layout is replaced");

    for revision in [old, new + 1] {
        assert_refused!(pools.place_at(revision, &queue, "a").await, RecordChanged);
    }

    assert_eq!(pools.pool_of(&queue).await, None);
    assert_eq!(pools.count("a").await, 0);
}

async fn of_many_placements_one_decides(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let queue = pools.queue("q");
    let names = ["a", "b", "c", "d"];

    let answers = join_all(names.map(|name| pools.place(&queue, name))).await;

    let place = pools.pool_of(&queue).await.expect("it has a place");
    assert!(answers.iter().all(|answer| *answer == place), "{answers:?}");
    let counts = join_all(names.map(|name| pools.count(name))).await;
    assert_eq!(counts.iter().sum::<u64>(), 1);
}

async fn a_used_pool_is_not_removed(bench: Bench) {
    let pools = Pools::of(&bench).await;
    pools.place(&pools.queue("q"), "a").await;
    let before = pools.layout().await;

    let refused = pools.remove(before.revision, &["unused", "a"]).await;

    assert_refused!(refused, PoolIsUsed(pool) if pool == pools.pool("a"));
    assert_eq!(pools.layout().await, before);
    assert_eq!(pools.count("a").await, 1);
    pools.remove(before.revision, &["unused"]).await.expect("nothing lies there");
}

async fn the_first_used_pool_is_named_and_nothing_is_changed(bench: Bench) {
    let pools = Pools::of(&bench).await;
    for (queue, pool) in [("1", "a"), ("2", "b")] {
        pools.place(&pools.queue(queue), pool).await;
    }
    let before = pools.layout().await;

    let both = pools.remove(before.revision, &["b", "a"]).await;
    let stale = pools.remove(before.revision + 1, &["b"]).await;

    assert_refused!(both, PoolIsUsed(pool) if pool == pools.pool("b"));
    assert_refused!(stale, RecordChanged);
    assert_eq!(pools.layout().await, before);
}

async fn a_pool_is_removed_once_its_queues_are_released(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let queues = ["1", "2"].map(|name| pools.queue(name));
    for queue in &queues {
        pools.place(queue, "a").await;
    }

    for queue in &queues {
        assert_refused!(pools.remove(pools.revision().await, &["a"]).await, PoolIsUsed(_));
        pools.release(queue, "a").await;
    }

    pools.remove(pools.revision().await, &["a"]).await.expect("nothing lies there");
}

async fn a_queue_is_released_from_its_own_pool_only(bench: Bench) {
    let pools = Pools::of(&bench).await;
    pools.place(&pools.queue("q"), "a").await;

    pools.release(&pools.queue("q"), "b").await;
    pools.release(&pools.queue("other"), "a").await;
    assert_eq!(pools.pool_of(&pools.queue("q")).await, Some(pools.pool("a")));
    assert_eq!(pools.count("a").await, 1);

    for _ in 0..2 {
        pools.release(&pools.queue("q"), "a").await;
        assert_eq!(pools.pool_of(&pools.queue("q")).await, None);
        assert_eq!(pools.count("a").await, 0);
    }
}

async fn a_released_queue_may_be_placed_anew(bench: Bench) {
    let pools = Pools::of(&bench).await;
    pools.place(&pools.queue("q"), "a").await;
    pools.release(&pools.queue("q"), "a").await;

    let pool = pools.place(&pools.queue("q"), "b").await;

    assert_eq!(pool, pools.pool("b"));
    assert_eq!((pools.count("a").await, pools.count("b").await), (0, 1));
}

async fn places_are_counted_by_pool(bench: Bench) {
    let pools = Pools::of(&bench).await;

    for number in 0..12 {
        let pool = if number % 3 == 0 { "a" } else { "b" };
        pools.place(&pools.queue(&number.to_string()), pool).await;
    }

    assert_eq!([pools.count("a").await, pools.count("b").await], [4, 8]);
    assert_eq!(pools.count("c").await, 0);
}

async fn places_of_projects_queues_and_kinds_are_kept_apart(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let (project, other) = (bench.project.clone(), format!("{}-2", bench.project));
    let keys = [
        (QueueKey::new(project.clone(), "a/b"), "queue"),
        (QueueKey::topic(project.clone(), "a/b"), "topic"),
        (QueueKey::new(project.clone(), "A/b"), "other"),
        (QueueKey::new(format!("{project}/a"), "b"), "project"),
        (QueueKey::new(other, "a/b"), "second"),
    ];

    for (key, pool) in &keys {
        pools.place(key, pool).await;
    }

    for (key, pool) in &keys {
        assert_eq!(pools.pool_of(key).await, Some(pools.pool(pool)), "{key}");
    }
    pools.release(&keys[1].0, "topic").await;
    assert_eq!(pools.pool_of(&keys[0].0).await, Some(pools.pool("queue")));
}

async fn no_queue_is_placed_in_a_pool_removed_before(bench: Bench) {
    let pools = Pools::of(&bench).await;
    place_against_removal(&pools, &pools).await;
}

async fn no_queue_is_placed_on_one_server_in_a_pool_removed_on_another(bench: Bench) {
    let pools = Pools::of(&bench).await;
    let second = pools.on(bench.second_server().await);
    place_against_removal(&pools, &second).await;
}

/// Places queues and removes their pool at once: either the pool goes and no queue is placed, or the
/// other way round.
async fn place_against_removal(first: &Pools, second: &Pools) {
    for round in 0..40 {
        let pool = Uuid::new_v4().simple().to_string();
        let queues: Vec<_> = (0..4).map(|at| first.queue(&format!("{round}-{at}"))).collect();
        let revision = first.revision().await;
        let place = join_all(queues.iter().map(|queue| first.place_at(revision, queue, &pool)));
        let gone = [&*pool];
        let remove = second.remove(revision, &gone);
        let (placed, removed) = if round % 2 == 0 {
            tokio::join!(place, remove)
        } else {
            let (removed, placed) = tokio::join!(remove, place);
            (placed, removed)
        };

        let placed = placed.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(second.count(&pool).await, placed as u64);
        match removed {
            Ok(_) => assert_eq!(placed, 0, "queues lie in a pool that is gone"),
            Err(StorageError::PoolIsUsed(_)) => assert!(placed > 0),
            Err(error) => panic!("the removal failed: {error}"),
        }
    }
}

async fn layout_and_places_survive_a_restart(bench: Bench) {
    let key = format!("{}-places", bench.project);
    let pools = Pools::of(&bench).await.on(bench.store_for(&key).await);
    let first = pools.layout().await;
    pools.place(&pools.queue("q"), "a").await;
    pools.write(first.revision, "{\"kept\": 1}").await.expect("it is replaced");
    let before = pools.layout().await;
    pools.store.data.close().await;
    pools.store.control.close().await;

    let pools = Pools { first, ..pools.on(bench.store_for(&key).await) };

    assert_eq!(pools.layout().await, before);
    assert_eq!(pools.pool_of(&pools.queue("q")).await, Some(pools.pool("a")));
    assert_eq!(pools.count("a").await, 1);
    pools.restore().await;
}
