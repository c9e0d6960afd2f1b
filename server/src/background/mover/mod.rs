//! Moving messages from the transfer sets of their queues to their targets.
//!
//! Several servers may move the same message at the same time. Each step may be repeated, and a
//! target forgets what it received only when no server can still be about to repeat it; so a message
//! appears exactly once.

mod settling;
mod step;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use sukkal_storage::{DataDriver, Generation, QueueKey, Result};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::shutdown::Shutdown;
use step::{Outcome, Step};

/// How often all transfers are looked for: those that a server left when it died.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// How many queues may be woken at once; beyond that a sweep finds them.
const MOST_WOKEN: usize = 10_000;
/// How many queues are worked on at the same time.
const AT_ONCE: usize = 8;
const FIRST_RETRY: Duration = Duration::from_millis(500);

/// Where messages are moved to.
#[derive(Clone)]
pub struct Target {
    /// The generation to receive them with.
    pub generation: Generation,
    /// The store the queue lies in.
    pub data: Arc<dyn DataDriver>,
}

/// Knows the queues that messages are moved to.
#[async_trait]
pub trait TransferTargets: Send + Sync {
    /// Where a queue lies. May make the queue if it does not exist; an error leaves the messages
    /// where they are, to be tried again.
    async fn find_target(&self, queue: &QueueKey) -> Result<Target>;

    /// Forgets what is known of a queue: the store said it has changed.
    async fn refresh(&self, target: &QueueKey);
}

/// Tells the loop of [`run`](Self::run) that a queue has something to move. Cheap to clone.
#[derive(Clone, Default)]
pub struct Mover(Arc<Woken>);

#[derive(Default)]
struct Woken {
    queues: Mutex<Queues>,
    wake: Notify,
}

#[derive(Default)]
struct Queues {
    named: HashSet<QueueKey>,
    overflowed: bool,
}

impl Mover {
    /// Makes a mover whose loop is not running yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells that this queue has transfers pending, as a claim that reports `transferred` does.
    pub fn wake(&self, source: &QueueKey) {
        let mut queues = self.queues();
        if queues.named.len() < MOST_WOKEN {
            queues.named.insert(source.clone());
        } else {
            queues.overflowed = true;
        }
        drop(queues);
        self.0.wake.notify_one();
    }

    /// Moves messages until the server stops: those of a woken queue at once, all others every 30
    /// seconds and at the start. What fails is tried again after half a second, then less often.
    pub async fn run(
        self,
        store: Arc<dyn DataDriver>,
        targets: Arc<dyn TransferTargets>,
        clock: Clock,
        shutdown: Shutdown,
    ) {
        let step = Step::new(store, targets, clock);
        let mut sweep_at = Instant::now();
        let mut failing = Failing::default();
        loop {
            let wake_at = failing.retry_at().map_or(sweep_at, |retry| retry.min(sweep_at));
            let waiting = async {
                tokio::select! {
                    () = self.0.wake.notified() => {}
                    () = tokio::time::sleep_until(wake_at) => {}
                }
            };
            if shutdown.closing().run_until_cancelled(waiting).await.is_none() {
                return;
            }
            let Queues { mut named, overflowed } = std::mem::take(&mut *self.queues());
            named.extend(failing.take_due());
            if overflowed || sweep_at <= Instant::now() {
                sweep_at = Instant::now() + SWEEP_EVERY;
                match step.sources().await {
                    Ok(sources) => named.extend(sources),
                    Err(error) => tracing::debug!(%error, "transfers cannot be looked for"),
                }
            }
            self.work_on(&step, named, &mut failing).await;
            step.settle_due().await;
        }
    }

    async fn work_on(&self, step: &Step, sources: HashSet<QueueKey>, failing: &mut Failing) {
        let outcomes = stream::iter(sources)
            .map(|source| async move { (step.move_from(&source).await, source) })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut failed = HashSet::new();
        for (outcome, source) in outcomes {
            match outcome {
                Outcome::Done => {}
                Outcome::More => self.wake(&source),
                Outcome::Failed => {
                    failed.insert(source);
                }
            }
        }
        failing.add(failed);
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The queues that are to be tried again.
#[derive(Default)]
struct Failing {
    queues: HashSet<QueueKey>,
    retry_at: Option<Instant>,
    pause: Duration,
}

impl Failing {
    fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    fn take_due(&mut self) -> HashSet<QueueKey> {
        if self.retry_at.is_none_or(|at| Instant::now() < at) {
            return HashSet::new();
        }
        self.retry_at = None;
        std::mem::take(&mut self.queues)
    }

    fn add(&mut self, failed: HashSet<QueueKey>) {
        if failed.is_empty() {
            if self.retry_at.is_none() {
                self.pause = Duration::ZERO;
            }
            return;
        }
        // What does not fit is found by the next sweep.
        let room = MOST_WOKEN.saturating_sub(self.queues.len());
        self.queues.extend(failed.into_iter().take(room));
        if self.retry_at.is_none() {
            self.pause = (self.pause * 2).clamp(FIRST_RETRY, SWEEP_EVERY);
            self.retry_at = Some(Instant::now() + self.pause);
        }
    }
}

#[cfg(test)]
mod tests;
