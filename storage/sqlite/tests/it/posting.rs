//! A queue to try things on.

use std::path::Path;

use sukkal_storage::{
    Attributes, Body, ListMessages, Message, MessageId, NewMessage, OpenOptions, Post, QueueKey,
    Result, Store,
};
use uuid::Uuid;

pub(crate) const NOW: i64 = 1_000_000;

pub(crate) async fn open(folder: &Path, options: &[(&str, &str)]) -> Result<Store> {
    open_uri("sqlite:", folder, options).await
}

pub(crate) async fn open_uri(uri: &str, folder: &Path, options: &[(&str, &str)]) -> Result<Store> {
    let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let options = OpenOptions { data_dir: folder.into(), now: NOW, options };
    (sukkal_storage_sqlite::entry().open)(uri.into(), options).await
}

pub(crate) async fn close(store: Store) {
    store.control.close().await;
    store.data.close().await;
}

pub(crate) fn queue() -> QueueKey {
    QueueKey::new("project", "queue")
}

pub(crate) fn message(bytes: usize) -> NewMessage {
    NewMessage {
        id: Uuid::now_v7(),
        ttl: 3600,
        delay_until: None,
        body: Body::json(vec![b'1'; bytes]),
        checksum: None,
        attributes: Attributes::new(),
    }
}

pub(crate) async fn post(store: &Store, messages: Vec<NewMessage>) -> Result<Vec<MessageId>> {
    let ids = messages.iter().map(|message| message.id).collect();
    let post = Post {
        queue: queue(),
        generation: 0,
        messages,
        client_id: "client".into(),
        idempotency_key: None,
        now: NOW,
    };
    store.data.messages().post(post).await.map(|_| ids)
}

pub(crate) async fn list(store: &Store) -> Result<Vec<Message>> {
    let query = ListMessages {
        queue: queue(),
        after: None,
        limit: 100_000,
        include_claimed: true,
        include_delayed: true,
        exclude_client: None,
        now: NOW,
    };
    store.data.messages().list(query).await
}
