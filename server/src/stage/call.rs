//! What a stage sees of a call.

use std::sync::Arc;

use bytes::Bytes;
use sukkal_storage::{
    Claim, ConfirmSubscription, CreateClaim, CreateSubscription, DeleteClaim, DeleteMessage,
    DeleteMessages, DeleteSubscription, EnqueueEntry, GetClaim, GetMessages, GetSubscription,
    ListMessages, ListQueues, ListSubscriptions, Message, MessageId, NewMessage, PopMessages,
    QueueKey, QueueRecord, QueueStats, SetSubscriptionState, Subscription, UpdateClaim,
    UpdateSubscription,
};

use super::Refusal;
use crate::placement::{Placement, Queue};

/// What a call is about; each has a pipeline of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Queues.
    Queue,
    /// Messages, of queues and of topics.
    Message,
    /// Claims.
    Claim,
    /// Subscriptions, to queues and to topics.
    Subscription,
    /// Topics.
    Topic,
}

/// The call that a stage looks at.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// What it is about.
    pub resource: Resource,
    /// The operation, as the specification names it, like `message_post`.
    pub operation: &'static str,
    /// The queue or topic; of an operation that lists queues or topics, the project with an empty name.
    pub queue: &'a QueueKey,
    /// The client, in the spelling that is compared; empty if the operation needs none.
    pub client_id: &'a str,
    /// Names the call in logs and answers.
    pub request_id: &'a str,
    pub(super) placement: &'a Placement,
}

impl Call<'_> {
    /// What the service knows of the queue or topic, such as its metadata; absent if it does not exist.
    ///
    /// It is remembered for a second, so asking at every call costs no trip to the store.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn record(&self) -> Result<Option<Arc<Queue>>, Refusal> {
        self.placement.find(self.queue).await.map_err(|e| Refusal::unavailable(e.to_string()))
    }
}

/// A command on its way to the store.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command<'a> {
    /// Posts messages. Their bodies are JSON text, may be changed, and must be JSON text afterwards.
    PostMessages(&'a mut [NewMessage]),
    /// Reads a page of messages.
    ListMessages(&'a ListMessages),
    /// Reads messages by id.
    GetMessages(&'a GetMessages),
    /// Deletes one message.
    DeleteMessage(&'a DeleteMessage),
    /// Deletes messages by id.
    DeleteMessages(&'a DeleteMessages),
    /// Removes and returns messages.
    PopMessages(&'a PopMessages),
    /// Claims messages.
    CreateClaim(&'a CreateClaim),
    /// Reads a claim.
    GetClaim(&'a GetClaim),
    /// Renews a claim.
    UpdateClaim(&'a UpdateClaim),
    /// Releases a claim.
    DeleteClaim(&'a DeleteClaim),
    /// Subscribes somebody.
    CreateSubscription(&'a CreateSubscription),
    /// Reads a subscription.
    GetSubscription(&'a GetSubscription),
    /// Lists subscriptions.
    ListSubscriptions(&'a ListSubscriptions),
    /// Changes a subscription.
    UpdateSubscription(&'a UpdateSubscription),
    /// Confirms a subscription, or takes that back.
    ConfirmSubscription(&'a ConfirmSubscription),
    /// Pauses a subscription, or has its subscriber told again.
    SetSubscriptionState(&'a SetSubscriptionState),
    /// Sends something to one subscriber: a test, or messages once more, with their bodies as they are stored.
    EnqueueEntry(&'a EnqueueEntry),
    /// Ends a subscription.
    DeleteSubscription(&'a DeleteSubscription),
    /// Creates a queue or topic. One that is created by its first post is not seen.
    CreateQueue {
        /// Its metadata: the text of a JSON object.
        metadata: &'a Bytes,
    },
    /// Changes the metadata of a queue or topic.
    UpdateQueue {
        /// All of its metadata after the change.
        metadata: &'a Bytes,
    },
    /// Reads the metadata of a queue or topic.
    GetQueue,
    /// Deletes a queue or topic with everything in it.
    DeleteQueue,
    /// Lists queues or topics.
    ListQueues(&'a ListQueues),
    /// Counts the messages of a queue or topic.
    CountMessages,
    /// Removes the messages or subscriptions of a queue or topic.
    PurgeQueue {
        /// What is removed: `messages`, `subscriptions`.
        resource_types: &'a [String],
    },
}

/// What the store answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// It is done, and there is nothing to show.
    Done,
    /// The messages with these ids are stored.
    Posted(&'a [MessageId]),
    /// Messages that were listed, read or popped. Bodies may be changed, and messages left out: those that were
    /// popped are lost then.
    Messages(&'a mut Vec<Message>),
    /// A claim with its messages. Bodies may be changed; a message that is left out stays claimed.
    Claim(&'a mut Claim),
    /// The stored metadata of a queue or topic.
    Metadata(&'a Bytes),
    /// Queues or topics that were listed; they may be left out.
    Queues(&'a mut Vec<QueueRecord>),
    /// Subscriptions that were listed, or the one that was read.
    Subscriptions(&'a [Subscription]),
    /// The counts of a queue or topic.
    Counted(&'a QueueStats),
}

impl Answer<'_> {
    /// The messages in it.
    pub(super) fn messages(&self) -> &[Message] {
        match self {
            Self::Messages(messages) => messages,
            Self::Claim(claim) => &claim.messages,
            _ => &[],
        }
    }
}
