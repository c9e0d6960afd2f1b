//! Telling subscribers what was posted.

mod announcements;
mod attempts;
mod parcel;

pub use announcements::{Announcements, Heard, Listener};
pub use attempts::AttemptRecord;
pub use parcel::{Carrier, Outcome, Parcel, ParcelMessage, Told};
