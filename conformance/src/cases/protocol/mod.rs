//! What every call has in common.

mod bodies;
mod frames;
mod grants;
mod queries;
mod requests;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] =
    &[bodies::CASES, frames::CASES, grants::CASES, queries::CASES, requests::CASES];
