//! Stopping in order: no new work, time for the work under way, then the end.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What everything that serves shares to learn that it is over.
///
/// Connections, sockets and background loops run as tasks of it. After [`begin`](Self::begin) they
/// finish what they have; [`finish`](Self::finish) waits for them and drops those that take too long.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    closing: CancellationToken,
    ended: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Makes one that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that begins with this one, or earlier by itself; [`finish`](Self::finish) of this one waits for its
    /// tasks too.
    pub fn child(&self) -> Self {
        Self { closing: self.closing.child_token(), ..self.clone() }
    }

    /// The token that is cancelled when the shutdown begins.
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Tells whether the shutdown has begun.
    pub fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Starts a task that [`finish`](Self::finish) waits for; it is dropped when the grace is over.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let ended = self.ended.clone();
        // The layers around a task would each hold a copy of it.
        let task = Box::pin(task);
        self.tasks.spawn(async move {
            ended.run_until_cancelled_owned(task).await;
        });
    }

    /// Begins the shutdown.
    pub fn begin(&self) {
        self.closing.cancel();
    }

    /// Begins the shutdown if nobody did, waits up to `grace` for all tasks, and drops the rest.
    /// Returns how many were dropped.
    pub async fn finish(&self, grace: Duration) -> usize {
        self.begin();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_ok() {
            return 0;
        }
        let late = self.tasks.len();
        self.ended.cancel();
        self.tasks.wait().await;
        late
    }
}

/// The signals that ask a server to stop: SIGTERM, or SIGINT from a terminal.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to watch: from here on the signals do not end the process by themselves.
    ///
    /// # Errors
    /// The signals cannot be watched.
    pub fn watch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waits_for_tasks_that_end_in_time() {
        let shutdown = Shutdown::new();
        let closing = shutdown.closing().clone();
        shutdown.spawn(async move { closing.cancelled().await });

        assert_eq!(shutdown.finish(Duration::from_secs(60)).await, 0);
    }

    #[tokio::test]
    async fn a_child_begins_with_its_parent_but_not_the_reverse() {
        let shutdown = Shutdown::new();
        let (one, other) = (shutdown.child(), shutdown.child());

        one.begin();
        assert!(one.is_closing() && !other.is_closing() && !shutdown.is_closing());
        let closing = other.closing().clone();
        other.spawn(async move { closing.cancelled().await });
        assert_eq!(shutdown.finish(Duration::from_secs(60)).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn drops_tasks_that_do_not_end() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending());

        assert_eq!(shutdown.finish(Duration::from_secs(60)).await, 1);
    }
}
