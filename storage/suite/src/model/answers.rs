//! Comparing what two stores answered.

use std::fmt::Debug;

use sukkal_storage::StorageError;

/// What both stores answered; the error of a store is an answer too.
pub(super) type Answers<T> = (Result<T, String>, Result<T, String>);

/// Compares two answers; back-end failures are never right.
///
/// # Errors
/// The difference.
pub(super) fn same<T: PartialEq + Debug>(
    (subject, model): Answers<T>,
) -> Result<Result<T, String>, String> {
    match &subject {
        Err(error) if error.starts_with("Unavailable") || error.starts_with("Damaged") => {
            Err(format!("the store failed: {error}"))
        }
        _ if subject == model => Ok(subject),
        _ => Err(format!("the answers differ\n  subject: {subject:?}\n  model:   {model:?}")),
    }
}

/// An error as an answer.
pub(super) fn text(error: StorageError) -> String {
    format!("{error:?}")
}

/// Which of several refused messages is named is not fixed.
pub(super) fn one_refusal(error: String) -> String {
    if error.starts_with("MessageNotClaimed") { "MessageNotClaimed".to_owned() } else { error }
}
