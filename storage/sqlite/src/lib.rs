//! The embedded driver: both roles of a store in one SQLite file, or in memory.
//!
//! One thread writes, a few read, one writes the log back. The README of this folder has the data
//! model and the arguments for atomicity and durability.
#![deny(missing_docs)]

mod checkpoint;
mod claims;
mod collect;
mod command;
mod config;
mod connection;
mod control;
mod core;
mod data;
mod error;
mod inbox;
mod maintenance;
mod messages;
mod outbox;
mod placements;
#[cfg(test)]
mod plans;
mod queues;
mod reader;
mod reports;
mod row;
mod schema;
mod session;
mod statement;
mod subscriptions;
mod transfers;
mod writer;

use std::sync::Arc;

use sukkal_storage::{Entry, OpenFuture, OpenOptions, Result, StorageError, Store};

pub use crate::maintenance::{CheckReport, FileStatus, check, migrate, status};

use crate::control::SqliteControl;
use crate::core::Core;
use crate::data::{Role, SqliteData};

/// The driver for URIs of the scheme `sqlite`.
///
/// - `sqlite:///absolute/path` names the file; its folder must exist.
/// - `sqlite:` means `sukkal.db` in the data folder of [`OpenOptions`], which is made.
/// - `sqlite::memory:` is a store of its own that ends with its last role.
pub fn entry() -> Entry {
    Entry {
        schemes: &["sqlite"],
        open: open_uri,
        options: &["synchronous", "max_page_count", "readers"],
        test_uri: None,
        maintenance: Some(reports::maintenance()),
    }
}

fn open_uri(uri: String, options: OpenOptions) -> OpenFuture {
    Box::pin(open(uri, options))
}

async fn open(uri: String, options: OpenOptions) -> Result<Store> {
    let opened = tokio::task::spawn_blocking(move || Core::open(&uri, &options)).await;
    let core = Arc::new(opened.map_err(|_| StorageError::unavailable("opening was cancelled"))??);
    let control = SqliteControl(Role::new(Arc::clone(&core)));
    let data = SqliteData(Role::new(core));
    Ok(Store { control: Arc::new(control), data: Arc::new(data) })
}
