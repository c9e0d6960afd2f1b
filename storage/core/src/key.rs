//! Names and numbers that every command carries.

use std::fmt;
use std::sync::Arc;

/// A point in time, in milliseconds since the Unix epoch.
///
/// Drivers read no clock: every command that needs the time carries it.
pub type Millis = i64;

/// The place of a message in its queue: grows with every message, never reused while the queue exists.
pub type Marker = i64;

/// How often a queue of this name has been deleted in the data store.
///
/// A post that carries an old generation is refused with
/// [`QueueChanged`](crate::StorageError::QueueChanged), so a stale cache on another server can
/// never put a message where nobody looks.
pub type Generation = u64;

/// The client that posted a message, as the API understood it: compared for equality only.
pub type ClientId = Arc<str>;

/// A queue within its project. Every key or row of a driver starts with the project.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueKey {
    /// The project that owns the queue, 1 to 256 characters of any kind.
    pub project: Arc<str>,
    /// The name of the queue within its project.
    pub name: Arc<str>,
}

impl QueueKey {
    /// Makes a key from a project and a name.
    pub fn new(project: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { project: project.into(), name: name.into() }
    }
}

impl fmt::Display for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.name)
    }
}
