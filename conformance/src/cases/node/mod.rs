//! The service itself.

mod home;
mod ping;
mod versions;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[home::CASES, ping::CASES, versions::CASES];
