//! Claims.

mod claim_create;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[claim_create::CASES];
