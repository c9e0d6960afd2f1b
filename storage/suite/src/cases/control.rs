//! Queue records in the control store.

use bytes::Bytes;
use sukkal_storage::{
    CreateQueue, DeleteQueue, Generation, QueueKey, QueueRecord, QueueStore, Result, UpdateQueue,
};

use crate::bench::Bench;
use crate::case::{assert_refused, cases};

cases! {
    [] => {
        a_record_that_was_never_created_does_not_exist,
        a_created_record_is_read_back,
        metadata_keeps_its_bytes,
        creating_twice_keeps_the_first_record,
        creating_again_keeps_an_updated_record,
        a_record_of_a_lower_generation_is_replaced,
        a_record_of_a_higher_generation_is_kept,
        an_update_replaces_the_metadata_and_raises_the_revision,
        an_update_keeps_the_generation,
        an_update_of_another_revision_is_refused,
        an_update_without_a_record_is_refused,
        of_two_updates_of_one_revision_one_is_refused,
        deleting_removes_a_record_of_an_earlier_generation,
        deleting_keeps_a_record_of_the_same_or_a_later_generation,
        deleting_twice_tells_that_there_was_none,
        a_deleted_record_may_be_created_anew,
        count_counts_the_records_of_the_project,
        of_many_creations_one_creates,
    }
}

/// The records of one case.
struct Records<'a> {
    bench: &'a Bench,
}

impl<'a> Records<'a> {
    fn of(bench: &'a Bench) -> Self {
        Self { bench }
    }

    fn store(&self) -> &dyn QueueStore {
        self.bench.store.control.queues()
    }

    fn key(&self, name: &str) -> QueueKey {
        QueueKey::new(self.bench.project.clone(), name)
    }

    async fn create(&self, name: &str, metadata: &str, generation: Generation) -> bool {
        let metadata = Bytes::from(metadata.to_owned());
        let (queue, now) = (self.key(name), self.bench.start);
        let command = CreateQueue { queue, metadata, generation, pool: None, now };
        self.store().create(command).await.expect("the record is created or there")
    }

    async fn update(&self, name: &str, revision: u64, metadata: &str) -> Result<u64> {
        let metadata = Bytes::from(metadata.to_owned());
        self.store().update(UpdateQueue { queue: self.key(name), revision, metadata }).await
    }

    async fn delete(&self, name: &str, below: Generation) -> bool {
        let command = DeleteQueue { queue: self.key(name), below, pool: None };
        self.store().delete(command).await.expect("the record is deleted or not")
    }

    async fn find(&self, name: &str) -> Option<QueueRecord> {
        self.store().get(&self.key(name)).await.expect("the record is read")
    }

    async fn get(&self, name: &str) -> QueueRecord {
        self.find(name).await.expect("the record is there")
    }

    async fn count(&self) -> u64 {
        self.store()
            .count(&self.bench.project, sukkal_storage::Kind::Queue)
            .await
            .expect("the records are counted")
    }
}

async fn a_record_that_was_never_created_does_not_exist(bench: Bench) {
    let records = Records::of(&bench);

    assert_eq!(records.find("q").await, None);
    assert_eq!(records.count().await, 0);
}

async fn a_created_record_is_read_back(bench: Bench) {
    let records = Records::of(&bench);

    let created = records.create("q", "{\"a\": 1}", 4).await;

    let record = records.get("q").await;
    assert!(created);
    assert_eq!((&*record.name, &record.metadata[..]), ("q", &b"{\"a\": 1}"[..]));
    assert_eq!(record.generation, 4);
}

async fn metadata_keeps_its_bytes(bench: Bench) {
    let records = Records::of(&bench);
    let long = format!("{{\"long\": \"{}\"}}", "x".repeat(60_000));
    let texts = ["{}", "{ \"z\":1.0,\"a\":1e2,\n\"z2\":null}", "{\"ключ\":\"\\u0000🔑'\"}", &long];

    for (index, text) in texts.into_iter().enumerate() {
        let name = index.to_string();
        records.create(&name, text, 0).await;
        let created = records.get(&name).await;
        records.update(&name, created.revision, text).await.expect("the record is updated");

        assert!(created.metadata == text && records.get(&name).await.metadata == text, "{text}");
    }
}

async fn creating_twice_keeps_the_first_record(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{\"a\":1}", 0).await;
    let first = records.get("q").await;

    let again = records.create("q", "{\"a\":2}", 0).await;

    assert!(!again);
    assert_eq!(records.get("q").await, first);
    assert_eq!(records.count().await, 1);
}

