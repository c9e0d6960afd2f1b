//! Telling subscribers what was posted.

mod announcements;
mod attempts;
mod confirmation;
pub mod dispatch;
pub mod follow;
pub mod mail;
mod parcel;
mod retry;
pub mod template;
pub mod webhook;

pub use announcements::{Announcements, Heard, Listener};
pub use attempts::AttemptRecord;
pub use confirmation::{
    ConfirmationRequest, ConfirmationSettings, Confirmations, UNSUBSCRIBE_METHOD, confirm_path,
    is_mail, is_of as is_grant_of, unsubscribe_path,
};
pub use parcel::{Carrier, Outcome, Parcel, ParcelMessage, Told};
pub use retry::{Backoff, RetryPolicy};
