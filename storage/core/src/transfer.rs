//! Moves between queues that may lie in different partitions or stores.
//!
//! Three steps, each safe to repeat: the source keeps the message in its transfer set, the target
//! receives it and remembers the id, the source finishes, the target settles (forgets the id).

use crate::{Generation, Message, MessageId, Millis, QueueKey};

/// A message on its way from one queue to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where it was.
    pub source: QueueKey,
    /// Where it goes.
    pub target: QueueKey,
    /// The message; its marker means nothing, its ttl and expiry are those it will have at the target.
    pub message: Message,
}

/// Puts transferred messages at the end of their target queue.
#[derive(Clone, Debug)]
pub struct ReceiveTransfers {
    /// The target queue.
    pub target: QueueKey,
    /// The generation of the target the caller believes in.
    pub generation: Generation,
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// The time of the call.
    pub now: Millis,
}

/// Removes messages from the transfer set of their source queue.
#[derive(Clone, Debug)]
pub struct FinishTransfers {
    /// The source queue.
    pub source: QueueKey,
    /// The messages.
    pub ids: Vec<MessageId>,
}

/// Forgets that messages were received, once their source has finished.
#[derive(Clone, Debug)]
pub struct SettleTransfers {
    /// The target queue.
    pub target: QueueKey,
    /// The messages.
    pub ids: Vec<MessageId>,
}
