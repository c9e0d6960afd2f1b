//! Syncing the log beside the writer, so that the next transaction is written while the last is synced.
//!
//! A group is answered only after a sync that began when all of it was in the log. A sync that fails is never
//! repeated: every group that it might have covered fails, and the writer opens the file anew.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::inbox::{Group, Inbox};

/// A group whose transaction has ended.
pub(crate) enum Ended {
    /// It is in this log.
    Committed(Group, Arc<File>),
    /// It was undone.
    Undone(Group, String),
}

/// What the writer and the thread that syncs tell each other.
#[derive(Default)]
pub(crate) struct Syncer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Ended>,
    /// Why a sync failed, until the writer has opened the file anew.
    failed: Option<String>,
    is_closed: bool,
}

impl Syncer {
    /// Hands a group on, in order; waits while another one waits already.
    pub(crate) fn submit(&self, ended: Ended) {
        let mut state = self.lock();
        while !state.waiting.is_empty() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.push(ended);
        self.changed.notify_all();
    }

    /// Whether a sync failed since the file was opened.
    pub(crate) fn has_failed(&self) -> bool {
        self.lock().failed.is_some()
    }

    /// Says that the file was opened anew and its log written back.
    pub(crate) fn forgive(&self) {
        self.lock().failed = None;
    }

    /// Ends the work once nothing waits.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Syncs and answers until it is closed.
    pub(crate) fn work(&self, inbox: &Inbox) {
        while let Some(batch) = self.take() {
            let done = self.sync(&batch);
            for ended in batch {
                match (ended, &done) {
                    (Ended::Committed(group, _), Ok(())) => {
                        inbox.finished(group.up_to);
                        group.jobs.into_iter().for_each(|job| job.finish());
                    }
                    (Ended::Committed(group, _), Err(reason)) => fail(inbox, group, reason),
                    (Ended::Undone(group, reason), _) => fail(inbox, group, &reason),
                }
            }
        }
    }

    fn take(&self) -> Option<Vec<Ended>> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let batch = std::mem::take(&mut state.waiting);
        self.changed.notify_all();
        Some(batch)
    }

    fn sync(&self, batch: &[Ended]) -> Result<(), String> {
        let mut done = match &self.lock().failed {
            None => Ok(()),
            Some(reason) => Err(reason.clone()),
        };
        for ended in batch {
            if let (Ended::Committed(_, log), Ok(())) = (ended, &done) {
                done =
                    log.sync_data().map_err(|error| format!("the log cannot be synced: {error}"));
            }
        }
        if let Err(reason) = &done {
            self.lock().failed.get_or_insert_with(|| reason.clone());
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fail(inbox: &Inbox, group: Group, reason: &str) {
    tracing::error!(reason, "a transaction is not durable");
    inbox.finished(group.up_to);
    group.jobs.into_iter().for_each(|job| job.fail(reason));
}

#[cfg(test)]
mod tests {
    use diesel::result::Error;

    use super::*;
    use crate::command::Job;
    use crate::session::Session;

    type Told = Arc<Mutex<Vec<String>>>;

    struct Telling(Told);

    impl Job for Telling {
        fn run(&mut self, _: &mut Session) -> Result<(), Error> {
            Ok(())
        }

        fn finish(self: Box<Self>) {
            self.0.lock().unwrap().push("durable".to_owned());
        }

        fn fail(self: Box<Self>, reason: &str) {
            self.0.lock().unwrap().push(reason.to_owned());
        }
    }

    fn committed(told: &Told, log: &str) -> Ended {
        let jobs: Vec<Box<dyn Job>> = vec![Box::new(Telling(Arc::clone(told)))];
        let log = File::open(log).unwrap();
        Ended::Committed(Group { jobs, up_to: 1 }, Arc::new(log))
    }

    #[test]
    fn a_sync_that_fails_fails_its_group_and_every_one_after_until_the_file_is_opened_anew() {
        let (syncer, inbox, told) = (Syncer::default(), Inbox::new(), Told::default());
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("log");
        std::fs::write(&good, "x").unwrap();
        let good = good.to_str().unwrap();

        std::thread::scope(|scope| {
            scope.spawn(|| syncer.work(&inbox));
            syncer.submit(committed(&told, good));
            // A device that cannot be synced stands for a disk that failed.
            syncer.submit(committed(&told, "/dev/null"));
            while !syncer.has_failed() {
                std::thread::yield_now();
            }
            syncer.submit(committed(&told, good));
            while told.lock().unwrap().len() < 3 {
                std::thread::yield_now();
            }
            syncer.forgive();
            syncer.submit(committed(&told, good));
            syncer.close();
        });

        let told = told.lock().unwrap();
        assert_eq!(told.len(), 4);
        assert_eq!([&told[0], &told[3]], ["durable", "durable"]);
        assert!(told[1..3].iter().all(|each| each.contains("cannot be synced")), "{told:?}");
    }
}
