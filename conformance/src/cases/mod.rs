//! The cases, in the order of the resources.

#![expect(clippy::unwrap_used, reason = "a case that cannot go on fails")]

mod claim;

use crate::case::Case;

/// Every case.
pub fn all() -> impl Iterator<Item = Case> {
    [claim::CASES].into_iter().flatten().copied().flatten().copied()
}
