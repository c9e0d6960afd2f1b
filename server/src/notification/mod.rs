//! Telling subscribers what was posted.

mod announcements;
mod attempts;
pub mod dispatch;
mod parcel;
mod retry;

pub use announcements::{Announcements, Heard, Listener};
pub use attempts::AttemptRecord;
pub use parcel::{Carrier, Outcome, Parcel, ParcelMessage, Told};
pub use retry::{Backoff, RetryPolicy};
