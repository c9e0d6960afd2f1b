//! The one function that turns an error of the client library into a [`StorageError`].

use std::time::Duration;

use redis::{ErrorKind, RedisError};
use sukkal_storage::StorageError;

/// When trying again makes sense while Redis is away: the connection is tried more often than this.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Everything Redis or the way to it may say is "not available"; no secret is in the reason.
pub(crate) fn storage_error(error: &RedisError) -> StorageError {
    unavailable(reason(error))
}

/// An error that passes by itself.
pub(crate) fn unavailable(reason: impl Into<String>) -> StorageError {
    StorageError::Unavailable { reason: reason.into(), retry_after: Some(RETRY_AFTER) }
}

/// Tells whether the connection must be made anew: it is broken, silent, or leads to a replica.
pub(crate) fn is_lost(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || error.is_io_error() || error.code() == Some("READONLY")
}

/// What happened, for the operator.
pub(crate) fn reason(error: &RedisError) -> String {
    let known = match error.code().unwrap_or_default() {
        "LOADING" => "Redis is loading its data",
        "MISCONF" => "Redis refuses writes because it cannot save them (MISCONF)",
        "OOM" => "Redis is out of memory (OOM)",
        "READONLY" => "Redis is a read-only replica (READONLY)",
        "NOAUTH" => "Redis asks for a password (NOAUTH)",
        "WRONGPASS" => "Redis refuses the user name or password (WRONGPASS)",
        "NOPERM" => "the Redis user lacks a permission (NOPERM)",
        "BUSY" => "Redis is busy with another script (BUSY)",
        "NOREPLICAS" => "Redis has too few replicas to accept writes (NOREPLICAS)",
        "MASTERDOWN" => "Redis has lost its master (MASTERDOWN)",
        "CLUSTERDOWN" | "MOVED" | "ASK" | "CROSSSLOT" => {
            "Redis runs as a cluster, which this driver does not support"
        }
        "NOSCRIPT" => "Redis forgets its scripts at once (NOSCRIPT)",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    match error.kind() {
        ErrorKind::Io if error.is_timeout() => "Redis does not answer in time".to_owned(),
        ErrorKind::Io => format!("Redis cannot be reached: {error}"),
        ErrorKind::AuthenticationFailed => "Redis refuses the user name or password".to_owned(),
        ErrorKind::Server(_) | ErrorKind::Extension => answered(error),
        _ => format!("the Redis client failed: {}", error.category()),
    }
}

/// An unknown command is answered with its arguments, which may be a password.
fn answered(error: &RedisError) -> String {
    let detail = error.detail().unwrap_or_default();
    let is_safe = !detail.contains("with args beginning");
    let detail: String = if is_safe { detail.chars().take(200).collect() } else { String::new() };
    format!("Redis answered {} {detail}", error.code().unwrap_or("an error")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_says_that_redis_cannot_be_reached_and_when_to_retry() {
        let error = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));

        let StorageError::Unavailable { reason, retry_after } = storage_error(&error) else {
            panic!("not unavailable")
        };

        assert!(reason.starts_with("Redis cannot be reached: "), "{reason}");
        assert_eq!(retry_after, Some(RETRY_AFTER));
        assert!(is_lost(&error));
    }
}
