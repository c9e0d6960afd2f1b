//! Telling subscribers what was posted.

mod attempts;
mod parcel;

pub use attempts::AttemptRecord;
pub use parcel::{Carrier, Outcome, Parcel, ParcelMessage, Told};
