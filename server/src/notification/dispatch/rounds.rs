//! Finding out which queues have work.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sukkal_storage::ReadyQueues;
use tokio::time::{Instant, sleep_until};

use super::board::Work;
use super::worker::work_on;
use super::workplace::Workplace;
use crate::notification::{Heard, Listener};

/// How often the store is asked which queues have work.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many queues it is asked for.
const MOST_READY: usize = 256;
/// How long the store is left alone when it fails, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often the age of the backlog is measured, in looks.
const MEASURE_EVERY: u32 = 5;

/// When the store is asked again.
struct Pace {
    look_at: Instant,
    /// Before that no worker starts.
    rest_until: Option<Instant>,
    pause: Duration,
    looks: u32,
}

impl Workplace {
    /// Starts workers for the queues that have work, until the server stops.
    pub(super) async fn make_rounds(self: Arc<Self>) {
        let mut listener = self.placement.announcements().listen();
        let pause = FIRST_PAUSE;
        let mut pace = Pace { look_at: Instant::now(), rest_until: None, pause, looks: 0 };
        let closing = self.shutdown.closing().clone();
        while closing.run_until_cancelled(self.make_round(&mut listener, &mut pace)).await.is_some()
        {
        }
        self.busy.close();
    }

    async fn make_round(self: &Arc<Self>, listener: &mut Listener, pace: &mut Pace) {
        if pace.rest_until.is_none() {
            while let Some(queue) = self.board.start() {
                self.spawn(work_on(Arc::clone(self), queue));
            }
        }
        let rest = async {
            match pace.rest_until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            heard = listener.next() => self.hear(heard, pace).await,
            () = self.board.changed.notified() => {}
            () = self.alarm.changed.notified() => {}
            () = self.failed.notified() => pace.fail(),
            () = rest => pace.rest_until = None,
            () = self.next_alarm() => {
                while let Some(queue) = self.alarm.take_due(self.now()) {
                    self.board.want(&queue, Work::DELIVERIES);
                }
            }
            () = sleep_until(pace.look_at) => self.look(pace).await,
        }
    }

    async fn hear(&self, heard: Heard, pace: &mut Pace) {
        match heard {
            Heard::Missed => pace.look_at = Instant::now(),
            Heard::Queue(queue) => {
                // With several stores each has workers of its own.
                let is_here = !self.placement.has_pools()
                    || match self.placement.find(&queue).await {
                        Ok(Some(found)) => Arc::ptr_eq(found.data(), &self.store),
                        Ok(None) => true,
                        Err(_) => false,
                    };
                if is_here {
                    self.board.want(&queue, Work::ENTRIES);
                }
            }
        }
    }

    async fn next_alarm(&self) {
        match self.alarm.next() {
            Some(at) => {
                let wait = at.saturating_sub(self.now()).max(0).unsigned_abs();
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Asks the store which queues have work.
    async fn look(&self, pace: &mut Pace) {
        pace.look_at = Instant::now() + LOOK_EVERY;
        let query = ReadyQueues { limit: MOST_READY, now: self.now() };
        match self.store.outbox().ready(query).await {
            Ok(queues) => {
                self.is_failing.store(false, Ordering::Relaxed);
                pace.pause = FIRST_PAUSE;
                for queue in &queues {
                    self.board.want(queue, Work::ANY);
                }
            }
            Err(error) => self.note_failure("the outbox cannot be looked into", &error),
        }
        pace.looks = pace.looks.wrapping_add(1);
        if pace.looks % MEASURE_EVERY == 1 {
            self.measure().await;
        }
    }

    async fn measure(&self) {
        let now = self.now();
        if let Ok(backlog) = self.store.outbox().backlog(now).await {
            let oldest = backlog.oldest_entry.into_iter().chain(backlog.next_delivery).min();
            let age = oldest.map_or(0, |oldest| now.saturating_sub(oldest).max(0));
            self.meters.backlog_age.set(Duration::from_millis(age.unsigned_abs()).as_secs_f64());
        }
    }

    /// Writes attempts down until the last worker has ended.
    pub(super) async fn write_log(self: Arc<Self>) {
        let ended = self.busy.wait();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                () = self.log.ripen() => self.log.write(&*self.store).await,
                () = &mut ended => return self.log.write(&*self.store).await,
            }
        }
    }
}

impl Pace {
    /// Leaves the store alone for a while.
    fn fail(&mut self) {
        if self.rest_until.is_none() {
            let until = Instant::now() + self.pause;
            (self.rest_until, self.look_at) = (Some(until), until.max(self.look_at));
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
    }
}
