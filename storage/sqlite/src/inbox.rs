//! The line of commands before the writer.
//!
//! A command gets its place when it is put in, also when the line is full: then it waits outside,
//! in order, and leaves the line if its caller gives up.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sukkal_storage::QueueKey;
use tokio::sync::watch;

use crate::command::Job;

/// How many commands the line holds.
const CAPACITY: usize = 1024;

/// How many commands go into one transaction.
const GROUP: usize = 256;

/// How long the writer lets a group grow to the size of the last one.
const GATHER: Duration = Duration::from_micros(60);

const STRIPES: usize = 256;

type Slot = Arc<Mutex<Option<Box<dyn Job>>>>;

/// The line of commands.
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    done: watch::Sender<u64>,
    hasher: RandomState,
}

struct State {
    ready: VecDeque<(u64, Box<dyn Job>)>,
    /// Never filled unless `ready` is full.
    outside: VecDeque<(u64, Slot)>,
    /// The last place given.
    last: u64,
    /// The last place given to a queue with this hash.
    places: [u64; STRIPES],
    /// How many commands wake the writer; 0 while it works.
    wanted: usize,
    is_closed: bool,
}

/// What the writer takes out at once.
pub(crate) struct Group {
    pub(crate) jobs: Vec<Box<dyn Job>>,
    /// Every command up to this place is done once the group is.
    pub(crate) up_to: u64,
}

/// The place of a command; dropping it gives the place up while the line is full.
pub(crate) struct Place<'a> {
    inbox: &'a Inbox,
    outside: Option<Slot>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        let state = State {
            ready: VecDeque::new(),
            outside: VecDeque::new(),
            last: 0,
            places: [0; STRIPES],
            wanted: 0,
            is_closed: false,
        };
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            done: watch::Sender::new(0),
            hasher: RandomState::new(),
        }
    }

    /// Puts a command in; `None` if the line is closed.
    pub(crate) fn put(&self, queue: Option<&QueueKey>, job: Box<dyn Job>) -> Option<Place<'_>> {
        let stripe = queue.map(|queue| self.stripe(queue));
        let mut state = self.lock();
        if state.is_closed {
            return None;
        }
        state.last += 1;
        let place = state.last;
        match stripe {
            Some(stripe) => state.places[stripe] = place,
            None => state.places.fill(place),
        }
        if state.ready.len() >= CAPACITY {
            let slot = Arc::new(Mutex::new(Some(job)));
            state.outside.push_back((place, Arc::clone(&slot)));
            return Some(Place { inbox: self, outside: Some(slot) });
        }
        state.ready.push_back((place, job));
        if state.wanted != 0 && state.ready.len() >= state.wanted {
            self.arrived.notify_one();
        }
        Some(Place { inbox: self, outside: None })
    }

    /// Waits until every command on this queue, or on any, that was put in before is done.
    pub(crate) async fn settled(&self, queue: Option<&QueueKey>) {
        let place = {
            let state = self.lock();
            queue.map_or(state.last, |queue| state.places[self.stripe(queue)])
        };
        if *self.done.borrow() >= place {
            return;
        }
        let _ = self.done.subscribe().wait_for(|done| *done >= place).await;
    }

    /// Waits for commands and takes them out; `None` when the line is closed and empty.
    ///
    /// - The line gets a moment to grow to `hoped`.
    pub(crate) fn take(&self, hoped: usize) -> Option<Group> {
        let mut state = self.lock();
        state.wanted = 1;
        while state.ready.is_empty() {
            if state.is_closed {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.wanted = hoped.min(GROUP);
        let is_small = |state: &mut State| state.ready.len() < state.wanted && !state.is_closed;
        let waited = self.arrived.wait_timeout_while(state, GATHER, is_small);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.wanted = 0;
        Some(state.take())
    }

    /// Says that every command up to a place is done.
    pub(crate) fn finished(&self, up_to: u64) {
        self.done.send_replace(up_to);
    }

    /// Refuses further commands; those in the line are still done.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_all();
    }

    /// Drops what is in the line: nobody will do it.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let dropped = (std::mem::take(&mut state.ready), std::mem::take(&mut state.outside));
        self.done.send_replace(u64::MAX);
        drop(state);
        drop(dropped);
    }

    fn stripe(&self, queue: &QueueKey) -> usize {
        (self.hasher.hash_one(queue) % STRIPES as u64) as usize
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Group {
        let count = self.ready.len().min(GROUP);
        let mut up_to = 0;
        let jobs = self.ready.drain(..count).map(|(place, job)| {
            up_to = place;
            job
        });
        let jobs = jobs.collect();
        while self.ready.len() < CAPACITY {
            let Some((place, slot)) = self.outside.pop_front() else { break };
            if let Some(job) = take_slot(&slot) {
                self.ready.push_back((place, job));
            }
        }
        if self.ready.is_empty() {
            up_to = self.last;
        }
        Group { jobs, up_to }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(slot) = self.outside.take() else { return };
        let mut state = self.inbox.lock();
        if take_slot(&slot).is_some() {
            state.outside.retain(|(_, other)| !Arc::ptr_eq(other, &slot));
        }
    }
}

