//! The workers that tell subscribers.
//!
//! Workers of any number of servers lease entries of the outbox and tell every subscriber. Whoever cannot be told at
//! once has a delivery in the store, so an entry is finished soon, and an endpoint that hangs holds up nobody else.
//! What is under way at a time is bounded, and so is the memory, whatever waits in the store.

mod alarm;
mod board;
mod breaker;
mod budget;
mod dead_letter;
mod deliveries;
mod endpoint;
mod endpoints;
mod entries;
mod holding;
mod job;
mod judging;
mod letter;
mod log;
mod meters;
mod pace;
mod pages;
mod parked;
mod progress;
mod quickness;
mod rounds;
mod telling;
#[cfg(test)]
mod tests;
mod window;
mod worker;
mod workplace;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sukkal_storage::DataDriver;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

pub use telling::Carriers;

use crate::config::NotificationConfig;
use crate::encryption::KeyRing;
use crate::placement::Placement;
use crate::shutdown::Shutdown;
use budget::Budget;
use log::AttemptLog;
use meters::Meters;
use telling::Teller;
use workplace::Workplace;

/// Tells the subscribers of all stores of a server.
pub struct Dispatcher {
    config: NotificationConfig,
    keys: Arc<KeyRing>,
    teller: Arc<Teller>,
    budget: Budget,
    meters: Meters,
}

impl Dispatcher {
    /// Nobody is told yet. A recorder of metrics must be installed before.
    pub fn new(config: NotificationConfig, keys: Arc<KeyRing>, carriers: Carriers) -> Self {
        let meters = Meters::new();
        let teller = Arc::new(Teller::new(carriers, &config, meters.clone()));
        Self { config, keys, teller, budget: Budget::new(config.max_attempts), meters }
    }

    /// Tells the subscribers of the queues in a store, until the server stops: what is under way then is finished,
    /// what has not begun is left to others.
    pub fn work_on(&self, placement: &Placement, store: Arc<dyn DataDriver>, shutdown: &Shutdown) {
        let place = Arc::new(Workplace {
            store,
            placement: placement.clone(),
            keys: Arc::clone(&self.keys),
            config: self.config,
            teller: Arc::clone(&self.teller),
            budget: self.budget.clone(),
            meters: self.meters.clone(),
            log: AttemptLog::new(self.meters.records_dropped.clone()),
            board: Default::default(),
            alarm: Default::default(),
            quiet: Default::default(),
            started_at: placement.now(),
            shutdown: shutdown.clone(),
            busy: TaskTracker::new(),
            is_failing: AtomicBool::new(false),
            failed: Notify::new(),
        });
        shutdown.spawn(Arc::clone(&place).write_log());
        shutdown.spawn(place.make_rounds());
    }
}
