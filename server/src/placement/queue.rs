//! What a server knows of a queue it works on.

use sukkal_storage::{Generation, QueueKey};

use super::QueueSettings;

/// A queue that exists, as it was a moment ago.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its key.
    pub key: QueueKey,
    /// The generation of its data.
    pub generation: Generation,
    /// What its metadata asks for.
    pub settings: QueueSettings,
}
