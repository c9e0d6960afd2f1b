//! A store that holds queues.

use std::fmt;
use std::sync::Arc;

use sukkal_storage::{DataDriver, QueueKey};

use crate::background::Mover;

/// A store that is open, with what works on it in the background.
pub struct Pool {
    /// The store.
    pub data: Arc<dyn DataDriver>,
    /// Moves messages out of its queues.
    pub mover: Mover,
}

impl Pool {
    /// Makes a pool of an open store; its mover is not running yet.
    pub fn new(data: Arc<dyn DataDriver>) -> Self {
        Self { data, mover: Mover::new() }
    }

    /// Tells that a queue of this pool has messages to be moved to another.
    pub fn wake_mover(&self, source: &QueueKey) {
        self.mover.wake(source);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
