//! The control role: pools, flavors, and which pool holds which queue.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{QueueKey, Result};

/// The pools and flavors of a deployment: one small document, read and replaced as a whole.
///
/// One document makes every rule about several pools and flavors (names, URIs in use, the only pool of a
/// flavor) one comparison of revisions; what it says is the business of the server, not of a driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Grows with every change; 0 if there never was a layout.
    pub revision: u64,
    /// The document; empty if there never was a layout.
    pub text: Bytes,
}

/// Replaces the layout that is still at a revision.
#[derive(Clone, Debug)]
pub struct ReplaceLayout {
    /// The revision the new document was made from.
    pub revision: u64,
    /// The new document.
    pub text: Bytes,
    /// Pools that the new document does without: no queue may lie there.
    pub removed: Vec<Arc<str>>,
}

/// Places a queue that has no place yet.
#[derive(Clone, Debug)]
pub struct PlaceQueue {
    /// The queue.
    pub queue: QueueKey,
    /// The name of the pool.
    pub pool: Arc<str>,
    /// The revision of the layout the pool was chosen from.
    pub revision: u64,
}

/// Gives up the place of a queue.
#[derive(Clone, Debug)]
pub struct ReleaseQueue {
    /// The queue.
    pub queue: QueueKey,
    /// Only if it lies in this pool.
    pub pool: Arc<str>,
}

/// The layout, and the catalogue: the pool of each queue and topic.
///
/// - Layout and catalogue change in one order: a queue is never placed in a pool that was removed before.
/// - What returned is durable, as [`ControlDriver::status`](crate::ControlDriver::status) says.
#[async_trait]
pub trait PlacementStore: Send + Sync {
    /// Reads the layout.
    async fn layout(&self) -> Result<Layout>;

    /// Replaces the layout; returns the new revision.
    ///
    /// - `RecordChanged` at another revision, `PoolIsUsed` if a queue lies in a removed pool; nothing is changed then.
    async fn replace_layout(&self, command: ReplaceLayout) -> Result<u64>;

    /// Reads the pool of a queue.
    async fn pool_of(&self, queue: &QueueKey) -> Result<Option<Arc<str>>>;

    /// Places a queue; returns the pool it lies in.
    ///
    /// - A queue that has a place keeps it, whatever the revision.
    /// - `RecordChanged` if it has none and the layout is at another revision.
    async fn place(&self, command: PlaceQueue) -> Result<Arc<str>>;

    /// Gives up a place.
    ///
    /// - Nothing happens if the queue lies elsewhere or nowhere, or if it has a record: then it exists.
    async fn release(&self, command: ReleaseQueue) -> Result<()>;

    /// Counts the queues and topics that lie in a pool.
    async fn placed_in(&self, pool: &str) -> Result<u64>;
}
