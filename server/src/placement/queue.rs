//! What a server knows of a queue it works on.

use std::sync::Arc;

use bytes::Bytes;
use sukkal_storage::{DataDriver, Generation, QueueKey};

use super::{Pool, QueueSettings};

/// A queue that exists, as it was a moment ago.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its key.
    pub key: QueueKey,
    /// The generation of its data.
    pub generation: Generation,
    /// The revision of its record: another one means other metadata.
    pub revision: u64,
    /// Its metadata as stored: the text of a JSON object.
    pub metadata: Bytes,
    /// What its metadata asks for.
    pub settings: QueueSettings,
    /// Where its messages lie.
    pub pool: Arc<Pool>,
}

impl Queue {
    /// The store that holds its messages.
    pub fn data(&self) -> &Arc<dyn DataDriver> {
        &self.pool.data
    }
}
