//! The storage contract: what every driver promises, as traits, commands and types.
//!
//! No I/O happens here, no driver is named here, and nothing here knows the API or a status number.
//! The bullets in the trait docs are the contract; each has a case in the storage suite.
#![deny(missing_docs)]

mod capability;
mod claim;
mod control;
mod data;
mod error;
mod key;
mod message;
mod no_outbox;
mod outbox;
mod outbox_codec;
mod outbox_store;
mod placement;
mod registry;
mod subscription;
mod transfer;

pub use capability::{Capabilities, Capability, Durability, StoreStatus};
pub use claim::{
    Claim, CreateClaim, DeadLetter, DeleteClaim, GetClaim, UpdateClaim, extended_below,
};
pub use control::{
    ControlDriver, CreateQueue, DeleteQueue, FilterValue, ListQueues, QueueFilter, QueueRecord,
    QueueStore, UpdateQueue,
};
pub use data::{
    ClaimStore, Collected, DataDriver, MessageStore, QueueState, QueueStateStore, TransferStore,
};
pub use error::{Result, StorageError};
pub use key::{ClientId, Generation, Kind, Marker, Millis, QueueKey};
pub use message::{
    After, Attributes, Body, BodyFormat, ClaimMark, DeleteMessage, DeleteMessages, GetMessages,
    ListMessages, Message, MessageStamp, NewMessage, PopMessages, Post, Posted, PurgeMessages,
    Purged, QueueStats, StatsQuery,
};
pub use no_outbox::NoOutbox;
pub use outbox::{
    AdvanceEntries, Attempt, Backlog, Delivery, DeliveryKey, EnqueueEntry, EntryKind,
    EntryProgress, EntryStep, KEPT_FOR_FOLLOWERS, LeaseId, LeaseWork, ListAttempts, LogAttempts,
    NewDelivery, OutboxEntry, OutboxMessage, ReadEntries, ReadyQueues, ResumeDeliveries,
    SettleDeliveries, Settlement,
};
pub use outbox_codec::{OutboxDamage, decode_message, decode_messages, encode_messages};
pub use outbox_store::OutboxStore;
pub use placement::{Layout, PlaceQueue, PlacementStore, ReleaseQueue, ReplaceLayout};
pub use registry::{
    Entry, Maintenance, OpenFuture, OpenOptions, Registry, Report, ReportFuture, Store,
};
pub use subscription::{
    ConfirmSubscription, CreateSubscription, CreatedSubscription, DeleteSubscription,
    GetSubscription, Lifetime, ListSubscriptions, PurgeSubscriptions, RenewSubscription,
    SetSubscriptionState, Subscription, SubscriptionId, SubscriptionState, SubscriptionStore,
    UpdateSubscription,
};
pub use transfer::{FinishTransfers, ReceiveTransfers, SettleTransfers, Transfer};

/// The identifier of a message: 128 bits made by the caller, unguessable.
pub type MessageId = uuid::Uuid;

/// The identifier of a claim: 128 bits made by the caller, unguessable.
pub type ClaimId = uuid::Uuid;
