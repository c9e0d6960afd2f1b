//! What a subscriber is sent.

use bytes::Bytes;
use sukkal_storage::EntryKind;

use super::super::{Confirmations, Parcel, template};
use crate::signature::NotSigned;

/// The largest body, in bytes. A template can name its place very often.
const LARGEST: usize = 1 << 20;

/// Why nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBody {
    /// The template makes too much of it.
    #[error("the body would be larger than {LARGEST} bytes")]
    TooLarge,
    /// The subscriber cannot be asked or told about its subscription.
    #[error("no confirmation: {0}")]
    NotSigned(#[from] NotSigned),
}

/// The body of a request.
pub(super) fn body(
    parcel: &Parcel,
    template: Option<&str>,
    confirmations: &Confirmations,
) -> Result<Bytes, NoBody> {
    let plain = match parcel.kind {
        EntryKind::Post | EntryKind::Resend | EntryKind::Test => parcel.document().into(),
        EntryKind::Confirm | EntryKind::Unsubscribe => confirmations.request(parcel)?.json(),
    };
    match template {
        Some(text) => {
            template::fill(text, &plain, LARGEST).map(Bytes::from).ok_or(NoBody::TooLarge)
        }
        None => Ok(plain),
    }
}
