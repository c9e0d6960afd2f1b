//! Telling subscribers what was posted.

mod announcements;
mod attempts;
mod confirmation;
pub mod dispatch;
pub mod follow;
mod parcel;
mod retry;
pub mod template;
pub mod webhook;

pub use announcements::{Announcements, Heard, Listener};
pub use attempts::AttemptRecord;
pub use confirmation::{
    ConfirmationRequest, ConfirmationSettings, Confirmations, confirm_path, is_mail,
    is_of as is_grant_of,
};
pub use parcel::{Carrier, Outcome, Parcel, ParcelMessage, Told};
pub use retry::{Backoff, RetryPolicy};
