//! Starting everything in order, and stopping it in order.

use std::net::SocketAddr;
use std::sync::Arc;

use sukkal_storage::{Registry, StorageError, Store};
use tokio::time::Instant;

use crate::admin::{Admin, start_metrics};
use crate::background::collect_garbage;
use crate::clock::Clock;
use crate::config::{Config, mask_uri};
use crate::listener::{self, Settings};
use crate::shutdown::{Shutdown, Signals};
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

/// Runs the server until it is told to stop.
///
/// # Errors
/// It cannot start; what was started is stopped again.
pub async fn run(registry: &Registry, config: &Config) -> Result<(), RunError> {
    let mut signals = Signals::watch()?;
    let shutdown = Shutdown::new();
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let clock = Clock::system();
    let store = store::open(registry, &config.storage, clock.now()).await?;
    let started = start(config, &store, &clock, &shutdown).await;
    if started.is_ok() {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            store = mask_uri(&config.storage.uri),
            "serving"
        );
        signals.next().await;
        tracing::info!("stopping");
    }
    tokio::select! {
        dropped = shutdown.finish(config.shutdown_grace) => {
            if dropped > 0 {
                tracing::warn!(dropped, "connections were cut at the end of the grace");
            }
        }
        () = signals.next() => tracing::warn!("stopping at once"),
    }
    store.data.close().await;
    store.control.close().await;
    started
}

async fn start(
    config: &Config,
    store: &Store,
    clock: &Clock,
    shutdown: &Shutdown,
) -> Result<(), RunError> {
    clock.measure(&*store.data).await.map_err(RunError::Clock)?;
    shutdown.spawn(clock.clone().keep_measured(Arc::clone(&store.data), shutdown.clone()));
    shutdown.spawn(collect_garbage(Arc::clone(&store.data), clock.clone(), shutdown.clone()));
    let metrics = start_metrics(shutdown)?;
    let mut listeners: Vec<(&'static str, SocketAddr)> = Vec::new();
    if let Some(address) = config.admin.listen {
        let tcp = listener::bind(address).await?;
        listeners.push(("admin", tcp.local_addr()?));
        let admin = Admin {
            stores: vec![("main".to_owned(), store.clone())],
            listeners,
            metrics,
            documents: Vec::new(),
            shutdown: shutdown.clone(),
            started: Instant::now(),
        };
        shutdown.spawn(admin.serve(tcp, Settings::admin(config)));
    }
    Ok(())
}
