//! What small limits change; for a server set up as `profiles/limits.toml` says.

mod metadata;
mod posts;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[metadata::CASES, posts::CASES];
