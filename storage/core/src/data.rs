//! The data role: messages, claims, subscriptions, transfers and the state of queues.

use async_trait::async_trait;

use crate::{
    Capabilities, Claim, CreateClaim, DeleteClaim, DeleteMessage, DeleteMessages, FinishTransfers,
    Generation, GetClaim, GetMessages, ListMessages, Message, Millis, OutboxStore, PopMessages,
    Post, Posted, PurgeMessages, Purged, QueueKey, QueueStats, ReceiveTransfers, Result,
    SettleTransfers, StatsQuery, StoreStatus, SubscriptionStore, Transfer, UpdateClaim,
};

/// A store for messages, claims and transfers.
///
/// - Every mutation is one command, executed as one atomic unit, and durable when it returns
///   (as durable as [`status`](Self::status) says).
/// - A command takes its place in the order of commands of its queue when its future is first
///   polled: of two commands first polled one after the other on one connection to the driver, the
///   second sees the first.
/// - A message or claim has expired when `now >= expires_at`, a delay has passed when
///   `now >= delay_until`.
/// - An expired message or claim is nowhere seen and never acted on, collected or not: its id may be
///   used again.
/// - Everything is scoped by project and queue: an id of another queue is an unknown id.
/// - A failed command changed nothing, or exactly what it would have changed had it succeeded;
///   repeating it is safe, since callers make the ids.
#[async_trait]
pub trait DataDriver: Send + Sync {
    /// What the driver declares about itself.
    fn capabilities(&self) -> Capabilities;

    /// Generations and sealing.
    fn queues(&self) -> &dyn QueueStateStore;

    /// Messages.
    fn messages(&self) -> &dyn MessageStore;

    /// Claims.
    fn claims(&self) -> &dyn ClaimStore;

    /// Subscriptions.
    fn subscriptions(&self) -> &dyn SubscriptionStore;

    /// What was posted, until every subscriber was told.
    fn outbox(&self) -> &dyn OutboxStore;

    /// Transfers between queues.
    fn transfers(&self) -> &dyn TransferStore;

    /// The store's own clock, if servers must share one; `None` for a store inside this process.
    async fn time(&self) -> Result<Option<Millis>>;

    /// Fails if the store does not answer.
    async fn ping(&self) -> Result<()>;

    /// What the store says about itself.
    async fn status(&self) -> Result<StoreStatus>;

    /// Collects garbage in one small step: expired messages, claims and subscriptions, deleted generations,
    /// received ids older than an hour, entries kept long enough. Makes parked deliveries of expired messages due.
    ///
    /// - Never changes what any other call returns, where the contract says what that is, but for these deliveries:
    ///   workers decide what becomes of them.
    /// - Pending transfers stay, expired or not: they wait for the mover.
    /// - Touches at most about `budget` records.
    async fn collect(&self, now: Millis, budget: usize) -> Result<Collected>;

    /// Finishes what is under way and closes the store. Later calls fail as `Unavailable`.
    async fn close(&self);
}

/// What one step of collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many records were removed, or made due.
    pub removed: u64,
    /// Whether more is waiting.
    pub more: bool,
}

/// The state of a queue in the data store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueState {
    /// How often the queue was deleted.
    pub generation: Generation,
    /// Whether a deletion is under way: posts are refused until it is finished.
    pub sealed: bool,
}

/// Generations: how deleting a queue and posting to it from many servers fit together.
///
/// Deleting is: [`seal`](Self::seal), delete the control record if it is of a lower generation,
/// [`unseal`](Self::unseal). Whoever finds a sealed queue may finish the last two steps.
#[async_trait]
pub trait QueueStateStore: Send + Sync {
    /// Reads the state; a queue never seen has generation 0 and is not sealed.
    async fn state(&self, queue: &QueueKey) -> Result<QueueState>;

    /// Drops all messages, claims and pending transfers of the queue, raises its generation and
    /// seals it, in constant time; returns the new generation.
    ///
    /// - Afterwards no call returns a message of an earlier generation.
    /// - Markers go on rising across generations.
    /// - Sealing a sealed queue raises the generation again.
    async fn seal(&self, queue: &QueueKey) -> Result<Generation>;

    /// Opens the queue for posts again, if it is still at this generation; otherwise does nothing.
    async fn unseal(&self, queue: &QueueKey, generation: Generation) -> Result<()>;
}

