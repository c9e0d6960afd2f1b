//! Remembering what targets may forget, and when.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sukkal_storage::{MessageId, QueueKey, SettleTransfers};
use tokio::time::Instant;

/// Longer than any server acts on a page of transfers it has read.
const SETTLE_AFTER: Duration = Duration::from_secs(60);
/// How many ids wait at most; the store forgets the others by itself.
const MOST_WAITING: usize = 100_000;

/// What was moved and is not settled yet, oldest first.
#[derive(Default)]
pub(super) struct Settling(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    queue: VecDeque<(Instant, SettleTransfers)>,
    ids: usize,
}

impl Settling {
    /// Notes that a target received these messages and their source has finished.
    pub(super) fn add(&self, target: QueueKey, ids: Vec<MessageId>) {
        let mut waiting = self.waiting();
        waiting.ids += ids.len();
        waiting.queue.push_back((Instant::now() + SETTLE_AFTER, SettleTransfers { target, ids }));
        while waiting.ids > MOST_WAITING {
            waiting.pop();
        }
    }

    /// Takes what may be settled now.
    pub(super) fn take_due(&self) -> Vec<SettleTransfers> {
        let now = Instant::now();
        let mut waiting = self.waiting();
        let mut due = Vec::new();
        while waiting.queue.front().is_some_and(|(at, _)| *at <= now) {
            due.extend(waiting.pop());
        }
        due
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<SettleTransfers> {
        let (_, command) = self.queue.pop_front()?;
        self.ids -= command.ids.len();
        Some(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn gives_up_the_oldest_when_too_many_wait() {
        let settling = Settling::default();
        let ids = |count| vec![MessageId::nil(); count];
        settling.add(QueueKey::new("p", "a"), ids(MOST_WAITING - 1));
        settling.add(QueueKey::new("p", "b"), ids(1));
        settling.add(QueueKey::new("p", "c"), ids(1));

        assert!(settling.take_due().is_empty());
        tokio::time::advance(SETTLE_AFTER).await;

        let targets: Vec<_> =
            settling.take_due().iter().map(|each| each.target.name.to_string()).collect();
        assert_eq!(targets, ["b", "c"]);
    }
}
