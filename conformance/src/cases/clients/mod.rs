//! What shipped clients lean on beyond the words of the API: one case for each habit that breaks a client if a server does not know it.
//! The clients themselves run in `tests/clients`.

mod calls;
mod claims;
mod messages;
mod queues;
mod subscriptions;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] =
    &[calls::CASES, claims::CASES, messages::CASES, queues::CASES, subscriptions::CASES];
