//! Messages that are not what was stored.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use sukkal_storage::{
    CreateClaim, DeleteMessages, GetMessages, MessageId, PopMessages, StorageError, Store,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::posting::{NOW, close, list, message, open, post, queue};

/// A store with three messages, the second of which was changed behind its back.
async fn damaged(folder: &Path) -> (Store, Vec<MessageId>) {
    let store = open(folder, &[]).await.expect("a store");
    let ids = post(&store, vec![message(10), message(10), message(10)]).await.expect("a post");
    close(store).await;
    let path = folder.join("sukkal.db");
    let mut connection =
        SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a file");
    connection
        .batch_execute("UPDATE message SET body = x'2222' WHERE marker = 2")
        .expect("a change");
    drop(connection);
    (open(folder, &[]).await.expect("a store"), ids)
}

#[tokio::test]
async fn a_damaged_message_is_never_handed_out() {
    let folder = TempDir::new().unwrap();
    let (store, ids) = damaged(folder.path()).await;
    let (data, queue, now) = (&store.data, queue(), NOW);
    let id = Uuid::now_v7();
    let claim = CreateClaim {
        queue: queue.clone(),
        id,
        limit: 3,
        ttl: 60,
        grace: 60,
        dead_letter: None,
        now,
    };

    let errors = [
        list(&store).await.err(),
        data.messages()
            .get(GetMessages { queue: queue.clone(), ids: ids.clone(), now })
            .await
            .err(),
        data.messages().pop(PopMessages { queue: queue.clone(), limit: 3, now }).await.err(),
        data.claims().create(claim).await.err(),
    ];

    for error in errors {
        let is_named = matches!(error, Some(StorageError::Damaged(id)) if id == ids[1]);
        assert!(is_named, "{error:?}");
    }
}

#[tokio::test]
async fn a_damaged_message_can_be_deleted_and_the_others_are_there() {
    let folder = TempDir::new().unwrap();
    let (store, ids) = damaged(folder.path()).await;
    let delete = DeleteMessages { queue: queue(), ids: vec![ids[1]], claim_ids: None, now: NOW };

    store.data.messages().delete_many(delete).await.unwrap();
    let left: Vec<MessageId> = list(&store).await.unwrap().iter().map(|each| each.id).collect();

    assert_eq!(left, [ids[0], ids[2]]);
}

#[tokio::test]
async fn a_check_names_the_damaged_message() {
    let folder = TempDir::new().unwrap();
    let (store, ids) = damaged(folder.path()).await;
    close(store).await;

    let report = sukkal_storage_sqlite::check(&folder.path().join("sukkal.db")).unwrap();

    assert_eq!((report.messages, &report.damaged[..]), (3, &ids[1..2]));
    assert!(report.structure.is_empty());
}

#[tokio::test]
async fn a_check_of_a_store_in_use_is_refused() {
    let folder = TempDir::new().unwrap();
    let _store = open(folder.path(), &[]).await.unwrap();

    let error = sukkal_storage_sqlite::check(&folder.path().join("sukkal.db")).err();

    assert!(matches!(error, Some(StorageError::Unusable(_))), "{error:?}");
}
