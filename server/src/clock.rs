//! The time that every command carries: milliseconds since the epoch, the same on all servers of a
//! store, and never going backwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sukkal_storage::{DataDriver, Millis, Result};

use crate::shutdown::Shutdown;

/// How often the distance to the clock of the store is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(10);
/// A measurement whose call took longer says too little.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(1);
/// How many times the store is asked at first; the quickest answer counts.
const FIRST_SAMPLES: usize = 3;
/// A correction that an operator should hear of.
const LARGE_STEP: Millis = 1000;

/// A clock: cheap to clone, cheap to read.
///
/// - A system clock is a monotonic clock plus an offset that [`measure`](Self::measure) corrects.
/// - After a correction backwards it stands still until the time is reached again.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    System { origin: Instant, at_origin: AtomicI64, latest: AtomicI64 },
    Manual(AtomicI64),
}

impl Clock {
    /// A clock that follows the wall clock of this machine until it is measured against a store.
    pub fn system() -> Self {
        Self(Arc::new(Kind::System {
            origin: monotonic(),
            at_origin: AtomicI64::new(wall()),
            latest: AtomicI64::new(Millis::MIN),
        }))
    }

    /// A clock that stands still at `start` until it is moved.
    pub fn manual(start: Millis) -> Self {
        Self(Arc::new(Kind::Manual(AtomicI64::new(start))))
    }

    /// The time.
    pub fn now(&self) -> Millis {
        match &*self.0 {
            Kind::System { origin, at_origin, latest } => {
                let now = at_origin.load(Ordering::Relaxed) + millis(origin.elapsed());
                // Only the first reader of a millisecond writes.
                let before = latest.load(Ordering::Acquire);
                if now <= before {
                    before
                } else {
                    latest.fetch_max(now, Ordering::AcqRel).max(now)
                }
            }
            Kind::Manual(now) => now.load(Ordering::Acquire),
        }
    }

    /// Moves a manual clock forward; a system clock cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(now) = &*self.0 {
            now.fetch_add(millis(by), Ordering::AcqRel);
        }
    }

    /// Measures the distance to the clock of a store, or to the wall clock if the store has none of
    /// its own, and follows that clock from now on. To be called once a store is opened.
    ///
    /// # Errors
    /// The store did not answer; the clock goes on as it was.
    pub async fn measure(&self, store: &dyn DataDriver) -> Result<()> {
        let mut best: Option<Sample> = None;
        for _ in 0..FIRST_SAMPLES {
            let sample = sample(store).await?;
            if best.as_ref().is_none_or(|best| sample.took < best.took) {
                best = Some(sample);
            }
        }
        if let Some(best) = best {
            self.follow(&best);
        }
        Ok(())
    }

    /// Measures again every 10 seconds until the server stops.
    pub async fn keep_measured(self, store: Arc<dyn DataDriver>, shutdown: Shutdown) {
        let closing = shutdown.closing().clone();
        while closing.run_until_cancelled(tokio::time::sleep(MEASURE_EVERY)).await.is_some() {
            match sample(&*store).await {
                Ok(sample) if sample.took <= LONGEST_ROUND_TRIP => self.follow(&sample),
                Ok(sample) => {
                    tracing::debug!(took = ?sample.took, "the store is too slow to tell the time");
                }
                Err(error) => tracing::debug!(%error, "the store does not tell the time"),
            }
        }
    }

    fn follow(&self, sample: &Sample) {
        let Kind::System { origin, at_origin, .. } = &*self.0 else { return };
        let measured = sample.time - millis(sample.at.saturating_duration_since(*origin));
        let before = at_origin.swap(measured, Ordering::Relaxed);
        let step = measured - before;
        if step.abs() >= LARGE_STEP {
            tracing::warn!(step_ms = step, "the clock was corrected");
        }
    }
}

/// What a clock showed, and at which instant of ours.
struct Sample {
    time: Millis,
    at: Instant,
    took: Duration,
}

async fn sample(store: &dyn DataDriver) -> Result<Sample> {
    let before = monotonic();
    let told = store.time().await?;
    let took = before.elapsed();
    Ok(match told {
        Some(time) => Sample { time, at: before + took / 2, took },
        None => Sample { time: wall(), at: monotonic(), took: Duration::ZERO },
    })
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that others take")]
fn monotonic() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that others take")]
fn wall() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

#[cfg(test)]
mod tests;
