//! What all workers of one store share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sukkal_storage::{
    DataDriver, EntryKind, GetSubscription, LeaseId, Millis, QueueKey, Result, StorageError,
    Subscription, SubscriptionId, SubscriptionState,
};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::alarm::Alarm;
use super::board::{Board, Work};
use super::budget::Budget;
use super::letter::is_message;
use super::log::AttemptLog;
use super::meters::Meters;
use super::parked::Quiet;
use super::telling::Teller;
use crate::config::NotificationConfig;
use crate::encryption::KeyRing;
use crate::notification::RetryPolicy;
use crate::placement::Placement;
use crate::shutdown::Shutdown;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a store may be away before workers give it up that are to end.
const LAST_TIME: Duration = Duration::from_secs(10);

/// The scheme of mail addresses.
const MAIL: &str = "mailto";

/// What all workers of one store share.
pub(super) struct Workplace {
    pub(super) store: Arc<dyn DataDriver>,
    pub(super) placement: Placement,
    pub(super) keys: Arc<KeyRing>,
    pub(super) config: NotificationConfig,
    pub(super) teller: Arc<Teller>,
    pub(super) budget: Budget,
    pub(super) meters: Meters,
    pub(super) log: AttemptLog,
    pub(super) board: Board,
    pub(super) alarm: Alarm,
    pub(super) quiet: Quiet,
    pub(super) shutdown: Shutdown,
    /// When the workers began.
    pub(super) started_at: Millis,
    /// The workers that are busy.
    pub(super) busy: TaskTracker,
    /// Whether the store did not answer when it was last asked.
    pub(super) is_failing: AtomicBool,
    /// Signalled when the store fails.
    pub(super) failed: Notify,
}

/// A queue that is worked on, with what applies to all its subscribers.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) queue: QueueKey,
    pub(super) policy: Option<RetryPolicy>,
}

/// Whether a subscription gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    Tell,
    /// It is told when it is resumed.
    Park,
    /// It is not told.
    Skip,
}

impl Workplace {
    pub(super) fn now(&self) -> Millis {
        self.placement.now()
    }

    /// The time of an instant that is not past.
    pub(super) fn millis(&self, at: Instant) -> Millis {
        self.after(at.saturating_duration_since(Instant::now()))
    }

    /// The time when so much more has passed.
    pub(super) fn after(&self, pause: Duration) -> Millis {
        let pause = Millis::try_from(pause.as_millis()).unwrap_or(Millis::MAX);
        self.now().saturating_add(pause)
    }

    pub(super) fn lease_id() -> LeaseId {
        Uuid::new_v4()
    }

    /// Runs a worker that the end of the server waits for. Once the server stops, or the store is no longer used, it
    /// is given up if the store does not answer.
    pub(super) fn spawn(self: &Arc<Self>, worker: impl Future<Output = ()> + Send + 'static) {
        let place = Arc::clone(self);
        self.shutdown.spawn(self.busy.track_future(async move {
            tokio::select! {
                () = worker => {}
                () = place.is_left() => {}
            }
        }));
    }

    async fn is_left(&self) {
        self.shutdown.closing().cancelled().await;
        loop {
            tokio::time::sleep(LAST_TIME).await;
            if self.is_failing.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// What applies to all subscribers of a queue.
    pub(super) async fn desk(&self, queue: &QueueKey) -> Result<Arc<Desk>> {
        let known = self.placement.find(queue).await?;
        let policy = known.and_then(|known| known.settings.retry_policy.clone());
        Ok(Arc::new(Desk { queue: queue.clone(), policy }))
    }

    /// Whether a subscription gets a message that is there for this reason.
    pub(super) fn treatment(&self, subscription: &Subscription, kind: EntryKind) -> Treatment {
        if subscription.is_follower {
            return Treatment::Skip;
        }
        let is_message = is_message(kind);
        let is_request = matches!(kind, EntryKind::Confirm | EntryKind::Unsubscribe);
        let is_asked = !is_request && !subscription.is_confirmed;
        match subscription.state {
            _ if is_asked && self.must_confirm(subscription) => Treatment::Skip,
            SubscriptionState::Disabled if is_message => Treatment::Skip,
            SubscriptionState::Paused if is_message => Treatment::Park,
            _ => Treatment::Tell,
        }
    }

    fn must_confirm(&self, subscription: &Subscription) -> bool {
        let scheme = subscription.subscriber.split(':').next().unwrap_or_default();
        if scheme.eq_ignore_ascii_case(MAIL) {
            self.config.confirm_mail
        } else {
            self.config.require_confirmation
        }
    }

    /// A subscription that is there.
    pub(super) async fn subscription(
        &self,
        queue: &QueueKey,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>> {
        let query = GetSubscription { queue: queue.clone(), id, now: self.now() };
        match self.store.subscriptions().get(query).await {
            Ok(found) => Ok(Some(found)),
            Err(StorageError::SubscriptionDoesNotExist) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has a queue worked on again when this delivery is due.
    pub(super) fn remind(&self, queue: &QueueKey, due_at: Millis) {
        if due_at <= self.now() {
            self.board.want(queue, Work::DELIVERIES);
        } else {
            self.alarm.set(queue, due_at);
        }
    }

    /// Calls the store until it answers, with pauses that grow.
    pub(super) async fn again_and_again<T, F: Future<Output = Result<T>>>(
        &self,
        problem: &'static str,
        mut call: impl FnMut() -> F,
    ) -> T {
        let mut pause = FIRST_PAUSE;
        loop {
            match call().await {
                Ok(answer) => {
                    self.is_failing.store(false, Ordering::Relaxed);
                    return answer;
                }
                Err(error) => self.note_failure(problem, &error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Notes that the store does not answer; one line in the log tells of it until it answers again.
    pub(super) fn note_failure(&self, problem: &'static str, error: &StorageError) {
        if self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::debug!(%error, "{problem}");
        } else {
            tracing::warn!(%error, "{problem}; it is tried again");
        }
        self.failed.notify_one();
    }
}
