//! Errors of SQLite as errors of the storage contract.

use diesel::result::{DatabaseErrorKind, Error};
use sukkal_storage::StorageError;

/// Why a command did not get its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The contract's own answer: nothing was wrong with the store.
    Answer(StorageError),
    /// SQLite failed: the transaction has to be undone.
    Store(Error),
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Answer(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StorageError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Answer(error) => error,
            Failure::Store(error) => unavailable(&error),
        }
    }
}

/// Turns an error of SQLite into the one of the contract.
pub(crate) fn unavailable(error: &Error) -> StorageError {
    let reason = match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            information.message().to_owned()
        }
        other => other.to_string(),
    };
    StorageError::unavailable(reason)
}

/// The error of every call after the store was closed.
pub(crate) fn closed() -> StorageError {
    StorageError::unavailable("the store is closed")
}
