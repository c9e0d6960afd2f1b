//! Claims and the commands on them.

use crate::{ClaimId, Message, Millis, QueueKey};

/// What happens to a message that was claimed too often.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// A message whose count has reached this is not handed out but moved.
    pub max_claim_count: i64,
    /// Where it goes.
    pub target: QueueKey,
    /// Its new lifetime in seconds from the move; unchanged if absent.
    pub ttl: Option<i64>,
    /// Whether the target lies in the same store, so that both halves may happen in the one command.
    /// A driver whose partitions are smaller than its store may still use the transfer set.
    pub same_store: bool,
}

/// Takes the oldest free messages under a new claim.
#[derive(Clone, Debug)]
pub struct CreateClaim {
    /// The queue.
    pub queue: QueueKey,
    /// The id of the claim, made by the caller.
    pub id: ClaimId,
    /// At most this many messages.
    pub limit: usize,
    /// Lifetime of the claim in seconds.
    pub ttl: i64,
    /// Extra lifetime in seconds for messages that would end before the claim.
    pub grace: i64,
    /// The dead-letter rule of the queue, if it has one.
    pub dead_letter: Option<DeadLetter>,
    /// The time of the call.
    pub now: Millis,
}

/// Reads a claim and its messages.
#[derive(Clone, Debug)]
pub struct GetClaim {
    /// The queue.
    pub queue: QueueKey,
    /// The claim.
    pub id: ClaimId,
    /// The time of the call.
    pub now: Millis,
}

/// Starts a claim's lifetime anew.
#[derive(Clone, Debug)]
pub struct UpdateClaim {
    /// The queue.
    pub queue: QueueKey,
    /// The claim.
    pub id: ClaimId,
    /// The new lifetime in seconds, from now.
    pub ttl: i64,
    /// Extra lifetime in seconds for messages that would end before the claim.
    pub grace: i64,
    /// The time of the call.
    pub now: Millis,
}

/// Gives the messages of a claim back.
#[derive(Clone, Debug)]
pub struct DeleteClaim {
    /// The queue.
    pub queue: QueueKey,
    /// The claim.
    pub id: ClaimId,
    /// The time of the call.
    pub now: Millis,
}

/// A claim with its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The claim.
    pub id: ClaimId,
    /// Its lifetime in seconds, as last set.
    pub ttl: i64,
    /// When it was created or last updated.
    pub created_at: Millis,
    /// Its messages, oldest first.
    pub messages: Vec<Message>,
    /// How many messages this call put into the transfer set of the queue, waiting for the mover.
    pub transferred: usize,
}

/// The bound below which a message is extended by a claim that ends at `claim_end`: both ends are compared in
/// whole seconds, in which lifetimes are given.
///
/// A message that ends earlier within the last second keeps its ttl and lives exactly as long as the claim, so no
/// message ends under a live claim.
pub fn extended_below(claim_end: Millis) -> Millis {
    claim_end.saturating_sub(claim_end.rem_euclid(1000))
}
