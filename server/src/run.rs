//! Starting everything in order, and stopping it in order.

use sukkal_storage::{Registry, StorageError};

use crate::clock::Clock;
use crate::config::{Config, mask_uri};
use crate::running::Running;
use crate::shutdown::Signals;
use crate::store::{self, OpenError};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store was opened but does not answer.
    #[error("the store does not answer: {0}")]
    Clock(StorageError),
    /// Metrics cannot be recorded.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// An address cannot be listened on, or signals cannot be watched.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// Message stages between the API and the store, in order. There are none yet to add.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stages {}

/// Runs the server until it is told to stop.
///
/// # Errors
/// It cannot start; what was started is stopped again.
pub async fn run(registry: &Registry, _stages: Stages, config: &Config) -> Result<(), RunError> {
    let mut signals = Signals::watch()?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let clock = Clock::system();
    let store = store::open(registry, &config.storage, clock.now()).await?;
    let running = Running::start(store, clock, config.clone()).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        store = mask_uri(&config.storage.uri),
        http = running.http.map(tracing::field::display),
        websocket = running.websocket.map(tracing::field::display),
        admin = running.admin.map(tracing::field::display),
        "serving"
    );
    signals.next().await;
    tracing::info!("stopping");
    tokio::select! {
        dropped = running.stop() => {
            if dropped > 0 {
                tracing::warn!(dropped, "connections were cut at the end of the grace");
            }
        }
        () = signals.next() => tracing::warn!("stopping at once"),
    }
    Ok(())
}
