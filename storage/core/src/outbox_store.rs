//! What a driver promises of its outbox.

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::stream::BoxStream;

use crate::{
    AdvanceEntries, Backlog, Delivery, EnqueueEntry, LeaseWork, ListAttempts, LogAttempts, Marker,
    Millis, OutboxEntry, QueueKey, ReadEntries, ReadyQueues, Result, ResumeDeliveries,
    SettleDeliveries,
};

/// The outbox of a store.
///
/// - A queue is *followed* until the latest end that any of its followers was ever given: a deleted follower counts
///   until then, so that one who comes back finds what was posted meanwhile.
/// - A post to a queue that has a live subscription that is not a follower adds an entry that workers lease. If it
///   has none but is followed, the entry is only kept for followers. Otherwise nothing is added.
/// - An entry has the messages that its post stored: a message the queue had already is not in it.
/// - A subscription created before a post began is never missed by it.
/// - A finished entry without deliveries goes at once; where the queue is followed then, it stays until
///   [`KEPT_FOR_FOLLOWERS`](crate::KEPT_FOR_FOLLOWERS) after it was posted. One for one subscription never stays.
/// - Deleting a queue, or sealing it, drops its entries, deliveries and kept entries in constant time. Steps and
///   settlements that come later find nothing.
/// - A store that belongs to one process may end all leases when it is opened: whoever held them is gone.
/// - Deleting a subscription leaves its deliveries: who leases one finds no subscription and settles it. Its log
///   goes with it.
/// - What is damaged in the store is never handed out: a call leaves it out, or is refused if it has nothing else to
///   return.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// The queues that have something to be leased, those first that have waited longest.
    ///
    /// - A queue that was leased from and has more is behind all that were ready then.
    /// - It may name a queue that has nothing, until somebody tries to lease from that queue.
    async fn ready(&self, query: ReadyQueues) -> Result<Vec<QueueKey>>;

    /// Leases unfinished entries that no live lease holds, lowest marker first.
    ///
    /// - An entry belongs to at most one live lease, under any concurrency and across servers.
    async fn lease_entries(&self, command: LeaseWork) -> Result<Vec<OutboxEntry>>;

    /// Notes how far a worker has come, each step as one atomic unit with its deliveries. Tells for each step
    /// whether the lease held; if another lease has the entry, or nobody and it is gone, nothing of the step is done.
    ///
    /// - A lease that has ended still holds until another takes its place; one that was released holds no more.
    /// - A step that names no last subscription leaves the one that was named before.
    async fn advance(&self, command: AdvanceEntries) -> Result<Vec<bool>>;

    /// Leases deliveries that are due, earliest first; those under a live lease are not due.
    ///
    /// - A delivery belongs to at most one live lease, under any concurrency and across servers.
    /// - A lease makes its deliveries due when it ends; it holds them until it settles them or another takes them.
    /// - It does not matter whether the entry is finished.
    async fn lease_deliveries(&self, command: LeaseWork) -> Result<Vec<Delivery>>;

    /// Ends the lease of deliveries; those the lease no longer holds are skipped.
    async fn settle(&self, command: SettleDeliveries) -> Result<()>;

    /// Makes parked deliveries of a subscription due, about in the order of their entries; tells whether any may be left.
    ///
    /// - If any is parked, at least one becomes due.
    /// - It does not matter whether their messages have expired: workers decide about those.
    async fn resume(&self, command: ResumeDeliveries) -> Result<bool>;

    /// Adds an entry for one subscription. Its messages take places of the queue but are seen nowhere else.
    ///
    /// - Generations and seals of the queue do not matter. Repeating the command adds another entry.
    async fn enqueue(&self, command: EnqueueEntry) -> Result<()>;

    /// Reads what was posted, lowest marker first, whether workers have finished it or not; without entries for one
    /// subscription.
    ///
    /// - Stable prefix: once an entry was read, none with a lower marker appears later.
    /// - An entry comes for [`KEPT_FOR_FOLLOWERS`](crate::KEPT_FOR_FOLLOWERS) after it was posted, if its queue is
    ///   followed all the time. One that is older, or of a queue that nobody follows, may come while workers are not
    ///   done with it.
    async fn read(&self, query: ReadEntries) -> Result<Vec<OutboxEntry>>;

    /// The highest marker ever given in each of these queues, 0 for one never seen; in their order.
    ///
    /// - A post that has returned is not above it.
    async fn heads(&self, queues: &[QueueKey]) -> Result<Vec<Marker>>;

    /// What waits, about: it may lag behind by a second.
    async fn backlog(&self, now: Millis) -> Result<Backlog>;

    /// The queues that got an entry through any server, as they come; hints may be lost, late or doubled. Absent if
    /// the store lies within this process: whoever posts knows.
    fn hints(&self) -> Option<BoxStream<'static, QueueKey>>;

    /// Adds to the logs of subscriptions; what is for a subscription that is gone may be dropped.
    async fn log(&self, command: LogAttempts) -> Result<()>;

    /// Reads the log of a subscription, newest first; that of one that has ended may be read until it is collected.
    async fn attempts(&self, query: ListAttempts) -> Result<Vec<Bytes>>;
}
