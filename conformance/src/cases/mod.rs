//! The cases, in the order of the resources.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails")]

mod claim;
mod clients;
mod flavor;
mod limits;
mod message;
mod node;
mod pool;
mod protocol;
mod queue;
mod subscription;
mod topic;

use crate::case::Case;

/// Every case.
pub fn all() -> impl Iterator<Item = Case> {
    let folders = [
        claim::CASES,
        clients::CASES,
        flavor::CASES,
        limits::CASES,
        message::CASES,
        node::CASES,
        pool::CASES,
        protocol::CASES,
        queue::CASES,
        subscription::CASES,
        topic::CASES,
    ];
    folders.into_iter().flatten().copied().flatten().copied()
}
