//! Which queues have work, and which of them are being worked on.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sukkal_storage::QueueKey;
use tokio::sync::Notify;

/// How many queues are worked on at a time.
const MOST_ACTIVE: usize = 256;
/// How many may wait; a look at the store finds others later.
const MOST_WAITING: usize = 10_000;

/// What a queue may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// Entries that nobody has leased.
    pub(super) entries: bool,
    /// Deliveries that are due.
    pub(super) deliveries: bool,
}

impl Work {
    pub(super) const ENTRIES: Self = Self { entries: true, deliveries: false };
    pub(super) const DELIVERIES: Self = Self { entries: false, deliveries: true };
    pub(super) const ANY: Self = Self { entries: true, deliveries: true };

    fn add(&mut self, other: Self) {
        self.entries |= other.entries;
        self.deliveries |= other.deliveries;
    }

    fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// The queues of a store that have work.
#[derive(Default)]
pub(super) struct Board {
    state: Mutex<State>,
    /// Signalled when a queue waits to be worked on.
    pub(super) changed: Notify,
}

#[derive(Default)]
struct State {
    active: HashMap<QueueKey, Work>,
    waiting: HashMap<QueueKey, Work>,
    /// The order of those that wait.
    line: VecDeque<QueueKey>,
}

impl Board {
    /// Notes that a queue may have work.
    pub(super) fn want(&self, queue: &QueueKey, work: Work) {
        let mut state = self.state();
        if let Some(known) = state.active.get_mut(queue) {
            known.add(work);
        } else {
            state.wait(queue, work);
            self.changed.notify_one();
        }
    }

    /// The next queue to work on, if there is one and not too many are worked on.
    pub(super) fn start(&self) -> Option<QueueKey> {
        let mut state = self.state();
        if state.active.len() >= MOST_ACTIVE {
            return None;
        }
        let queue = state.line.pop_front()?;
        let work = state.waiting.remove(&queue).unwrap_or(Work::ANY);
        state.active.insert(queue.clone(), work);
        Some(queue)
    }

    /// Takes the work of a queue that is being worked on; without any it no longer is.
    pub(super) fn take(&self, queue: &QueueKey) -> Option<Work> {
        let mut state = self.state();
        let work = std::mem::take(state.active.get_mut(queue)?);
        if work.is_none() {
            state.active.remove(queue);
            self.changed.notify_one();
            return None;
        }
        Some(work)
    }

    /// Stops working on a queue; it waits again if it has work.
    pub(super) fn leave(&self, queue: &QueueKey) {
        let mut state = self.state();
        if let Some(work) = state.active.remove(queue)
            && !work.is_none()
        {
            state.wait(queue, work);
        }
        self.changed.notify_one();
    }

    /// Whether other queues wait.
    pub(super) fn has_line(&self) -> bool {
        !self.state().line.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, queue: &QueueKey, work: Work) {
        if let Some(known) = self.waiting.get_mut(queue) {
            known.add(work);
        } else if self.line.len() < MOST_WAITING {
            self.waiting.insert(queue.clone(), work);
            self.line.push_back(queue.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str) -> QueueKey {
        QueueKey::new("p", name)
    }

    #[test]
    fn a_queue_is_worked_on_by_one_worker_until_it_has_no_work() {
        let board = Board::default();
        board.want(&queue("a"), Work::ENTRIES);
        board.want(&queue("a"), Work::DELIVERIES);

        assert_eq!(board.start(), Some(queue("a")));
        assert_eq!(board.start(), None);
        assert_eq!(board.take(&queue("a")), Some(Work::ANY));
        board.want(&queue("a"), Work::ENTRIES);
        assert_eq!(board.start(), None);
        assert_eq!(board.take(&queue("a")), Some(Work::ENTRIES));
        assert_eq!(board.take(&queue("a")), None);
        board.want(&queue("a"), Work::ENTRIES);
        assert_eq!(board.start(), Some(queue("a")));
    }

    #[test]
    fn a_queue_that_is_left_waits_behind_the_others() {
        let board = Board::default();
        board.want(&queue("a"), Work::ENTRIES);
        assert_eq!(board.start(), Some(queue("a")));
        board.want(&queue("b"), Work::ENTRIES);
        assert!(board.has_line());

        board.leave(&queue("a"));

        assert_eq!([board.start(), board.start()], [Some(queue("b")), Some(queue("a"))]);
        assert!(!board.has_line());
    }

    #[test]
    fn what_waits_and_what_is_worked_on_is_bounded() {
        let board = Board::default();
        for number in 0..MOST_WAITING + MOST_ACTIVE {
            board.want(&queue(&number.to_string()), Work::ENTRIES);
        }

        let started = std::iter::from_fn(|| board.start()).count();

        assert_eq!(started, MOST_ACTIVE);
        assert_eq!(board.state().line.len(), MOST_WAITING - MOST_ACTIVE);
    }
}
