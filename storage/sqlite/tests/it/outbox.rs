//! What the outbox promises beyond the storage contract: old files, reopening, damage, deletion in the file.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use sukkal_storage::{
    AdvanceEntries, Attempt, CreateSubscription, DeleteSubscription, DeliveryKey, EntryProgress,
    EntryStep, LeaseId, LeaseWork, ListAttempts, LogAttempts, NewDelivery, OutboxEntry,
    ReadyQueues, Store, SubscriptionId,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::posting::{NOW, close, message, open, post, queue};

const LONG: i64 = 3_600_000;

fn file(folder: &Path) -> SqliteConnection {
    let path = folder.join("sukkal.db");
    SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a file")
}

fn count(folder: &Path, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = sql_query(format!("SELECT count(*) AS count FROM {table}"));
    query.get_result::<Count>(&mut file(folder)).expect("a count").count
}

async fn subscribe(store: &Store, subscriber: &str, expires_at: i64, now: i64) -> SubscriptionId {
    let create = CreateSubscription {
        queue: queue(),
        id: Uuid::now_v7(),
        subscriber: subscriber.into(),
        ttl: 60,
        expires_at,
        options: "{}".into(),
        is_follower: false,
        now,
    };
    let id = create.id;
    store.data.subscriptions().create(create).await.expect("a subscription");
    id
}

fn work(lease: LeaseId, now: i64) -> LeaseWork {
    LeaseWork { queue: queue(), lease, limit: 100, max_bytes: 1 << 20, until: now + LONG, now }
}

async fn lease(store: &Store, lease: LeaseId, now: i64) -> Vec<OutboxEntry> {
    store.data.outbox().lease_entries(work(lease, now)).await.expect("a lease")
}

async fn step(store: &Store, lease: LeaseId, step: EntryStep) -> bool {
    let steps = vec![step];
    let advance = AdvanceEntries { queue: queue(), lease, steps, now: NOW };
    store.data.outbox().advance(advance).await.expect("a step")[0]
}

async fn is_ready(store: &Store, now: i64) -> bool {
    let ready = store.data.outbox().ready(ReadyQueues { limit: 10, now }).await.expect("queues");
    ready == [queue()]
}

async fn log(store: &Store, subscription: SubscriptionId, records: &[&'static str]) {
    let attempt = |record: &&'static str| Attempt { subscription, record: (*record).into() };
    let attempts = records.iter().map(attempt).collect();
    let log = LogAttempts { queue: queue(), attempts, keep: 2 };
    store.data.outbox().log(log).await.expect("a log");
}

async fn attempts(store: &Store, subscription: SubscriptionId) -> Vec<String> {
    let list = ListAttempts { queue: queue(), subscription, limit: 10 };
    let records = store.data.outbox().attempts(list).await.expect("a log");
    records.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect()
}

async fn collect(store: &Store, now: i64) {
    while store.data.collect(now, 1000).await.expect("a step").more {}
}

#[tokio::test]
async fn a_post_to_a_queue_of_the_second_schema_is_told_to_its_subscription() {
    let folder = TempDir::new().unwrap();
    let connection = &mut file(folder.path());
    for text in [
        include_str!("../../migrations/00000000000001_store/up.sql"),
        include_str!("../../migrations/00000000000002_subscriptions_topics_places/up.sql"),
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
           run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
         INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000001'), ('00000000000002');
         INSERT INTO queue (key, project, kind, name, log, generation, sealed, next_marker) VALUES
           (3, CAST('project' AS BLOB), 0, CAST('queue' AS BLOB), 5, 0, 0, 10);
         INSERT INTO subscription (queue, id, subscriber, ttl, created_at, expires_at, confirmed, options)
           VALUES (3, X'00000000000000000000000000000001', X'61', 60, 1, 253402300799999, 1, X'7b7d');",
    ] {
        connection.batch_execute(text).unwrap();
    }

    let store = open(folder.path(), &[]).await.unwrap();
    let ids = post(&store, vec![message(10)]).await.unwrap();
    let leased = lease(&store, Uuid::now_v7(), NOW).await;

    assert_eq!((leased[0].marker, leased[0].messages[0].id), (10, ids[0]));
}

#[tokio::test]
async fn leases_end_with_the_process_and_work_of_others_waits_on() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &[]).await.unwrap();
    let subscription = subscribe(&store, "a", NOW + LONG, NOW).await;
    post(&store, vec![message(10), message(10), message(10)]).await.unwrap();
    let (gone, next) = (Uuid::now_v7(), Uuid::now_v7());
    let entry = lease(&store, gone, NOW).await.remove(0);
    let delivery = |index, due_at, lease| NewDelivery {
        key: DeliveryKey { subscription, entry: entry.marker, index },
        attempts: 1,
        due_at,
        lease,
    };
    let deliveries = vec![
        delivery(0, Some(NOW + 1000), None),
        delivery(1, Some(NOW + LONG), Some(gone)),
        delivery(2, None, None),
    ];
    let progress = EntryProgress::Continue { after: Some(subscription), until: NOW + LONG };
    assert!(step(&store, gone, EntryStep { entry: entry.marker, deliveries, progress }).await);
    let was_ready = is_ready(&store, NOW).await;
    close(store).await;

    let store = open(folder.path(), &[]).await.unwrap();
    let is_ready = is_ready(&store, NOW).await;
    let entries = lease(&store, next, NOW).await;
    let deliveries = store.data.outbox().lease_deliveries(work(next, NOW)).await.unwrap();
    let later = store.data.outbox().lease_deliveries(work(next, NOW + 1000)).await.unwrap();

    assert_eq!((was_ready, is_ready), (false, true));
    assert_eq!(entries, [OutboxEntry { after: Some(subscription), ..entry }]);
    let indexes = |leased: &[sukkal_storage::Delivery]| -> Vec<u32> {
        leased.iter().map(|delivery| delivery.key.index).collect()
    };
    assert_eq!((indexes(&deliveries), indexes(&later)), (vec![1], vec![0]));
}

