//! Starting everything in order, and stopping it in order.

use sukkal_storage::{Registry, StorageError};

use crate::clock::Clock;
use crate::config::{Config, mask_uri};
use crate::egress::ClientError;
use crate::encryption::{KeyError, KeyRing};
use crate::notification::mail::SmtpProblem;
use crate::running::Running;
use crate::shutdown::Signals;
use crate::stage::{StageError, Stages};
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
    /// A pipeline cannot be built.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A key of queues that encrypt cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nobody can be told by webhooks.
    #[error(transparent)]
    Egress(#[from] ClientError),
    /// The mail server cannot be used as configured.
    #[error(transparent)]
    Mail(#[from] SmtpProblem),
    /// Metrics cannot be recorded.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// An address cannot be listened on, or signals cannot be watched.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// Runs the server until it is told to stop, with these drivers and stages.
///
/// # Errors
/// It cannot start; what was started is stopped again.
pub async fn run(registry: &Registry, stages: Stages, config: &Config) -> Result<(), RunError> {
    stages.check(&config.pipelines)?;
    KeyRing::open(&config.encryption)?;
    let mut signals = Signals::watch()?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let clock = Clock::system();
    let store = store::open(registry, &config.storage, clock.now()).await?;
    let running = Running::start(registry, store, &stages, clock, config.clone()).await?;
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
