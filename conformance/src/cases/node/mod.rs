//! The service itself.

mod authenticate;
mod health;
mod home;
mod ping;
mod versions;
mod webhook_keys;

use crate::case::Case;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    authenticate::CASES,
    health::CASES,
    home::CASES,
    ping::CASES,
    versions::CASES,
    webhook_keys::CASES,
];
