//! What may be opened, and what an open store says of itself.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use sukkal_storage::{Attributes, Body, Capability, Durability, Kind, QueueKey, StorageError};
use tempfile::TempDir;

use crate::posting::{close, list, message, open, open_uri, post, queue};

fn change(path: &Path, text: &str) {
    let mut connection =
        SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a file");
    connection.batch_execute(text).expect("a change");
}

async fn refusal(folder: &Path) -> String {
    match open(folder, &[]).await.err() {
        Some(StorageError::Unusable(reason)) => reason,
        other => panic!("opening gave {other:?}"),
    }
}

#[tokio::test]
async fn refuses_a_second_opening_until_the_first_is_closed() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path(), &[]).await.unwrap();

    let reason = refusal(folder.path()).await;
    close(first).await;
    let second = open(folder.path(), &[]).await;

    assert!(reason.contains("in use by another process"), "{reason}");
    assert!(second.is_ok());
}

#[tokio::test]
async fn a_dropped_store_may_be_opened_again_and_has_everything() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path(), &[]).await.unwrap();
    post(&first, vec![message(10)]).await.unwrap();
    drop(first);

    let second = open(folder.path(), &[]).await.unwrap();

    assert_eq!(list(&second).await.unwrap().len(), 1);
}

#[tokio::test]
async fn makes_the_data_folder() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("a/b");

    let store = open(&data, &[]).await.unwrap();

    assert!(data.join("sukkal.db").is_file());
    close(store).await;
}

#[tokio::test]
async fn refuses_a_folder_that_cannot_be_written() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();

    let uri = format!("sqlite://{}/below.db", file.display());
    let error = open_uri(&uri, folder.path(), &[]).await.err();

    assert!(matches!(error, Some(StorageError::Unusable(_))), "{error:?}");
}

#[tokio::test]
async fn refuses_garbage_and_leaves_it_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sukkal.db");
    let log = folder.path().join("sukkal.db-wal");
    fs::write(&file, "all my letters, kept in one long file").unwrap();
    fs::write(&log, "and some more").unwrap();

    let reason = refusal(folder.path()).await;

    assert!(reason.contains("not a SQLite database"), "{reason}");
    assert_eq!(fs::read(&file).unwrap(), b"all my letters, kept in one long file");
    assert_eq!(fs::read(&log).unwrap(), b"and some more");
}

#[tokio::test]
async fn refuses_the_database_of_another_program() {
    let folder = TempDir::new().unwrap();
    change(&folder.path().join("sukkal.db"), "CREATE TABLE song (title TEXT)");

    let reason = refusal(folder.path()).await;

    assert!(reason.contains("another program"), "{reason}");
}

#[tokio::test]
async fn refuses_a_newer_schema() {
    let folder = TempDir::new().unwrap();
    close(open(folder.path(), &[]).await.unwrap()).await;
    change(&folder.path().join("sukkal.db"), "PRAGMA user_version = 99");

    let reason = refusal(folder.path()).await;

    assert!(reason.contains("schema version is 99"), "{reason}");
}

/// A file as the first schema had it, with a queue, its record and a message on its way.
fn file_of_version_1(path: &Path) {
    change(path, include_str!("../../migrations/00000000000001_store/up.sql"));
    change(
        path,
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
           run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
         INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000001');
         INSERT INTO record VALUES (CAST('project' AS BLOB), CAST('queue' AS BLOB), 2, 7, X'7b7d');
         UPDATE counter SET value = 7;
         INSERT INTO queue VALUES (3, CAST('project' AS BLOB), CAST('queue' AS BLOB), 5, 2, 0, 10);",
    );
    let body = Body::json(&b"1"[..]);
    let crc = body.checksum(&Attributes::new());
    change(
        path,
        &format!(
            "INSERT INTO message VALUES (1, 2, 4294967296, 9999999, 60, 0, 5, 9, \
               X'00000000000000000000000000000001', 1, NULL, X'', 0, {crc}, NULL, X'', X'31');
             INSERT INTO transfer VALUES (1, 5, CAST('p' AS BLOB), CAST('dead' AS BLOB), \
               X'00000000000000000000000000000002', 60, 1, 9999999, X'', 0, {crc}, NULL, X'', X'31');"
        ),
    );
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_opened_with_all_that_is_in_it() {
    let folder = TempDir::new().unwrap();
    file_of_version_1(&folder.path().join("sukkal.db"));

    let store = open(folder.path(), &[]).await.unwrap();

    let record = store.control.queues().get(&queue()).await.unwrap().unwrap();
    assert_eq!((record.generation, record.revision, &record.metadata[..]), (2, 7, &b"{}"[..]));
    let messages = list(&store).await.unwrap();
    assert_eq!(
        (messages.len(), messages[0].marker, &messages[0].body.bytes[..]),
        (1, 9, &b"1"[..])
    );
    assert_eq!(store.data.queues().state(&queue()).await.unwrap().generation, 2);
    let pending = store.data.transfers().pending(None, 10).await.unwrap();
    assert_eq!((&pending[0].source, &pending[0].target), (&queue(), &QueueKey::new("p", "dead")));
    let topic = QueueKey { kind: Kind::Topic, ..queue() };
    assert!(store.control.queues().get(&topic).await.unwrap().is_none());
    assert_eq!(store.control.placements().layout().await.unwrap().revision, 0);
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_examined_as_it_is_and_migrated_on_demand() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sukkal.db");
    file_of_version_1(&file);

    let checked = sukkal_storage_sqlite::check(&file).unwrap();
    let before = sukkal_storage_sqlite::status(&file).unwrap();
    sukkal_storage_sqlite::migrate(&file).unwrap();
    let after = sukkal_storage_sqlite::status(&file).unwrap();

    assert_eq!((checked.is_sound(), checked.messages), (true, 2));
    assert_eq!((before.schema_version, after.schema_version), (1, after.current_version));
    assert!(sukkal_storage_sqlite::check(&file).unwrap().is_sound());
}

#[tokio::test]
async fn says_the_durability_in_force() {
    let folder = TempDir::new().unwrap();
    for (synchronous, expected) in [
        ("full", Durability::Synced),
        ("extra", Durability::Synced),
        ("normal", Durability::Process),
    ] {
        let store = open(folder.path(), &[("synchronous", synchronous)]).await.unwrap();

        let status = store.data.status().await.unwrap();

        assert_eq!((status.driver, status.durability), ("sqlite", expected));
        close(store).await;
    }
}

#[tokio::test]
async fn a_store_in_memory_promises_no_durability() {
    let folder = TempDir::new().unwrap();

    let store = open_uri("sqlite::memory:", folder.path(), &[]).await.unwrap();

    assert_eq!(store.data.status().await.unwrap().durability, Durability::None);
    assert!(!store.data.capabilities().has(Capability::Durability));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn migrating_makes_a_file_that_a_server_can_open() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sukkal.db");

    sukkal_storage_sqlite::migrate(&file).unwrap();
    let status = sukkal_storage_sqlite::status(&file).unwrap();

    assert_eq!(status.schema_version, status.current_version);
    assert!(open(folder.path(), &[]).await.is_ok());
}
