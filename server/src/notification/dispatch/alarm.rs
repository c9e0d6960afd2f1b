//! When deliveries become due, as far as this server knows.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sukkal_storage::{Millis, QueueKey};
use tokio::sync::Notify;

/// How many times are remembered; a look at the store finds others a little later.
const MOST_REMEMBERED: usize = 10_000;
/// Times are rounded up to this, in milliseconds, so that deliveries are leased together.
const GRAIN: Millis = 10;

/// The times at which queues have something to be leased.
#[derive(Default)]
pub(super) struct Alarm {
    times: Mutex<BTreeSet<(Millis, QueueKey)>>,
    /// Signalled when the earliest time has changed.
    pub(super) changed: Notify,
}

impl Alarm {
    /// Remembers that a delivery of this queue is due then.
    pub(super) fn set(&self, queue: &QueueKey, due_at: Millis) {
        let at = due_at.saturating_add(GRAIN - 1) / GRAIN * GRAIN;
        let mut times = self.times();
        let is_first = times.first().is_none_or(|(first, _)| at < *first);
        times.insert((at, queue.clone()));
        if times.len() > MOST_REMEMBERED {
            times.pop_last();
        }
        if is_first {
            self.changed.notify_one();
        }
    }

    /// The earliest time.
    pub(super) fn next(&self) -> Option<Millis> {
        self.times().first().map(|(at, _)| *at)
    }

    /// Takes the next queue whose time has come.
    pub(super) fn take_due(&self, now: Millis) -> Option<QueueKey> {
        let mut times = self.times();
        if times.first()?.0 > now {
            return None;
        }
        times.pop_first().map(|(_, queue)| queue)
    }

    fn times(&self) -> MutexGuard<'_, BTreeSet<(Millis, QueueKey)>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_come_when_they_are_due_and_not_before() {
        let alarm = Alarm::default();
        let queue = |name: &str| QueueKey::new("p", name);
        alarm.set(&queue("late"), 2000);
        alarm.set(&queue("soon"), 991);
        alarm.set(&queue("soon"), 995);

        assert_eq!(alarm.next(), Some(1000));
        assert_eq!(alarm.take_due(999), None);
        assert_eq!(alarm.take_due(1000), Some(queue("soon")));
        assert_eq!(alarm.take_due(1000), None);
        assert_eq!(alarm.next(), Some(2000));
    }

    #[test]
    fn the_earliest_times_are_remembered() {
        let alarm = Alarm::default();
        let queue = QueueKey::new("p", "q");
        for number in (0..=MOST_REMEMBERED).rev() {
            alarm.set(&queue, Millis::try_from(number).unwrap() * GRAIN);
        }

        assert_eq!(alarm.times().len(), MOST_REMEMBERED);
        assert_eq!(alarm.next(), Some(0));
    }
}
