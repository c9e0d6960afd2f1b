//! What can be wrong with a specification.

/// Something wrong with the specification: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {place}{message}", place = if key.is_empty() { String::new() } else { format!("{key}: ") })]
pub struct SpecError {
    /// The file, relative to the folder of the specification.
    pub file: String,
    /// The key within the file; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

impl SpecError {
    /// Makes an error.
    pub fn new(
        file: impl Into<String>,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), key: key.into(), message: message.into() }
    }
}
