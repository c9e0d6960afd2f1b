//! From stored messages to those of the API.

use sukkal_spec::raw::Raw;
use sukkal_spec::{ClaimedMessage, Message, PoppedMessage};
use sukkal_storage::{Message as Stored, Millis};
use time::OffsetDateTime;

/// Whole seconds between two times; never negative.
pub(super) fn age(since: Millis, now: Millis) -> i64 {
    (now - since).max(0) / 1000
}

pub(super) fn shown(message: Stored, now: Millis) -> Message {
    Message {
        id: message.id.to_string(),
        ttl: message.ttl,
        age: age(message.created_at, now),
        body: Raw::from_trusted(message.body.bytes),
        claim_id: message.claim.map(|claim| claim.id.to_string()),
        checksum: message.checksum,
    }
}

pub(super) fn claimed(message: Stored, claim_id: &str, now: Millis) -> ClaimedMessage {
    ClaimedMessage {
        id: message.id.to_string(),
        ttl: message.ttl,
        age: age(message.created_at, now),
        body: Raw::from_trusted(message.body.bytes),
        claim_id: claim_id.to_owned(),
        checksum: message.checksum,
    }
}

/// A message as a pop tells it; `pop` names the pop, where a claim would stand.
pub(super) fn popped(message: Stored, pop: &str, now: Millis) -> PoppedMessage {
    PoppedMessage {
        id: message.id.to_string(),
        age: age(message.created_at, now),
        ttl: message.ttl,
        body: Raw::from_trusted(message.body.bytes),
        claim_id: pop.to_owned(),
        claim_count: message.claim_count,
        checksum: message.checksum,
    }
}

/// A time as `2026-01-31T12:00:00Z`.
pub(super) fn timestamp(at: Millis) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
