//! The memory driver: the simplest reading of the storage contract.
//!
//! Other drivers are compared with it, so it prefers the plain way over the fast one.
#![deny(missing_docs)]

mod claims;
mod control;
mod data;
mod messages;
mod outbox;
mod placements;
mod queue;
mod queues;
mod subscribers;
mod subscriptions;
mod transfers;

use std::sync::Arc;

use sukkal_storage::{Durability, Entry, OpenFuture, OpenOptions, Store, StoreStatus};

use crate::control::MemoryControl;
use crate::data::MemoryData;

/// The driver for URIs of the scheme `memory`: each opening gives a store of its own.
pub fn entry() -> Entry {
    Entry { schemes: &["memory"], open: open_uri, options: &[], test_uri: None, maintenance: None }
}

/// Opens an empty store that nobody else sees; it lives as long as the value.
pub fn open() -> Store {
    Store { control: Arc::new(MemoryControl::new()), data: Arc::new(MemoryData::new()) }
}

fn open_uri(_uri: String, _options: OpenOptions) -> OpenFuture {
    Box::pin(async { Ok(open()) })
}

fn status() -> StoreStatus {
    StoreStatus { driver: "memory", durability: Durability::None, detail: String::new() }
}
