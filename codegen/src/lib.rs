//! Turns the specification into source: a library of pure functions.
//!
//! Reads `api-spec/`, checks it, and renders text. It holds no behaviour of the service and knows no
//! crate of this project.

mod check;
mod emit;
mod error;
mod likeness;
mod load;
mod model;
mod names;
mod schema;

use std::path::{Path, PathBuf};

#[cfg(feature = "documents")]
pub use emit::documents::{LIST, MARK};
pub use error::SpecError;
pub use model::Spec;

/// A rendered file: its name and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The path, relative to where the caller puts such files.
    pub path: String,
    /// The text.
    pub text: String,
}

/// Reads and checks the specification in a folder.
///
/// # Errors
/// The first thing wrong, naming file and key.
pub fn load(folder: &Path) -> Result<Spec, SpecError> {
    let spec = load::load(folder)?;
    check::check(&spec)?;
    Ok(spec)
}

/// The Rust source of the contract crate: types, decoders, limits, errors, operations, API traits.
pub fn contract(spec: &Spec) -> Vec<Artifact> {
    emit::contract(spec)
}

/// The Rust source of the server's tables: HTTP routes and WebSocket actions.
pub fn transports(spec: &Spec) -> Vec<Artifact> {
    emit::transports(spec)
}

/// Every generated file that is checked in; paths are relative to the root of the workspace.
#[cfg(feature = "documents")]
pub fn documents(spec: &Spec) -> Vec<Artifact> {
    emit::documents::documents(spec)
}

/// Every file that a build depends on, for `rerun-if-changed`.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    load::sources(folder)
}
