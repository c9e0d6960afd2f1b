//! The threads that read, each on a connection of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use diesel::SqliteConnection;
use sukkal_storage::Result;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::command::Query;
use crate::error::closed;
use crate::statement::snapshot;

/// How many reads wait in line; others wait outside, in order.
const CAPACITY: usize = 256;

type Read = Box<dyn FnOnce(&mut SqliteConnection) + Send>;

/// The line of reads.
pub(crate) struct Readers {
    state: Mutex<State>,
    arrived: Condvar,
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    reads: VecDeque<(Read, OwnedSemaphorePermit)>,
    idle: usize,
    is_closed: bool,
}

impl Readers {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            room: Arc::new(Semaphore::new(CAPACITY)),
        }
    }

    /// Runs a query on one of the connections, in one snapshot.
    pub(crate) async fn run<Q: Query>(&self, query: Q) -> Result<Q::Output> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            if !reply.is_closed() {
                let result = snapshot(connection, |connection| query.read(connection));
                let _ = reply.send(result.map_err(Into::into));
            }
        });
        {
            let mut state = self.lock();
            if state.is_closed {
                return Err(closed());
            }
            state.reads.push_back((read, permit));
            if state.idle > 0 {
                self.arrived.notify_one();
            }
        }
        answer.await.map_err(|_| closed())?
    }

    /// Works on one connection until the line is closed and empty.
    pub(crate) fn work(&self, connection: &mut SqliteConnection) {
        while let Some((read, permit)) = self.next() {
            drop(permit);
            read(connection);
        }
    }

    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.room.close();
        self.arrived.notify_all();
    }

    fn next(&self) -> Option<(Read, OwnedSemaphorePermit)> {
        let mut state = self.lock();
        loop {
            if let Some(read) = state.reads.pop_front() {
                return Some(read);
            }
            if state.is_closed {
                return None;
            }
            state.idle += 1;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
