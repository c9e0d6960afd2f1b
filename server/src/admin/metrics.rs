//! Recording metrics for the whole process.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::shutdown::Shutdown;

/// How often what was recorded is folded together, so that it does not pile up between two readers.
const FOLD_EVERY: Duration = Duration::from_secs(5);
/// The upper bounds of histograms, which all measure seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Starts recording; the handle renders what was recorded. Several servers in one process record together.
///
/// # Errors
/// Another recorder is installed in this process.
pub fn start_metrics(shutdown: &Shutdown) -> Result<PrometheusHandle, BuildError> {
    static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    let handle = match &*installed {
        Some(handle) => handle.clone(),
        None => PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?,
    };
    *installed = Some(handle.clone());
    drop(installed);
    let (folded, closing) = (handle.clone(), shutdown.closing().clone());
    shutdown.spawn(async move {
        while closing.run_until_cancelled(tokio::time::sleep(FOLD_EVERY)).await.is_some() {
            folded.run_upkeep();
        }
    });
    Ok(handle)
}
