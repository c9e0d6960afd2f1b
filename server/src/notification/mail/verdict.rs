//! How an attempt to send mail ended.

use super::super::{Outcome, Told};

/// How an attempt ended.
pub(super) type Verdict = Told;

/// Taken.
pub(super) fn delivered(status: Option<u16>) -> Verdict {
    Told { outcome: Outcome::Delivered, status, detail: String::new() }
}

/// Not now.
pub(super) fn failed(detail: impl Into<String>) -> Verdict {
    Told { outcome: Outcome::Failed { retry_after: None }, status: None, detail: detail.into() }
}

/// Never.
pub(super) fn refused(status: Option<u16>, detail: impl Into<String>) -> Verdict {
    Told { outcome: Outcome::Refused, status, detail: detail.into() }
}
