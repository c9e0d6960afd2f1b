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

/// What a log of messages is used for. A queue and a topic of one name have nothing in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Messages are listed, claimed and popped.
    #[default]
    Queue = 0,
    /// Messages are listed and go to subscribers; nobody claims them.
    Topic = 1,
}

impl Kind {
    /// Reads the number a kind is stored as; `None` for one that no kind has.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Queue),
            1 => Some(Self::Topic),
            _ => None,
        }
    }
}

/// A queue or topic within its project. Every key or row of a driver starts with the project.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueKey {
    /// The project that owns the queue, 1 to 256 characters of any kind.
    pub project: Arc<str>,
    /// Whether it is a queue or a topic.
    pub kind: Kind,
    /// The name of the queue within its project and kind.
    pub name: Arc<str>,
}

impl QueueKey {
    /// Makes the key of a queue from a project and a name.
    pub fn new(project: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { project: project.into(), kind: Kind::Queue, name: name.into() }
    }

    /// Makes the key of a topic from a project and a name.
    pub fn topic(project: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { project: project.into(), kind: Kind::Topic, name: name.into() }
    }
}

impl fmt::Display for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = match self.kind {
            Kind::Queue => "/",
            Kind::Topic => "/topic ",
        };
        write!(f, "{}{separator}{}", self.project, self.name)
    }
}
