//! What ties a grant to a subscriber, so that it is void once the subscription has another one.
//!
//! It is signed as one more method, since holders send methods back unread.

use sha2::{Digest, Sha256};

const PREFIX: &str = "subscriber-";
/// How many bytes of the digest are signed.
const DIGEST_BYTES: usize = 16;

/// The binding to a subscriber.
pub(super) fn of(subscriber: &str) -> String {
    let digest = Sha256::digest(subscriber.as_bytes());
    format!("{PREFIX}{}", data_encoding::HEXLOWER.encode(&digest[..DIGEST_BYTES]))
}

/// Whether signed methods bind a grant to this subscriber.
pub fn is_of(subscriber: &str, methods: &[String]) -> bool {
    methods.contains(&of(subscriber))
}
