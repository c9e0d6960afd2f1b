//! The control role: the records of queues and topics, and where their data lies.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Generation, Kind, Millis, PlacementStore, QueueKey, Result, StoreStatus};

/// A store for the records of queues and topics, and for the layout of pools.
#[async_trait]
pub trait ControlDriver: Send + Sync {
    /// Queue records.
    fn queues(&self) -> &dyn QueueStore;

    /// The layout of pools, and the pool of each queue.
    fn placements(&self) -> &dyn PlacementStore;

    /// Fails if the store does not answer.
    async fn ping(&self) -> Result<()>;

    /// What the store says about itself.
    async fn status(&self) -> Result<StoreStatus>;

    /// Finishes what is under way and closes the store.
    async fn close(&self);
}

/// What the control store knows of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRecord {
    /// The name.
    pub name: Arc<str>,
    /// The stored metadata: the text of a JSON object, members in the order they were set.
    pub metadata: Bytes,
    /// The generation of the data the record was created for.
    pub generation: Generation,
    /// Grows with every update; what [`UpdateQueue`] compares.
    pub revision: u64,
    /// The pool the catalogue has for the queue, read together with the record; absent in lists.
    pub pool: Option<Arc<str>>,
}

/// Creates a record if there is none.
#[derive(Clone, Debug)]
pub struct CreateQueue {
    /// The queue.
    pub queue: QueueKey,
    /// The metadata: the text of a JSON object.
    pub metadata: Bytes,
    /// The generation of its data.
    pub generation: Generation,
    /// Only if the catalogue has this pool for the queue; absent: whatever it has.
    pub pool: Option<Arc<str>>,
    /// The time of the call.
    pub now: Millis,
}

/// Replaces the metadata of a record that is still at a revision.
#[derive(Clone, Debug)]
pub struct UpdateQueue {
    /// The queue.
    pub queue: QueueKey,
    /// The revision the new metadata was made from.
    pub revision: u64,
    /// The new metadata.
    pub metadata: Bytes,
}

/// Deletes a record of an earlier generation.
#[derive(Clone, Debug)]
pub struct DeleteQueue {
    /// The queue.
    pub queue: QueueKey,
    /// Only a record whose generation is below this.
    pub below: Generation,
    /// Only if the catalogue has this pool for the queue; absent: whatever it has.
    pub pool: Option<Arc<str>>,
}

/// A value that a metadata filter compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterValue {
    /// Equal to this integer.
    Integer(i64),
    /// Equal to this string.
    Text(String),
}

/// Which records a list returns.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// The name contains this text, literally.
    pub name_contains: Option<String>,
    /// Each of these metadata members equals the value.
    pub metadata: Vec<(String, FilterValue)>,
}

impl QueueFilter {
    /// Whether every record passes.
    pub fn is_empty(&self) -> bool {
        self.name_contains.is_none() && self.metadata.is_empty()
    }

    /// Tells whether a record passes; the one rule all drivers share.
    pub fn matches(&self, name: &str, metadata: &[u8]) -> bool {
        if self.name_contains.as_deref().is_some_and(|part| !name.contains(part)) {
            return false;
        }
        if self.metadata.is_empty() {
            return true;
        }
        let Ok(stored) = serde_json::from_slice::<serde_json::Value>(metadata) else {
            return false;
        };
        self.metadata.iter().all(|(key, wanted)| match (stored.get(key), wanted) {
            (Some(serde_json::Value::Number(n)), FilterValue::Integer(w)) => n.as_i64() == Some(*w),
            (Some(serde_json::Value::String(s)), FilterValue::Text(w)) => s == w,
            _ => false,
        })
    }
}

/// Reads a page of records.
#[derive(Clone, Debug)]
pub struct ListQueues {
    /// The project.
    pub project: Arc<str>,
    /// Queues or topics.
    pub kind: Kind,
    /// Only names after this one.
    pub after: Option<String>,
    /// At most this many, at least 1.
    pub limit: usize,
    /// Which records.
    pub filter: QueueFilter,
}

/// Queue records.
///
/// - Everything is scoped by project and kind.
/// - What returned is durable, as [`ControlDriver::status`] says.
#[async_trait]
pub trait QueueStore: Send + Sync {
    /// Reads a page, in ascending order of names compared as bytes.
    ///
    /// - Pages are cut after filtering.
    async fn list(&self, query: ListQueues) -> Result<Vec<QueueRecord>>;

    /// Counts the records of one kind of a project.
    async fn count(&self, project: &str, kind: Kind) -> Result<u64>;

    /// Reads a record.
    async fn get(&self, queue: &QueueKey) -> Result<Option<QueueRecord>>;

    /// Creates a record if there is none; tells whether it did.
    ///
    /// - An existing record keeps metadata and revision.
    /// - An existing record of a lower generation is replaced by the new one and counts as created:
    ///   its deletion was under way.
    /// - `QueueChanged` if the queue lies in another pool than the one named, or in none.
    async fn create(&self, command: CreateQueue) -> Result<bool>;

    /// Replaces the metadata; returns the new revision.
    ///
    /// - `QueueDoesNotExist` without a record, `RecordChanged` at another revision.
    async fn update(&self, command: UpdateQueue) -> Result<u64>;

    /// Deletes a record of an earlier generation; tells whether there was one.
    ///
    /// - Nothing happens if the queue lies in another pool than the one named, or in none.
    async fn delete(&self, command: DeleteQueue) -> Result<bool>;
}
