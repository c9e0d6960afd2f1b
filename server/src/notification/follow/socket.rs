//! What waits to be sent on one socket: a bounded line that never makes anybody else wait.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sukkal_storage::{QueueKey, SubscriptionId};
use tokio::sync::Notify;
use uuid::Uuid;

use super::push::Push;

/// A line this long is not kept when it is empty.
const SMALL: usize = 64;

/// One open socket, as those see it who have something for it.
#[derive(Debug)]
pub(crate) struct Socket {
    address: Arc<str>,
    bound: usize,
    line: Mutex<Line>,
    filled: Notify,
    drained: Notify,
}

#[derive(Debug, Default)]
struct Line {
    pushes: VecDeque<Arc<Push>>,
    bytes: usize,
    end: Option<End>,
    /// How often it was subscribed.
    joins: u64,
    subscriptions: Vec<(QueueKey, SubscriptionId)>,
}

/// Why nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// More was waiting than may wait.
    Overrun,
    /// The connection is gone.
    Closed,
}

impl Socket {
    /// Makes one in whose line so many bytes may wait. Nobody can guess its address.
    pub(super) fn new(bound: usize) -> Arc<Self> {
        Arc::new(Self {
            address: format!("websocket:{}", Uuid::new_v4()).into(),
            bound,
            line: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
        })
    }

    /// The subscriber of the subscriptions it makes for itself.
    pub(crate) fn address(&self) -> &Arc<str> {
        &self.address
    }

    /// Waits until something can be taken, or the line has overrun.
    pub(crate) async fn filled(&self) {
        self.until(|line| !line.pushes.is_empty() || line.end == Some(End::Overrun)).await;
    }

    /// Waits until the line has overrun.
    pub(crate) async fn overrun(&self) {
        self.until(|line| line.end == Some(End::Overrun)).await;
    }

    /// Whether more was waiting than may wait.
    pub(crate) fn has_overrun(&self) -> bool {
        self.line().end == Some(End::Overrun)
    }

    /// Takes up to so many pushes out of the line.
    pub(crate) fn take(&self, most: usize) -> Vec<Arc<Push>> {
        let mut line = self.line();
        let count = most.min(line.pushes.len());
        let taken: Vec<Arc<Push>> = line.pushes.drain(..count).collect();
        line.bytes -= taken.iter().map(|push| push.weight()).sum::<usize>();
        if line.pushes.is_empty() && line.pushes.capacity() > SMALL {
            line.pushes = VecDeque::new();
        }
        drop(line);
        self.drained.notify_waiters();
        taken
    }

    /// How often it was subscribed.
    pub(crate) fn joins(&self) -> u64 {
        self.line().joins
    }

    /// Puts something into the line. If it does not fit, the line has overrun and takes nothing more.
    pub(super) fn push(&self, push: Arc<Push>) {
        let mut line = self.line();
        if line.end.is_some() {
            return;
        }
        let weight = push.weight();
        // What is larger than the bound alone still fits an empty line.
        if !line.pushes.is_empty() && line.bytes + weight > self.bound {
            line.end = Some(End::Overrun);
            (line.pushes, line.bytes) = (VecDeque::new(), 0);
            metrics::counter!("sukkal_websocket_overruns_total").increment(1);
        } else {
            line.bytes += weight;
            line.pushes.push_back(push);
        }
        drop(line);
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// Waits until at least half of the line is free; tells whether anybody still takes from it.
    pub(super) async fn half_free(&self) -> bool {
        loop {
            let drained = self.drained.notified();
            let mut drained = std::pin::pin!(drained);
            // A change between the look and the wait must not be missed.
            drained.as_mut().enable();
            {
                let line = self.line();
                if line.end.is_some() {
                    return false;
                }
                if line.bytes <= self.bound / 2 {
                    return true;
                }
            }
            drained.await;
        }
    }

    /// Notes a subscription; tells whether the socket is still there and has fewer than `most`.
    pub(super) fn join(&self, queue: &QueueKey, id: SubscriptionId) -> bool {
        let mut line = self.line();
        let is_open = line.end != Some(End::Closed);
        if is_open {
            line.joins += 1;
            line.subscriptions.push((queue.clone(), id));
        }
        is_open
    }

    /// Forgets a subscription.
    pub(super) fn leave(&self, id: SubscriptionId) {
        self.line().subscriptions.retain(|(_, each)| *each != id);
    }

    /// How many subscriptions it has.
    pub(super) fn subscriptions(&self) -> usize {
        self.line().subscriptions.len()
    }

    /// Ends the line; returns the subscriptions.
    pub(super) fn close(&self) -> Vec<(QueueKey, SubscriptionId)> {
        let mut line = self.line();
        line.end = Some(End::Closed);
        (line.pushes, line.bytes) = (VecDeque::new(), 0);
        let subscriptions = std::mem::take(&mut line.subscriptions);
        drop(line);
        self.drained.notify_waiters();
        subscriptions
    }

    async fn until(&self, holds: impl Fn(&Line) -> bool) {
        while !holds(&self.line()) {
            self.filled.notified().await;
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
