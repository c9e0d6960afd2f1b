//! How a connection keeps the order of calls that it does not wait for.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The place of a call among those of its connection.
///
/// A store takes a command in when its future is first polled. A connection that wants the next call to
/// take effect after this one, but not to wait for its answer, waits until the turn has been taken.
#[derive(Clone, Debug, Default)]
pub struct Turn(Option<Arc<State>>);

#[derive(Debug, Default)]
struct State {
    taken: AtomicBool,
    changed: Notify,
}

impl Turn {
    /// A turn that nobody waits for.
    pub fn free() -> Self {
        Self(None)
    }

    /// A turn that can be waited for.
    pub fn waited() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether the call has taken its place, or given it up.
    pub fn is_taken(&self) -> bool {
        self.0.as_ref().is_none_or(|state| state.taken.load(Ordering::Acquire))
    }

    /// Waits until the call has taken its place, or given it up.
    pub async fn taken(&self) {
        if let Some(state) = &self.0
            && !self.is_taken()
        {
            state.changed.notified().await;
        }
    }

    /// Gives the place up: the call has no effect that others must wait for.
    pub fn pass(&self) {
        if let Some(state) = &self.0
            && !state.taken.swap(true, Ordering::AcqRel)
        {
            state.changed.notify_one();
        }
    }

    /// Runs the command that is the effect of the call, and says so as soon as it was first polled.
    pub async fn take<T>(&self, command: impl Future<Output = T>) -> T {
        if self.0.is_none() {
            return command.await;
        }
        let mut command = pin!(command);
        std::future::poll_fn(|context| {
            let polled = command.as_mut().poll(context);
            self.pass();
            polled
        })
        .await
    }
}
