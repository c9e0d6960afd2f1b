//! How soon an endpoint answers when nothing is in its way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// An endpoint whose quickest answers take this long is slow.
const SLOW: Duration = Duration::from_millis(50);
/// The least time rises by this part of what an answer takes longer: it is forgotten when it was an exception.
const FORGETS: u64 = 64;

/// About the least time that answers take. A machine that is busy makes the mean long, but hardly the least.
#[derive(Debug, Default)]
pub(super) struct Quickness(AtomicU64);

impl Quickness {
    /// Notes how long an answer took.
    pub(super) fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let least = self.0.load(Ordering::Relaxed);
        let new = if least == 0 || took <= least { took } else { least + (took - least) / FORGETS };
        // Of two that answer at the same time one may go unnoted.
        self.0.store(new, Ordering::Relaxed);
    }

    /// Whether all that is known are answers that took long.
    pub(super) fn is_slow(&self) -> bool {
        u128::from(self.0.load(Ordering::Relaxed)) >= SLOW.as_micros()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(millis: impl IntoIterator<Item = u64>) -> Quickness {
        let quickness = Quickness::default();
        millis.into_iter().map(Duration::from_millis).for_each(|took| quickness.note(took));
        quickness
    }

    #[test]
    fn nobody_is_slow_before_the_first_answer() {
        assert!(!Quickness::default().is_slow());
    }

    #[test]
    fn a_quick_answer_now_and_then_is_enough() {
        let answers = (0..1000).map(|at| if at % 20 == 0 { 2 } else { 80 });

        assert!(!noted(answers).is_slow());
    }

    #[test]
    fn an_endpoint_that_becomes_slow_is_found_out() {
        assert!(!noted([1; 100]).is_slow());
        assert!(noted([1; 100].into_iter().chain([100; 100])).is_slow());
        assert!(!noted([100; 100].into_iter().chain([1])).is_slow());
    }
}
