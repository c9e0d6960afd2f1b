//! From the errors of a store to those of the API.

use sukkal_spec::ApiError;
use sukkal_storage::StorageError;

/// The error a caller sees for a storage error that its operation does not expect.
pub fn api_error(error: StorageError) -> ApiError {
    match error {
        StorageError::Unavailable { reason, retry_after } => {
            tracing::warn!(reason, "the store is not available");
            let seconds = retry_after.map_or(1, |wait| i64::try_from(wait.as_secs()).unwrap_or(1));
            ApiError::StorageUnavailable { retry_after: seconds.max(1) }
        }
        StorageError::Damaged(id) => {
            metrics::counter!("sukkal_damaged_messages_total").increment(1);
            tracing::error!(%id, "a stored message does not match its checksum");
            ApiError::StorageUnavailable { retry_after: 1 }
        }
        StorageError::QueueChanged | StorageError::RecordChanged => {
            ApiError::StorageUnavailable { retry_after: 1 }
        }
        other => {
            tracing::error!(error = %other, "unexpected answer of the store");
            ApiError::Internal
        }
    }
}
