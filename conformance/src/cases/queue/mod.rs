//! Queues.

mod metadata;
mod queue_create;
mod queue_delete;
mod queue_get;
mod queue_get_stats;
mod queue_list;
mod queue_purge;
mod queue_share;
mod queue_update;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    metadata::CASES,
    queue_create::CASES,
    queue_delete::CASES,
    queue_get::CASES,
    queue_get_stats::CASES,
    queue_list::CASES,
    queue_purge::CASES,
    queue_share::CASES,
    queue_update::CASES,
];
