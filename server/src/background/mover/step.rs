//! Moving the messages of one queue, a bounded number at a time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{
    DataDriver, FinishTransfers, Message, MessageId, QueueKey, ReceiveTransfers, Result,
    SettleTransfers, StorageError, Transfer,
};
use tokio::time::{Instant, timeout};

use super::settling::Settling;
use super::{Target, TransferTargets};
use crate::clock::Clock;

/// How many transfers are read at a time.
const PAGE: usize = 64;
/// How many are read when earlier ones cannot be moved and those behind them are looked for.
const LARGEST_PAGE: usize = 512;
/// How many pages of a queue are moved before another queue has its turn.
const PAGES_PER_TURN: usize = 16;
/// A page read longer ago than this is not acted on: another server may have moved it meanwhile.
const FRESH: Duration = Duration::from_secs(10);
/// The longest a target may take to receive.
const LONGEST_RECEIVE: Duration = Duration::from_secs(20);

/// How moving the messages of a queue went.
pub(super) enum Outcome {
    /// Nothing is left.
    Done,
    /// More is waiting.
    More,
    /// Something could not be moved.
    Failed,
}

/// Moves messages.
pub(super) struct Step {
    store: Arc<dyn DataDriver>,
    targets: Arc<dyn TransferTargets>,
    clock: Clock,
    settling: Settling,
    moved: metrics::Counter,
}

/// The messages of a page that go the same way.
struct Group {
    source: QueueKey,
    target: QueueKey,
    messages: Vec<Message>,
}

impl Step {
    pub(super) fn new(
        store: Arc<dyn DataDriver>,
        targets: Arc<dyn TransferTargets>,
        clock: Clock,
    ) -> Self {
        let moved = metrics::counter!("sukkal_transfers_total");
        Self { store, targets, clock, settling: Settling::default(), moved }
    }

    /// The queues that have transfers pending, as far as one page shows.
    pub(super) async fn sources(&self) -> Result<HashSet<QueueKey>> {
        let page = self.store.transfers().pending(None, LARGEST_PAGE).await?;
        Ok(page.into_iter().map(|transfer| transfer.source).collect())
    }

    /// Moves the pending messages of one queue, oldest first.
    pub(super) async fn move_from(&self, source: &QueueKey) -> Outcome {
        let mut failed_targets = HashSet::new();
        let mut stuck = 0;
        for _ in 0..PAGES_PER_TURN {
            let limit = (stuck + PAGE).min(LARGEST_PAGE);
            let read_at = Instant::now();
            let page = match self.store.transfers().pending(Some(source), limit).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::debug!(%error, %source, "transfers cannot be read");
                    return Outcome::Failed;
                }
            };
            let found = page.len();
            let moved = self.move_page(page, read_at, &mut failed_targets).await;
            stuck = found - moved;
            let sees_all = found < limit || (moved == 0 && limit == LARGEST_PAGE);
            if sees_all {
                return if stuck == 0 { Outcome::Done } else { Outcome::Failed };
            }
        }
        if stuck == 0 { Outcome::More } else { Outcome::Failed }
    }

    /// Forgets at the targets what no server can be about to repeat any more.
    pub(super) async fn settle_due(&self) {
        for (target, command) in self.settling.take_due() {
            if let Err(error) = target.transfers().settle(command).await {
                // The store forgets by itself after an hour.
                tracing::debug!(%error, "a transfer cannot be settled");
            }
        }
    }

    /// Moves a page; returns how many messages it moved. Targets that failed are left alone.
    async fn move_page(
        &self,
        page: Vec<Transfer>,
        read_at: Instant,
        failed: &mut HashSet<QueueKey>,
    ) -> usize {
        let mut moved = 0;
        for group in groups(page) {
            if failed.contains(&group.target) {
                continue;
            }
            let (target, count) = (group.target.clone(), group.messages.len());
            match self.move_group(group, read_at).await {
                Ok(()) => moved += count,
                Err(error) => {
                    tracing::warn!(%error, %target, count, "messages cannot be moved yet");
                    failed.insert(target);
                }
            }
        }
        self.moved.increment(moved as u64);
        moved
    }

    async fn move_group(&self, group: Group, read_at: Instant) -> Result<()> {
        let Group { source, target, messages } = group;
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let transfers = self.store.transfers();
        // A message that leaves a queue it was once moved to may come there again.
        transfers.settle(SettleTransfers { target: source.clone(), ids: ids.clone() }).await?;
        let receiver = match self.receive(&target, messages.clone(), read_at).await {
            Err(StorageError::QueueChanged) => {
                self.targets.refresh(&target).await;
                self.receive(&target, messages, read_at).await?
            }
            result => result?,
        };
        transfers.finish(FinishTransfers { source, ids: ids.clone() }).await?;
        self.settling.add(receiver, SettleTransfers { target, ids });
        Ok(())
    }

    /// Puts messages into their target; returns the store they are in now.
    async fn receive(
        &self,
        target: &QueueKey,
        messages: Vec<Message>,
        read_at: Instant,
    ) -> Result<Arc<dyn DataDriver>> {
        let Target { generation, data } = self.targets.find_target(target).await?;
        if read_at.elapsed() > FRESH {
            return Err(StorageError::unavailable(
                "too much time has passed since the transfer was read",
            ));
        }
        let command = ReceiveTransfers {
            target: target.clone(),
            generation,
            messages,
            now: self.clock.now(),
        };
        timeout(LONGEST_RECEIVE, data.transfers().receive(command))
            .await
            .unwrap_or_else(|_| Err(StorageError::unavailable("the target takes too long")))?;
        Ok(data)
    }
}

/// Sorts a page by its ways, keeping the order within each.
fn groups(page: Vec<Transfer>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<(QueueKey, QueueKey), usize> = HashMap::new();
    for Transfer { source, target, message } in page {
        let place = *places.entry((source.clone(), target.clone())).or_insert_with(|| {
            groups.push(Group { source, target, messages: Vec::new() });
            groups.len() - 1
        });
        groups[place].messages.push(message);
    }
    groups
}
