//! The stores of the pools: opened in the background, closed when their pool is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use sukkal_storage::Store;

use super::Placement;
use super::layout::{Document, PoolRecord};
use super::opener::Opener;
use super::slot::Slot;
use crate::shutdown::Shutdown;

/// The pools of the layout that was seen last.
pub(super) struct Pools {
    opener: Arc<Opener>,
    shutdown: Shutdown,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: HashMap<Arc<str>, Arc<Slot>>,
    /// Stores that are open already, for pools that a layout may soon have.
    prepared: HashMap<String, Prepared>,
}

struct Prepared {
    uri: String,
    options: Map<String, Value>,
    store: Store,
}

impl Pools {
    /// Opens nothing yet. What runs for a pool ends with this shutdown.
    pub(super) fn new(opener: Opener, shutdown: Shutdown) -> Self {
        Self { opener: Arc::new(opener), shutdown, state: Mutex::default() }
    }

    /// How stores are opened.
    pub(super) fn opener(&self) -> &Opener {
        &self.opener
    }

    /// The pool of this name, if the layout has it.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Slot>> {
        self.state().slots.get(name).cloned()
    }

    /// All pools, in the order of their names.
    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        let mut all: Vec<_> = self.state().slots.values().cloned().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Keeps a store that is open for a pool that a layout may soon have; returns one that was kept before.
    pub(super) fn prepare(
        &self,
        name: &str,
        uri: &str,
        options: &Map<String, Value>,
        store: Store,
    ) -> Option<Store> {
        let (uri, options) = (uri.to_owned(), options.clone());
        let before =
            self.state().prepared.insert(name.to_owned(), Prepared { uri, options, store });
        before.map(|before| before.store)
    }

    /// Gives back a store that was kept and that no layout came to need.
    pub(super) fn discard(&self, name: &str) -> Option<Store> {
        self.state().prepared.remove(name).map(|prepared| prepared.store)
    }

    /// Follows a layout: opens what is new or changed, closes what is gone.
    pub(super) async fn follow(&self, layout: &Document, placement: &Placement) {
        for slot in self.replace(layout, placement) {
            slot.close().await;
        }
    }

    /// Closes every pool.
    pub(super) async fn close(&self) {
        for slot in self.all() {
            slot.close().await;
        }
    }

    /// Makes the slots those of the layout; returns what is gone.
    fn replace(&self, layout: &Document, placement: &Placement) -> Vec<Arc<Slot>> {
        let mut state = self.state();
        let mut gone = Vec::new();
        let mut before = std::mem::take(&mut state.slots);
        for (name, pool) in &layout.pools {
            let name: Arc<str> = Arc::from(name.as_str());
            let slot = match before.remove(&name) {
                Some(slot) if slot.is_for(pool) => slot,
                other => {
                    gone.extend(other);
                    self.start(&mut state, &name, pool, placement)
                }
            };
            state.slots.insert(name, slot);
        }
        gone.extend(before.into_values());
        gone
    }

    fn start(
        &self,
        state: &mut State,
        name: &Arc<str>,
        pool: &PoolRecord,
        placement: &Placement,
    ) -> Arc<Slot> {
        let slot = Slot::new(Arc::clone(name), pool, self.shutdown.child());
        let prepared = state.prepared.remove(&**name);
        match prepared {
            Some(ready) if ready.uri == pool.uri && ready.options == pool.options => {
                slot.take(ready.store, placement);
            }
            other => {
                if let Some(other) = other {
                    state.prepared.insert(name.to_string(), other);
                }
                slot.open(Arc::clone(&self.opener), placement.clone());
            }
        }
        slot
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
