//! Which queues got something into their outbox, as it happens.
//!
//! An announcement saves time and nothing else: whoever listens also looks by itself now and then.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use sukkal_storage::{DataDriver, QueueKey};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::shutdown::Shutdown;

/// How many announcements wait for a listener that is late.
const MOST_WAITING: usize = 4096;
/// How long to wait before hints that ended are asked for again.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells listeners of this process which queues got something into their outbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Announcements(broadcast::Sender<QueueKey>);

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// This queue got something.
    Queue(QueueKey),
    /// The listener was late: any queue may have got something.
    Missed,
}

/// Hears what is announced from when it was made.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<QueueKey>);

impl Announcements {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self(broadcast::Sender::new(MOST_WAITING))
    }

    /// Announces a queue. Returns at once.
    pub fn announce(&self, queue: &QueueKey) {
        // Without a listener there is nobody to tell.
        let _ = self.0.send(queue.clone());
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }

    /// Announces what a store hears of other servers, until the server stops.
    pub fn pass_on(&self, store: Arc<dyn DataDriver>, shutdown: &Shutdown) {
        if store.outbox().hints().is_none() {
            return;
        }
        let (announcements, closing) = (self.clone(), shutdown.closing().clone());
        shutdown.spawn(async move {
            let passing = async {
                loop {
                    if let Some(mut hints) = store.outbox().hints() {
                        while let Some(queue) = hints.next().await {
                            announcements.announce(&queue);
                        }
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            };
            let _: Option<()> = closing.run_until_cancelled(passing).await;
        });
    }
}

impl Default for Announcements {
    fn default() -> Self {
        Self::new()
    }
}

impl Listener {
    /// Waits for the next announcement.
    pub async fn next(&mut self) -> Heard {
        match self.0.recv().await {
            Ok(queue) => Heard::Queue(queue),
            Err(RecvError::Lagged(_)) => Heard::Missed,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str) -> QueueKey {
        QueueKey::new("p", name)
    }

    #[tokio::test]
    async fn every_listener_hears_what_is_announced_after_it_began() {
        let announcements = Announcements::new();
        announcements.announce(&queue("early"));
        let mut listeners = [announcements.listen(), announcements.listen()];

        announcements.announce(&queue("jobs"));

        for listener in &mut listeners {
            assert_eq!(listener.next().await, Heard::Queue(queue("jobs")));
        }
    }

    #[tokio::test]
    async fn a_late_listener_learns_that_it_missed_some() {
        let announcements = Announcements::new();
        let mut listener = announcements.listen();

        for _ in 0..=MOST_WAITING {
            announcements.announce(&queue("jobs"));
        }

        assert_eq!(listener.next().await, Heard::Missed);
        assert_eq!(listener.next().await, Heard::Queue(queue("jobs")));
    }
}
