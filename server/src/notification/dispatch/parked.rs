//! What is parked: messages for subscriptions that are paused, or whose endpoint is left alone.
//!
//! As long as anything is parked for a subscription that is not paused, another delivery of it is due some time: a
//! probe, or one that is tried again. Before such a delivery is over, some that are parked are made due in its place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sukkal_storage::{QueueKey, Result, ResumeDeliveries, SubscriptionId, SubscriptionState};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::board::Work;
use super::workplace::Workplace;

/// How many parked deliveries of a subscription that is gone are made due in one step.
const RESUME_STEP: usize = 1000;
/// For how long it is believed that nothing is parked for a subscription.
const QUIET: Duration = Duration::from_secs(1);
/// How many subscriptions without parked deliveries are remembered.
const MOST_QUIET: usize = 10_000;

/// For how many subscriptions parked deliveries are made due at a time.
const AT_ONCE: usize = 8;

/// The subscriptions for which nothing was parked a moment ago.
pub(super) struct Quiet {
    silences: Mutex<HashMap<(QueueKey, SubscriptionId), Silence>>,
    turns: Semaphore,
}

struct Silence {
    until: Instant,
    /// Whether somebody looks again when it ends.
    is_watched: bool,
}

/// What is to be done about what may be parked for a subscription.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Now,
    At(Instant),
    /// Somebody will look soon.
    No,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { silences: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

impl Quiet {
    fn look(&self, queue: &QueueKey, id: SubscriptionId) -> Look {
        let mut silences = self.silences.lock().unwrap_or_else(PoisonError::into_inner);
        match silences.get_mut(&(queue.clone(), id)) {
            Some(silence) if silence.until > Instant::now() => {
                if std::mem::replace(&mut silence.is_watched, true) {
                    return Look::No;
                }
                Look::At(silence.until)
            }
            _ => Look::Now,
        }
    }

    fn begin(&self, queue: &QueueKey, id: SubscriptionId) {
        let mut silences = self.silences.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if silences.len() >= MOST_QUIET {
            silences.retain(|_, silence| silence.until > now);
        }
        if silences.len() < MOST_QUIET {
            let silence = Silence { until: now + QUIET, is_watched: false };
            silences.insert((queue.clone(), id), silence);
        }
    }
}

impl Workplace {
    /// Makes deliveries of a subscription due that are parked, unless it is paused. To be called before so many
    /// others of it are over.
    pub(super) async fn resume_for(
        self: &Arc<Self>,
        queue: &QueueKey,
        id: SubscriptionId,
        done: usize,
    ) {
        let mut look = self.quiet.look(queue, id);
        if look == Look::Now {
            let turn = self.quiet.turns.acquire().await;
            // Somebody else may have looked meanwhile.
            look = self.quiet.look(queue, id);
            if look == Look::Now {
                self.resume_some(queue, id, done).await;
            }
            drop(turn);
        }
        match look {
            Look::At(at) => {
                let (place, queue) = (Arc::clone(self), queue.clone());
                self.spawn(async move { place.resume_at(at, &queue, id).await });
            }
            Look::Now | Look::No => {}
        }
    }

    /// Makes due what was parked for a subscription that is no longer paused, or whose endpoint is no longer left
    /// alone: who noticed that may not have seen it.
    pub(super) async fn look_after_parked(&self, queue: &QueueKey, id: SubscriptionId) {
        let problem = "parked deliveries cannot be looked after";
        let looked = self.again_and_again(problem, || self.resume_unless_waited_for(queue, id));
        self.shutdown.closing().run_until_cancelled(looked).await;
    }

    async fn resume_unless_waited_for(&self, queue: &QueueKey, id: SubscriptionId) -> Result<()> {
        let found = self.subscription(queue, id).await?;
        if found.is_some_and(|found| self.teller.endpoint(&found.subscriber).awaits_probe(id)) {
            return Ok(());
        }
        self.resume(queue, id, 1).await.map(drop)
    }

    async fn resume_some(&self, queue: &QueueKey, id: SubscriptionId, done: usize) {
        let problem = "parked deliveries cannot be made due";
        if !self.again_and_again(problem, || self.resume(queue, id, done)).await {
            self.quiet.begin(queue, id);
        }
    }

    async fn resume_at(&self, at: Instant, queue: &QueueKey, id: SubscriptionId) {
        let resumed = async {
            sleep_until(at).await;
            self.resume_some(queue, id, 1).await;
        };
        if self.shutdown.closing().run_until_cancelled(resumed).await.is_none()
            && let Err(error) = self.resume(queue, id, 1).await
        {
            self.note_failure("parked deliveries cannot be made due", &error);
        }
    }

    /// Makes a part of what is parked due; tells whether any may be left that should be.
    async fn resume(&self, queue: &QueueKey, id: SubscriptionId, done: usize) -> Result<bool> {
        let limit = match self.subscription(queue, id).await? {
            Some(found) if found.state == SubscriptionState::Paused => return Ok(false),
            Some(found) => self.teller.endpoint(&found.subscriber).room_for_parked(done),
            None => RESUME_STEP,
        };
        let (queue, now) = (queue.clone(), self.now());
        let command = ResumeDeliveries { queue: queue.clone(), subscription: id, limit, now };
        let is_any_left = self.store.outbox().resume(command).await?;
        self.board.want(&queue, Work::DELIVERIES);
        Ok(is_any_left)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_subscription_without_parked_deliveries_is_looked_at_once_in_a_while() {
        let (quiet, queue, id) = (Quiet::default(), QueueKey::new("p", "q"), Uuid::new_v4());
        assert_eq!(quiet.look(&queue, id), Look::Now);

        quiet.begin(&queue, id);

        let end = Instant::now() + QUIET;
        assert_eq!(quiet.look(&queue, id), Look::At(end));
        assert_eq!(quiet.look(&queue, id), Look::No);
        assert_eq!(quiet.look(&queue, Uuid::new_v4()), Look::Now);
        tokio::time::advance(QUIET).await;
        assert_eq!(quiet.look(&queue, id), Look::Now);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let (quiet, queue) = (Quiet::default(), QueueKey::new("p", "q"));
        for _ in 0..MOST_QUIET + 10 {
            quiet.begin(&queue, Uuid::new_v4());
        }
        assert_eq!(quiet.silences.lock().unwrap().len(), MOST_QUIET);

        tokio::time::advance(QUIET).await;
        quiet.begin(&queue, Uuid::new_v4());
        assert_eq!(quiet.silences.lock().unwrap().len(), 1);
    }
}
