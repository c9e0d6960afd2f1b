//! One pool of the layout, whose store is open, or not yet, or cannot be reached.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use sukkal_storage::{Result, StorageError, Store};
use tokio::sync::watch;

use super::layout::PoolRecord;
use super::opener::Opener;
use super::{Placement, Pool};
use crate::config::mask_uri;
use crate::shutdown::Shutdown;

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(5);
/// How long a request waits for the first attempt to open a pool; later ones fail at once.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A pool, whether its store is open or not.
pub(super) struct Slot {
    pub(super) name: Arc<str>,
    uri: String,
    options: Map<String, Value>,
    state: watch::Sender<State>,
    /// Ends what works on the pool, when the pool is gone or the server stops.
    shutdown: Shutdown,
}

enum State {
    /// The first attempt is under way.
    Opening,
    /// It failed; others follow.
    Failing,
    /// With what is closed together with the pool; nothing if the store is that of the configuration.
    Open(Arc<Pool>, Option<Store>),
    Closed,
}

impl Slot {
    pub(super) fn new(name: Arc<str>, pool: &PoolRecord, shutdown: Shutdown) -> Arc<Self> {
        Arc::new(Self {
            name,
            uri: pool.uri.clone(),
            options: pool.options.clone(),
            state: watch::Sender::new(State::Opening),
            shutdown,
        })
    }

    /// Where its store is; may hold a password.
    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether its store is opened as this record says.
    pub(super) fn is_for(&self, pool: &PoolRecord) -> bool {
        self.uri == pool.uri && self.options == pool.options
    }

    /// The open store; waits for the first attempt to open it, but not for others.
    ///
    /// # Errors
    /// `Unavailable` while it cannot be reached.
    pub(super) async fn pool(&self) -> Result<Arc<Pool>> {
        let mut changes = self.state.subscribe();
        let tried = changes.wait_for(|state| !matches!(state, State::Opening));
        if let Ok(Ok(state)) = tokio::time::timeout(LONGEST_WAIT, tried).await
            && let State::Open(pool, _) = &*state
        {
            return Ok(Arc::clone(pool));
        }
        Err(StorageError::unavailable(format!("pool {} cannot be reached", self.name)))
    }

    /// Takes a store that is open.
    pub(super) fn take(&self, store: Store, placement: &Placement) {
        let pool = Arc::new(Pool::new(Arc::clone(&store.data)));
        let mut late = Some(store);
        self.state.send_modify(|state| {
            if !matches!(state, State::Closed) {
                *state = State::Open(Arc::clone(&pool), late.take());
            }
        });
        match late {
            None => placement.work_on(&pool, &self.shutdown),
            Some(store) => self.shutdown.spawn(close(store)),
        }
    }

    /// Opens the store in the background, again and again until it succeeds.
    pub(super) fn open(self: &Arc<Self>, opener: Arc<Opener>, placement: Placement) {
        if self.uri == placement.0.main_uri {
            let main = Arc::clone(placement.main());
            self.state.send_replace(State::Open(main, None));
            return;
        }
        let slot = Arc::clone(self);
        self.shutdown.spawn(async move {
            let closing = slot.shutdown.closing().clone();
            closing.run_until_cancelled(slot.keep_opening(&opener, &placement)).await;
        });
    }

    /// Ends what works on the pool, and closes its store.
    pub(super) async fn close(&self) {
        self.shutdown.begin();
        let before = self.state.send_replace(State::Closed);
        if let State::Open(_, Some(store)) = before {
            close(store).await;
        }
    }

    async fn keep_opening(&self, opener: &Opener, placement: &Placement) {
        let mut pause = FIRST_RETRY;
        loop {
            match opener.open(&self.uri, &self.options).await {
                Ok(store) => return self.take(store, placement),
                Err(error) => self.note(&error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_RETRY);
        }
    }

    fn note(&self, error: &StorageError) {
        let is_news = matches!(*self.state.borrow(), State::Opening);
        if is_news {
            let (pool, uri) = (&self.name, mask_uri(&self.uri));
            tracing::warn!(%pool, uri, %error, "the pool cannot be reached; it is tried again");
            self.state.send_replace(State::Failing);
        }
    }
}

/// Closes both roles of a store.
pub(super) async fn close(store: Store) {
    store.data.close().await;
    store.control.close().await;
}
