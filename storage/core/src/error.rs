//! The one error type of the storage layer.

use std::time::Duration;

use crate::MessageId;

/// The result of a storage call.
pub type Result<T, E = StorageError> = std::result::Result<T, E>;

/// Why a storage call did not do what it was asked.
///
/// "Not there", "taken" and "not yours" are ordinary answers; [`Unavailable`](Self::Unavailable) and
/// [`Damaged`](Self::Damaged) are the failures of a back end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The queue has no record in the control store.
    #[error("the queue does not exist")]
    QueueDoesNotExist,
    /// The record was changed since it was read: read it again and repeat.
    #[error("the queue record was changed meanwhile")]
    RecordChanged,
    /// The command carries an old generation, or the queue is being deleted.
    #[error("the queue was deleted or created anew meanwhile")]
    QueueChanged,
    /// No live claim has this id in this queue.
    #[error("the claim does not exist")]
    ClaimDoesNotExist,
    /// The message is held by a claim and none was named.
    #[error("the message is claimed")]
    MessageIsClaimed(MessageId),
    /// A claim was named but the message is not held by any.
    #[error("the message is not claimed")]
    MessageNotClaimed(MessageId),
    /// The message is held by another claim than the one named.
    #[error("the message is claimed by another claim")]
    MessageNotClaimedBy(MessageId),
    /// No live subscription has this id on this queue.
    #[error("the subscription does not exist")]
    SubscriptionDoesNotExist,
    /// The subscriber has another subscription on this queue.
    #[error("the subscriber has another subscription on the queue")]
    SubscriberIsTaken,
    /// Queues lie in a pool that was to be removed.
    #[error("queues lie in the pool {0}")]
    PoolIsUsed(std::sync::Arc<str>),
    /// A stored message does not match its checksum; it is never handed out.
    #[error("message {0} is damaged in the store")]
    Damaged(MessageId),
    /// The store cannot be reached, is full, or failed; nothing of the command is acknowledged.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// What happened, without secrets, for logs.
        reason: String,
        /// When a caller may sensibly try again.
        retry_after: Option<Duration>,
    },
    /// The store cannot be opened as it is: wrong version, damaged, or in use by another process.
    #[error("the store cannot be opened: {0}")]
    Unusable(String),
}

impl StorageError {
    /// Makes an [`Unavailable`](Self::Unavailable) without a hint when to retry.
    pub fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable { reason: reason.to_string(), retry_after: None }
    }
}
