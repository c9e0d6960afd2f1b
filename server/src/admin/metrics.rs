//! Recording metrics for the whole process.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::shutdown::Shutdown;

/// How often what was recorded is folded together, so that it does not pile up between two readers.
const FOLD_EVERY: Duration = Duration::from_secs(5);
/// The upper bounds of histograms, which all measure seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Starts recording; the handle renders what was recorded.
///
/// # Errors
/// The process records metrics already.
pub fn start_metrics(shutdown: &Shutdown) -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
    let (folded, closing) = (handle.clone(), shutdown.closing().clone());
    shutdown.spawn(async move {
        while closing.run_until_cancelled(tokio::time::sleep(FOLD_EVERY)).await.is_some() {
            folded.run_upkeep();
        }
    });
    Ok(handle)
}
