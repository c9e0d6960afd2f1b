//! Everything that can be seen of a queue at one time, to compare before and after.

use sukkal_storage::{
    Claim, ClaimId, Message, MessageId, Millis, QueueState, QueueStats, StorageError, Transfer,
};

use crate::bench::{Queue, ids};

/// What the calls that change nothing return.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    state: QueueState,
    stats: QueueStats,
    free: Vec<Message>,
    all: Vec<Message>,
    got: Vec<Message>,
    claims: Vec<Option<Claim>>,
    pending: Vec<Transfer>,
}

impl Snapshot {
    /// Reads everything of a queue; also these messages and claims by id.
    pub(crate) async fn of(
        queue: &Queue,
        messages: &[MessageId],
        claims: &[ClaimId],
        now: Millis,
    ) -> Self {
        let mut read = Vec::new();
        for id in claims {
            read.push(match queue.get_claim(*id, now).await {
                Ok(claim) => Some(claim),
                Err(StorageError::ClaimDoesNotExist) => None,
                Err(error) => panic!("a claim cannot be read: {error}"),
            });
        }
        let pending = queue.transfers().pending(Some(&queue.key), 1000).await;
        Self {
            state: queue.states().state(&queue.key).await.expect("the state is read"),
            stats: queue.stats(now).await,
            free: queue.free(now).await,
            all: queue.all(now).await,
            got: queue.get(messages, now).await,
            claims: read,
            pending: pending.expect("the pending transfers are read"),
        }
    }

    /// The ids of the messages in any state.
    pub(crate) fn ids(&self) -> Vec<MessageId> {
        ids(&self.all)
    }
}
