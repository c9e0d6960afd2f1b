//! How long something took, from many samples.

use std::time::Duration;

/// The value below which this share of the samples lies.
pub(crate) fn quantile(samples: &mut [Duration], share: f64) -> Duration {
    samples.sort_unstable();
    let at = (samples.len() as f64 * share) as usize;
    samples[at.min(samples.len() - 1)]
}

/// The median.
pub(crate) fn median(samples: &mut [Duration]) -> Duration {
    quantile(samples, 0.5)
}
