//! Why a request got no answer, in few words and without secrets.

use std::error::Error;

use super::super::{Outcome, Told};
use crate::egress::Denied;

/// The longest cause that is told, in characters.
const LONGEST: usize = 120;

/// An attempt that was not answered and may be made again.
pub(super) fn failed(detail: impl Into<String>) -> Told {
    Told { outcome: Outcome::Failed { retry_after: None }, status: None, detail: detail.into() }
}

/// An attempt that is not made, now or ever.
pub(super) fn refused(detail: impl Into<String>) -> Told {
    Told { outcome: Outcome::Refused, status: None, detail: detail.into() }
}

/// A URL that must not be called.
pub(super) fn denied(denied: &Denied) -> Told {
    if denied.may_change() { failed(denied.to_string()) } else { refused(denied.to_string()) }
}

/// What went wrong with a request. The URL, which may hold secrets, is no part of it.
pub(super) fn broken(error: &reqwest::Error) -> Told {
    let mut cause: &(dyn Error + 'static) = error;
    while let Some(next) = cause.source() {
        cause = next;
        if let Some(found) = cause.downcast_ref::<Denied>() {
            return denied(found);
        }
    }
    if error.is_timeout() {
        return failed("it took too long");
    }
    let what = if error.is_connect() { "no connection" } else { "the connection broke" };
    // The outermost error tells the URL; only causes do not.
    if std::ptr::eq(cause, error as &(dyn Error + 'static)) {
        return failed(what);
    }
    let cause = cause.to_string();
    let cause: String = cause.chars().filter(|each| !each.is_control()).take(LONGEST).collect();
    failed(format!("{what}: {cause}"))
}