/// Messages.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Appends messages, in order, all or none.
    ///
    /// - An old generation or a sealed queue is `QueueChanged`, and nothing is stored.
    /// - A message whose id the queue has is left as it is: repeating a post stores nothing twice.
    /// - Once a reader has seen a marker, no message with a lower one appears later (stable prefix),
    ///   under any number of concurrent posts.
    /// - A message with `delay_until` in the future is hidden until then.
    /// - A post that stores a message of a queue with subscriptions adds an entry to the outbox, in the same atomic
    ///   unit ([`OutboxStore`]).
    async fn post(&self, command: Post) -> Result<Posted>;

    /// Reads a page, lowest marker first.
    ///
    /// - Skips messages held by a live claim, delayed ones, and those of `exclude_client`, as asked.
    /// - Pages are cut after filtering: a page shorter than `limit` is the last at this moment.
    /// - An unknown queue, and a message in `after` that the queue does not have, give an empty page.
    async fn list(&self, query: ListMessages) -> Result<Vec<Message>>;

    /// Reads messages by id, whatever their state: each once, in the order first asked for.
    ///
    /// - Unknown ids are skipped.
    async fn get(&self, query: GetMessages) -> Result<Vec<Message>>;

    /// Deletes one message.
    ///
    /// - A message that is not there is deleted already.
    /// - Without a claim: `MessageIsClaimed` if a live claim holds it.
    /// - With a claim: the message goes if that claim, live, holds it; `MessageNotClaimed` if no live
    ///   claim holds it; if another holds it, `MessageNotClaimedBy` when the claim named exists,
    ///   else `ClaimDoesNotExist`.
    async fn delete(&self, command: DeleteMessage) -> Result<()>;

    /// Deletes messages by id, all or none.
    ///
    /// - Without `claim_ids`, claimed messages go too.
    /// - With `claim_ids`, each message that exists must be held by one of them, else
    ///   `MessageNotClaimed` or `MessageNotClaimedBy` and nothing is deleted.
    async fn delete_many(&self, command: DeleteMessages) -> Result<()>;

    /// Removes and returns the oldest free messages: neither held by a live claim nor delayed.
    ///
    /// - A message is returned by one call only, under any concurrency.
    async fn pop(&self, command: PopMessages) -> Result<Vec<Message>>;

    /// Removes free and delayed messages in bounded steps; messages held by a live claim stay.
    ///
    /// - Messages posted after the first step stay.
    async fn purge(&self, command: PurgeMessages) -> Result<Purged>;

    /// Counts messages; an unknown queue has none.
    async fn stats(&self, query: StatsQuery) -> Result<QueueStats>;
}

/// Claims.
#[async_trait]
pub trait ClaimStore: Send + Sync {
    /// Claims up to `limit` free messages, oldest first, as one atomic unit.
    ///
    /// - A message belongs to at most one live claim, under any concurrency and across servers.
    /// - A message that would expire before the claim, compared in whole seconds
    ///   ([`extended_below`](crate::extended_below)), gets expiry = claim expiry + grace and
    ///   ttl = claim ttl + grace; one that would expire in the last second gets the expiry of the
    ///   claim; others are left as they are.
    /// - An unknown or empty queue yields a claim without messages, which does not exist afterwards.
    /// - With a dead-letter rule, of the messages taken, one whose count is below the maximum is
    ///   counted and handed out; the others move to the target instead, with claim count 0 and, if
    ///   the rule says so, a new ttl and expiry. Without the rule nothing is counted.
    /// - A moved message leaves its queue in this command, appears exactly once at the end of the
    ///   target, and keeps id, body, client and creation time.
    /// - A sealed target keeps the message in the transfer set of its source, or shows it once open.
    /// - Repeating the command with the same id, while the claim lives, returns the same claim and
    ///   transfers nothing.
    async fn create(&self, command: CreateClaim) -> Result<Claim>;

    /// Reads a live claim.
    ///
    /// - `ClaimDoesNotExist` if it is unknown, expired, released, or has no message left.
    async fn get(&self, query: GetClaim) -> Result<Claim>;

    /// Restarts a live claim: its age is 0 again, it ends at `now + ttl`, messages are extended as on
    /// creation, claim counts stay.
    ///
    /// - `ClaimDoesNotExist` as for [`get`](Self::get).
    async fn update(&self, command: UpdateClaim) -> Result<()>;

    /// Releases a claim: its messages are free at their old place; nothing happens if it is unknown.
    async fn delete(&self, command: DeleteClaim) -> Result<()>;
}

/// Transfers: dead letters between partitions or stores.
#[async_trait]
pub trait TransferStore: Send + Sync {
    /// Reads up to `limit` pending transfers of one queue, or of any queue when none is named.
    ///
    /// - Those of one queue come in the order they were put there.
    async fn pending(&self, source: Option<&QueueKey>, limit: usize) -> Result<Vec<Transfer>>;

    /// Puts messages at the end of the target.
    ///
    /// - A message received before is not received again until it is settled, for an hour at least,
    ///   even if it, or the whole queue, was deleted at the target meanwhile.
    /// - An old generation or a sealed target is `QueueChanged`.
    async fn receive(&self, command: ReceiveTransfers) -> Result<()>;

    /// Removes messages from the transfer set of the source; unknown ids are skipped.
    async fn finish(&self, command: FinishTransfers) -> Result<()>;

    /// Forgets received ids; unknown ids are skipped.
    async fn settle(&self, command: SettleTransfers) -> Result<()>;
}
