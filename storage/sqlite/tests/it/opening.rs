//! What may be opened, and what an open store says of itself.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use sukkal_storage::{Capability, Durability, StorageError};
use tempfile::TempDir;

use crate::posting::{close, list, message, open, open_uri, post};

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
