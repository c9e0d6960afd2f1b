//! Messages that a subscriber was not told of, in the queue that its subscription names for them.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sukkal_storage::{NewMessage, Post, QueueKey, Result, StorageError};

use super::letter::Letter;
use crate::placement::{Placement, is_queue_name};

/// The option that names the queue.
const OPTION: &str = "_dead_letter_queue";
/// The attribute of a message that says where it comes from.
const ORIGIN: &str = "dead_letter_of";

/// Posts a message to the dead-letter queue that these options name, under the id it has; tells whether it did.
/// A message that is a dead letter already is not posted again, so that none goes in circles.
pub(super) async fn dead_letter(
    placement: &Placement,
    source: &QueueKey,
    letter: &Letter,
    options: &Map<String, Value>,
) -> Result<bool> {
    let name = options.get(OPTION).and_then(Value::as_str).filter(|name| is_queue_name(name));
    let Some(name) = name else { return Ok(false) };
    let target = QueueKey::new(source.project.clone(), name);
    if target == *source || is_dead_letter(&letter.message.attributes) {
        return Ok(false);
    }
    let mut queue = placement.open(&target).await?;
    let command = |generation| Post {
        queue: target.clone(),
        generation,
        messages: vec![NewMessage {
            id: letter.message.id,
            ttl: letter.message.ttl,
            delay_until: None,
            body: letter.message.body.clone(),
            checksum: None,
            attributes: marked(&letter.message.attributes, source),
        }],
        client_id: letter.client_id.clone(),
        idempotency_key: None,
        now: placement.now(),
    };
    let mut posted = queue.data().messages().post(command(queue.generation)).await;
    if matches!(posted, Err(StorageError::QueueChanged)) {
        queue = placement.reopen(&target).await?;
        posted = queue.data().messages().post(command(queue.generation)).await;
    }
    if posted?.in_outbox {
        placement.announcements().announce(&target);
    }
    Ok(true)
}

fn is_dead_letter(attributes: &[u8]) -> bool {
    !attributes.is_empty() && read(attributes).contains_key(ORIGIN)
}

fn marked(attributes: &[u8], source: &QueueKey) -> Bytes {
    let mut attributes = read(attributes);
    attributes.insert(ORIGIN.to_owned(), json!(&*source.name));
    Value::Object(attributes).to_string().into()
}

fn read(attributes: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(attributes).unwrap_or_default()
}