#[tokio::test]
async fn nothing_is_left_in_the_file_of_a_deleted_queue() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &[]).await.unwrap();
    let subscription = subscribe(&store, "a", NOW + LONG, NOW).await;
    post(&store, vec![message(10)]).await.unwrap();
    post(&store, vec![message(10)]).await.unwrap();
    let worker = Uuid::now_v7();
    let entry = lease(&store, worker, NOW).await[0].marker;
    let key = DeliveryKey { subscription, entry, index: 0 };
    let delivery = NewDelivery { key, attempts: 1, due_at: Some(NOW), lease: None };
    let finished = EntryStep { entry, deliveries: vec![delivery], progress: EntryProgress::Finish };
    assert!(step(&store, worker, finished).await);

    store.data.queues().seal(&queue()).await.unwrap();
    let backlog = store.data.outbox().backlog(NOW).await.unwrap();
    let rows = [count(folder.path(), "outbox"), count(folder.path(), "delivery")];
    collect(&store, NOW).await;

    assert_eq!((backlog.oldest_entry, backlog.next_delivery), (None, None));
    assert_eq!(rows, [2, 1]);
    assert_eq!([count(folder.path(), "outbox"), count(folder.path(), "delivery")], [0, 0]);
}

#[tokio::test]
async fn the_log_of_a_subscription_goes_with_it_however_it_goes() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &[]).await.unwrap();
    let end = NOW + 10;
    let deleted = subscribe(&store, "a", NOW + LONG, NOW).await;
    let replaced = subscribe(&store, "b", end, NOW).await;
    let ended = subscribe(&store, "c", end, NOW).await;
    for id in [deleted, replaced, ended] {
        log(&store, id, &["1", "2", "3"]).await;
    }
    let before = attempts(&store, replaced).await;

    let delete = DeleteSubscription { queue: queue(), id: deleted };
    store.data.subscriptions().delete(delete).await.unwrap();
    let heir = subscribe(&store, "b", NOW + LONG, end).await;
    log(&store, heir, &["4"]).await;
    collect(&store, end).await;

    assert_eq!(before, ["3", "2"]);
    for id in [deleted, replaced, ended] {
        assert!(attempts(&store, id).await.is_empty());
    }
    assert_eq!(attempts(&store, heir).await, ["4"]);
    assert_eq!(
        [count(folder.path(), "attempt"), count(folder.path(), "dead_subscription")],
        [1, 0]
    );
}

#[tokio::test]
async fn a_damaged_entry_is_dropped_and_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &[]).await.unwrap();
    let subscription = subscribe(&store, "a", NOW + LONG, NOW).await;
    post(&store, vec![message(10)]).await.unwrap();
    let (gone, worker) = (Uuid::now_v7(), Uuid::now_v7());
    let entry = lease(&store, gone, NOW).await[0].marker;
    let key = DeliveryKey { subscription, entry, index: 0 };
    let delivery = NewDelivery { key, attempts: 1, due_at: Some(NOW), lease: None };
    let progress = EntryProgress::Release { after: None };
    assert!(step(&store, gone, EntryStep { entry, deliveries: vec![delivery], progress }).await);
    let ids = post(&store, vec![message(10)]).await.unwrap();
    close(store).await;
    file(folder.path())
        .batch_execute("UPDATE outbox SET messages = zeroblob(length(messages)) WHERE marker = 1")
        .unwrap();

    let checked = sukkal_storage_sqlite::check(&folder.path().join("sukkal.db")).unwrap();
    let store = open(folder.path(), &[]).await.unwrap();
    let leased = lease(&store, worker, NOW).await;
    let deliveries = store.data.outbox().lease_deliveries(work(worker, NOW)).await.unwrap();

    assert!(deliveries.is_empty() && !is_ready(&store, NOW).await);
    assert_eq!((checked.messages, checked.structure.len(), checked.damaged.len()), (4, 1, 0));
    assert_eq!((leased.len(), leased[0].messages[0].id), (1, ids[0]));
    assert_eq!(count(folder.path(), "outbox"), 1);
}
