//! Collecting garbage in steps small enough that no request notices.

use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{Collected, DataDriver, Result};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::shutdown::Shutdown;

/// Collects what has expired, until the server stops.
pub async fn collect_garbage(store: Arc<dyn DataDriver>, clock: Clock, shutdown: Shutdown) {
    let removed = metrics::counter!("sukkal_garbage_collected_total");
    let mut pace = Pace::new();
    while shutdown.closing().run_until_cancelled(tokio::time::sleep(pace.pause)).await.is_some() {
        let start = Instant::now();
        let step = store.collect(clock.now(), pace.budget).await;
        match &step {
            Ok(collected) => removed.increment(collected.removed),
            Err(error) if !pace.is_failing => tracing::warn!(%error, "garbage cannot be collected"),
            Err(_) => {}
        }
        pace.follow(&step, start.elapsed());
    }
}

/// How much the next step may touch, and when it comes.
#[derive(Debug, PartialEq, Eq)]
struct Pace {
    budget: usize,
    pause: Duration,
    is_failing: bool,
}

impl Pace {
    const SMALLEST_BUDGET: usize = 64;
    const LARGEST_BUDGET: usize = 4096;
    /// A step should take the store no longer than this.
    const LONGEST_STEP: Duration = Duration::from_millis(20);
    const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
    const FIRST_REST: Duration = Duration::from_millis(500);
    const LONGEST_REST: Duration = Duration::from_secs(5);
    const LONGEST_FAILURE: Duration = Duration::from_secs(30);

    fn new() -> Self {
        Self { budget: 256, pause: Self::FIRST_REST, is_failing: false }
    }

    /// Learns from a step that took this long.
    fn follow(&mut self, step: &Result<Collected>, took: Duration) {
        let was_failing = std::mem::replace(&mut self.is_failing, step.is_err());
        if took > Self::LONGEST_STEP {
            self.budget = (self.budget / 2).max(Self::SMALLEST_BUDGET);
        }
        match step {
            Ok(Collected { more: true, .. }) => {
                if took < Self::LONGEST_STEP / 4 {
                    self.budget = (self.budget * 2).min(Self::LARGEST_BUDGET);
                }
                // Three quarters of the time belong to requests.
                self.pause = (took * 3).clamp(Self::SHORTEST_PAUSE, Self::LONGEST_REST);
            }
            Ok(Collected { removed: 0, .. }) if !was_failing => {
                self.pause = (self.pause * 2).clamp(Self::FIRST_REST, Self::LONGEST_REST);
            }
            Ok(_) => self.pause = Self::FIRST_REST,
            Err(_) => {
                self.pause = (self.pause * 2).clamp(Self::FIRST_REST, Self::LONGEST_FAILURE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sukkal_storage::StorageError;

    use super::*;
    use crate::testing::Fake;

    const QUICK: Duration = Duration::from_millis(1);
    const SLOW: Duration = Duration::from_millis(40);

    fn found(removed: u64, more: bool) -> Result<Collected> {
        Ok(Collected { removed, more })
    }

    #[test]
    fn takes_larger_steps_while_they_are_quick() {
        let mut pace = Pace::new();
        for _ in 0..10 {
            pace.follow(&found(64, true), QUICK);
        }

        assert_eq!(
            pace,
            Pace { budget: 4096, pause: Duration::from_millis(10), is_failing: false }
        );
    }

    #[test]
    fn takes_smaller_steps_and_longer_pauses_when_the_store_is_slow() {
        let mut pace = Pace::new();
        for _ in 0..10 {
            pace.follow(&found(64, true), SLOW);
        }

        assert_eq!(pace, Pace { budget: 64, pause: Duration::from_millis(120), is_failing: false });
    }

    #[test]
    fn rests_longer_and_longer_while_there_is_nothing_to_do() {
        let mut pace = Pace::new();
        for _ in 0..10 {
            pace.follow(&found(0, false), QUICK);
        }
        assert_eq!(pace.pause, Duration::from_secs(5));

        pace.follow(&found(1, false), QUICK);
        assert_eq!(pace.pause, Duration::from_millis(500));
    }

    #[test]
    fn leaves_a_failing_store_more_and_more_time() {
        let mut pace = Pace::new();
        for _ in 0..10 {
            pace.follow(&Err(StorageError::unavailable("down")), QUICK);
        }
        assert_eq!(pace.pause, Duration::from_secs(30));

        pace.follow(&found(0, false), QUICK);
        assert_eq!(pace.pause, Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn goes_on_after_failures_until_the_server_stops() {
        let fake = Arc::new(Fake::default());
        let steps = [Err(StorageError::unavailable("down")), found(256, true), found(3, false)];
        fake.garbage.lock().unwrap().extend(steps);
        let shutdown = Shutdown::new();
        shutdown.spawn(collect_garbage(fake.clone(), Clock::manual(0), shutdown.clone()));

        for _ in 0..4 {
            fake.collecting.notified().await;
        }

        assert_eq!(shutdown.finish(Duration::from_secs(60)).await, 0);
        assert_eq!(*fake.budgets.lock().unwrap(), [256, 256, 512, 512]);
    }
}
