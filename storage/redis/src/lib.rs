//! The Redis driver: control and data role on one server, one Lua script per command.
//!
//! It keeps nothing of the data in memory, so several servers may share one Redis. The README has the
//! data model and why a command is atomic.
#![deny(missing_docs)]

mod claims;
mod config;
mod connection;
mod control;
mod data;
mod error;
mod keys;
mod messages;
mod outbox;
mod placements;
mod queues;
mod record;
mod reply;
mod script;
mod store;
mod subscriptions;
mod transfers;

use std::sync::Arc;

use sukkal_storage::{Entry, OpenOptions, Result, Store};

use crate::config::Config;
use crate::store::RedisStore;

/// The entry of this driver.
///
/// `rediss` is among the schemes so that such a URI is refused with a reason.
pub fn entry() -> Entry {
    Entry {
        schemes: &["redis", "redis+unix", "rediss"],
        open: |uri, options| Box::pin(async move { open(&uri, &options).await }),
        options: &["wait_replicas"],
        test_uri: Some("CONFORMANCE_REDIS_URI"),
        maintenance: None,
    }
}

/// Opens the store behind `redis://[user:password@]host[:port][/database]` or
/// `redis+unix:///path?db=0`.
///
/// The option `wait_replicas` names how many replicas must have a write before it is acknowledged.
///
/// # Errors
/// `Unavailable` if Redis does not answer; `Unusable` if the URI or an option is not understood, the
/// server is too old or a cluster node, or its data has an unknown layout.
pub async fn open(uri: &str, options: &OpenOptions) -> Result<Store> {
    let config = Config::new(uri, options)?;
    let data = RedisStore::open(&config).await?;
    let control = RedisStore::open(&config).await?;
    Ok(Store { control: Arc::new(control), data: Arc::new(data) })
}
