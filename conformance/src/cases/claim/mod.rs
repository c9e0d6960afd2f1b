//! Claims.

mod claim_create;
mod claim_delete;
mod claim_get;
mod claim_update;
mod dead_letters;

use crate::case::Case;

pub(super) use dead_letters::letters;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    claim_create::CASES,
    claim_delete::CASES,
    claim_get::CASES,
    claim_update::CASES,
    dead_letters::CASES,
];
