//! How a connection keeps the order of calls that it does not wait for.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::Notify;

/// The place of a call among those of its connection.
///
/// A store takes a command in when its future is first polled. A connection that wants the next call to
/// take effect after this one, but not to wait for its answer, waits until the turn has been taken.
#[derive(Clone, Debug, Default)]
pub struct Turn(Option<Arc<Notify>>);

impl Turn {
    /// A turn that nobody waits for.
    pub fn free() -> Self {
        Self(None)
    }

    /// A turn that can be waited for.
    pub fn waited() -> Self {
        Self(Some(Arc::new(Notify::new())))
    }

    /// Waits until the call has taken its place. The end of the call must be waited for beside it.
    pub async fn taken(&self) {
        match &self.0 {
            None => {}
            Some(notify) => notify.notified().await,
        }
    }

    /// Runs the command that is the effect of the call, and says so as soon as it was first polled.
    pub async fn take<T>(&self, command: impl Future<Output = T>) -> T {
        let Some(notify) = &self.0 else { return command.await };
        let mut command = pin!(command);
        let mut first = true;
        std::future::poll_fn(|context| {
            let polled = command.as_mut().poll(context);
            if std::mem::take(&mut first) {
                notify.notify_one();
            }
            match polled {
                Poll::Ready(value) => Poll::Ready(value),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}
