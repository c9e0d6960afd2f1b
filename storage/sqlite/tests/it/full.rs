//! A store that has no more space.

use sukkal_storage::{DeleteMessages, MessageId, StorageError, Store};
use tempfile::TempDir;

use crate::posting::{NOW, list, message, open, post, queue};

async fn fill(store: &Store) -> (Vec<MessageId>, StorageError) {
    let mut stored = Vec::new();
    loop {
        match post(store, vec![message(4000)]).await {
            Ok(ids) => stored.extend(ids),
            Err(error) => return (stored, error),
        }
        assert!(stored.len() < 1000, "the store never gets full");
    }
}

#[tokio::test]
async fn a_full_store_refuses_posts_and_goes_on_reading() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &[("max_page_count", "150")]).await.unwrap();

    let (stored, error) = fill(&store).await;
    let read = list(&store).await.unwrap();

    assert!(matches!(error, StorageError::Unavailable { .. }), "{error:?}");
    assert_eq!(read.iter().map(|each| each.id).collect::<Vec<_>>(), stored);
}

#[tokio::test]
async fn a_full_store_takes_posts_again_once_there_is_space() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &[("max_page_count", "150")]).await.unwrap();
    let (stored, _) = fill(&store).await;
    let delete =
        DeleteMessages { queue: queue(), ids: stored[..20].to_vec(), claim_ids: None, now: NOW };

    store.data.messages().delete_many(delete).await.unwrap();
    let posted = post(&store, vec![message(4000)]).await;

    assert!(posted.is_ok(), "{posted:?}");
    assert_eq!(list(&store).await.unwrap().len(), stored.len() - 20 + 1);
}

#[tokio::test]
async fn one_command_that_has_no_space_does_not_fail_those_beside_it() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path(), &[("max_page_count", "150")]).await.unwrap();

    let large = || post(&store, vec![message(2_000_000)]);
    let small = || post(&store, vec![message(10)]);
    let (first, huge, second) = tokio::join!(small(), large(), small());

    assert!(huge.is_err());
    let stored = [first.unwrap(), second.unwrap()].concat();
    let read: Vec<MessageId> = list(&store).await.unwrap().iter().map(|each| each.id).collect();
    assert_eq!(read, stored);
}
