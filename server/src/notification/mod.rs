//! Telling subscribers what was posted.

mod parcel;

pub use parcel::{Carrier, Outcome, Parcel, ParcelMessage, Told};
