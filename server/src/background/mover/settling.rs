//! Remembering what targets may forget, and when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sukkal_storage::{DataDriver, SettleTransfers};
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
    queue: VecDeque<Entry>,
    ids: usize,
}

struct Entry {
    due: Instant,
    target: Arc<dyn DataDriver>,
    command: SettleTransfers,
}

impl Settling {
    /// Notes that a queue of this store received messages and their source has finished.
    pub(super) fn add(&self, target: Arc<dyn DataDriver>, command: SettleTransfers) {
        let mut waiting = self.waiting();
        waiting.ids += command.ids.len();
        let due = Instant::now() + SETTLE_AFTER;
        waiting.queue.push_back(Entry { due, target, command });
        while waiting.ids > MOST_WAITING {
            waiting.pop();
        }
    }

    /// Takes what may be settled now, with the stores to tell.
    pub(super) fn take_due(&self) -> Vec<(Arc<dyn DataDriver>, SettleTransfers)> {
        let now = Instant::now();
        let mut waiting = self.waiting();
        let mut due = Vec::new();
        while waiting.queue.front().is_some_and(|entry| entry.due <= now) {
            due.extend(waiting.pop());
        }
        due
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<(Arc<dyn DataDriver>, SettleTransfers)> {
        let entry = self.queue.pop_front()?;
        self.ids -= entry.command.ids.len();
        Some((entry.target, entry.command))
    }
}

#[cfg(test)]
mod tests {
    use sukkal_storage::{MessageId, QueueKey};

    use super::*;
    use crate::testing::Fake;

    #[tokio::test(start_paused = true)]
    async fn gives_up_the_oldest_when_too_many_wait() {
        let settling = Settling::default();
        let store: Arc<dyn DataDriver> = Arc::new(Fake::default());
        let add = |name: &str, count| {
            let ids = vec![MessageId::nil(); count];
            let target = QueueKey::new("p", name);
            settling.add(Arc::clone(&store), SettleTransfers { target, ids });
        };
        add("a", MOST_WAITING - 1);
        add("b", 1);
        add("c", 1);

        assert!(settling.take_due().is_empty());
        tokio::time::advance(SETTLE_AFTER).await;

        let targets: Vec<_> =
            settling.take_due().iter().map(|(_, each)| each.target.name.to_string()).collect();
        assert_eq!(targets, ["b", "c"]);
    }
}