fn take_slot(slot: &Slot) -> Option<Box<dyn Job>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use diesel::result::Error;

    use super::*;
    use crate::session::Session;

    type Finished = Arc<Mutex<Vec<usize>>>;

    struct Numbered(usize, Finished);

    impl Job for Numbered {
        fn run(&mut self, _: &mut Session) -> Result<(), Error> {
            Ok(())
        }

        fn finish(self: Box<Self>) {
            self.1.lock().unwrap().push(self.0);
        }

        fn fail(self: Box<Self>, _: &str) {}
    }

    fn finish_all(inbox: &Inbox) {
        inbox.close();
        while let Some(group) = inbox.take(1) {
            group.jobs.into_iter().for_each(Job::finish);
            inbox.finished(group.up_to);
        }
    }

    fn is_ready(future: impl Future<Output = ()>) -> bool {
        pin!(future).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn commands_outside_a_full_line_keep_their_places() {
        let (inbox, finished) = (Inbox::new(), Finished::default());
        let count = CAPACITY + 5;
        let places: Vec<_> = (0..count)
            .map(|number| inbox.put(None, Box::new(Numbered(number, finished.clone()))))
            .collect();

        finish_all(&inbox);

        assert_eq!(places.len(), count);
        assert_eq!(*finished.lock().unwrap(), (0..count).collect::<Vec<_>>());
    }

    #[test]
    fn a_command_given_up_outside_is_not_done_and_nobody_waits_for_it() {
        let (inbox, finished) = (Inbox::new(), Finished::default());
        let mut places: Vec<_> = (0..CAPACITY + 1)
            .map(|number| inbox.put(None, Box::new(Numbered(number, finished.clone()))))
            .collect();

        places.pop();
        finish_all(&inbox);

        assert_eq!(finished.lock().unwrap().len(), CAPACITY);
        assert!(is_ready(inbox.settled(None)));
    }

    #[test]
    fn a_read_waits_for_the_commands_of_its_queue_only() {
        let (inbox, finished) = (Inbox::new(), Finished::default());
        let queue = QueueKey::new("project", "queue");
        let other = (0..)
            .map(|number| QueueKey::new("project", format!("other {number}")))
            .find(|other| inbox.stripe(other) != inbox.stripe(&queue))
            .unwrap();
        let _place = inbox.put(Some(&queue), Box::new(Numbered(0, finished)));

        let before = [inbox.settled(Some(&queue)), inbox.settled(Some(&other))].map(is_ready);
        finish_all(&inbox);

        assert_eq!(before, [false, true]);
        assert!(is_ready(inbox.settled(Some(&queue))));
    }

    #[test]
    fn a_closed_line_takes_nothing() {
        let inbox = Inbox::new();
        inbox.close();

        let place = inbox.put(None, Box::new(Numbered(0, Finished::default())));

        assert!(place.is_none());
    }
}