async fn creating_again_keeps_an_updated_record(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{}", 0).await;
    let revision = records.get("q").await.revision;
    records.update("q", revision, "{\"a\":1}").await.expect("the record is updated");
    let updated = records.get("q").await;

    let again = records.create("q", "{}", 0).await;

    assert!(!again);
    assert_eq!(records.get("q").await, updated);
}

async fn a_record_of_a_lower_generation_is_replaced(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{\"old\":1}", 2).await;

    let created = records.create("q", "{\"new\":1}", 3).await;

    let record = records.get("q").await;
    assert!(created);
    assert_eq!((&record.metadata[..], record.generation), (&b"{\"new\":1}"[..], 3));
    assert_eq!(records.count().await, 1);
}

async fn a_record_of_a_higher_generation_is_kept(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{\"a\":1}", 5).await;

    let created = records.create("q", "{\"late\":1}", 4).await;

    assert!(!created);
    assert_eq!(records.get("q").await.generation, 5);
}

async fn an_update_replaces_the_metadata_and_raises_the_revision(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{\"a\":1}", 0).await;
    let first = records.get("q").await.revision;

    let second = records.update("q", first, "{\"b\":2}").await.expect("the record is updated");
    let third = records.update("q", second, "{\"c\":3}").await.expect("the record is updated");

    let record = records.get("q").await;
    assert!(first < second && second < third, "{first} {second} {third}");
    assert_eq!((&record.metadata[..], record.revision), (&b"{\"c\":3}"[..], third));
}

async fn an_update_keeps_the_generation(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{}", 7).await;
    let revision = records.get("q").await.revision;

    records.update("q", revision, "{\"a\":1}").await.expect("the record is updated");

    assert_eq!(records.get("q").await.generation, 7);
}

async fn an_update_of_another_revision_is_refused(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{}", 0).await;
    let old = records.get("q").await.revision;
    let new = records.update("q", old, "{\"a\":1}").await.expect("the record is updated");

    for revision in [old, new + 1] {
        assert_refused!(records.update("q", revision, "{\"b\":1}").await, RecordChanged);
    }

    assert_eq!(&records.get("q").await.metadata[..], b"{\"a\":1}");
}

async fn an_update_without_a_record_is_refused(bench: Bench) {
    let records = Records::of(&bench);

    assert_refused!(records.update("q", 1, "{}").await, QueueDoesNotExist);
    assert_eq!(records.find("q").await, None);
}

async fn of_two_updates_of_one_revision_one_is_refused(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{}", 0).await;
    let revision = records.get("q").await.revision;

    let (first, second) = tokio::join!(
        records.update("q", revision, "{\"a\":1}"),
        records.update("q", revision, "{\"b\":1}"),
    );

    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let winner: &[u8] = if first.is_ok() { b"{\"a\":1}" } else { b"{\"b\":1}" };
    assert_eq!(&records.get("q").await.metadata[..], winner);
}

async fn deleting_removes_a_record_of_an_earlier_generation(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{}", 3).await;
    records.create("other", "{}", 3).await;

    let deleted = records.delete("q", 4).await;

    assert!(deleted);
    assert_eq!(records.find("q").await, None);
    assert!(records.find("other").await.is_some());
    assert_eq!(records.count().await, 1);
}

async fn deleting_keeps_a_record_of_the_same_or_a_later_generation(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{}", 3).await;

    for below in [0, 2, 3] {
        assert!(!records.delete("q", below).await);
    }

    assert!(records.find("q").await.is_some());
}

async fn deleting_twice_tells_that_there_was_none(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{}", 0).await;

    assert!(records.delete("q", 1).await);
    assert!(!records.delete("q", 1).await);
    assert!(!records.delete("never", 1).await);
}

async fn a_deleted_record_may_be_created_anew(bench: Bench) {
    let records = Records::of(&bench);
    records.create("q", "{\"a\":1}", 0).await;
    records.delete("q", 1).await;

    let created = records.create("q", "{\"b\":1}", 1).await;

    let record = records.get("q").await;
    assert!(created);
    assert_eq!((&record.metadata[..], record.generation), (&b"{\"b\":1}"[..], 1));
}

async fn count_counts_the_records_of_the_project(bench: Bench) {
    let records = Records::of(&bench);

    for (index, name) in ["a", "b", "c", "a"].into_iter().enumerate() {
        records.create(name, "{}", 0).await;
        assert_eq!(records.count().await, (index as u64 + 1).min(3));
    }
    records.delete("b", 1).await;

    assert_eq!(records.count().await, 2);
}

async fn of_many_creations_one_creates(bench: Bench) {
    let records = Records::of(&bench);

    let tries = (0..20).map(|_| records.create("q", "{}", 0));
    let created = futures_util::future::join_all(tries).await;

    assert_eq!(created.into_iter().filter(|created| *created).count(), 1);
    assert_eq!(records.count().await, 1);
}
