//! What the log of a subscription keeps of one attempt to tell its subscriber.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sukkal_storage::{EntryKind, Millis};

use super::{Outcome, Parcel, Told};

/// The most characters of a detail that are kept.
const MOST_DETAIL: usize = 200;

/// One attempt. Stored as JSON, so that servers of different versions read each other's records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// When it began.
    pub at: Millis,
    /// The message.
    pub message_id: String,
    /// The same for every attempt to tell this subscriber of this message.
    pub delivery_id: String,
    /// Why the subscriber was told: `post`, `resend`, `test`, `confirm` or `unsubscribe`.
    pub kind: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// How it ended: `delivered`, `failed`, `refused` or `gone`.
    pub outcome: String,
    /// What the subscriber answered, if it speaks in numbers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What happened, in few words and without secrets.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub detail: String,
    /// When the next attempt is due, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_at: Option<Millis>,
}

impl AttemptRecord {
    /// What is kept of an attempt that took so long; `next_at` is when the next one is due.
    pub fn new(parcel: &Parcel, told: &Told, took: Duration, next_at: Option<Millis>) -> Self {
        Self {
            at: parcel.now,
            message_id: parcel.message.id.to_string(),
            delivery_id: parcel.delivery_id.to_string(),
            kind: kind(parcel.kind).to_owned(),
            attempt: parcel.attempt,
            outcome: outcome(told.outcome).to_owned(),
            status: told.status,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            detail: told.detail.chars().take(MOST_DETAIL).collect(),
            next_at,
        }
    }

    /// The record as it is stored.
    pub fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("a record of texts and numbers is JSON").into()
    }

    /// Reads a stored record; `None` if it is none.
    pub fn decode(stored: &[u8]) -> Option<Self> {
        serde_json::from_slice(stored).ok()
    }
}

fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Post => "post",
        EntryKind::Resend => "resend",
        EntryKind::Test => "test",
        EntryKind::Confirm => "confirm",
        EntryKind::Unsubscribe => "unsubscribe",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Failed { .. } => "failed",
        Outcome::Refused => "refused",
        Outcome::Gone => "gone",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_whatever_newer_servers_add() {
        let text = br#"{"at":5,"message_id":"m","delivery_id":"d","kind":"post","attempt":2,
            "outcome":"failed","status":503,"duration_ms":7,"next_at":9,"region":"north"}"#;

        let record = AttemptRecord::decode(text).unwrap();

        assert_eq!((record.attempt, record.status, record.next_at), (2, Some(503), Some(9)));
        assert_eq!(AttemptRecord::decode(&record.encode()), Some(record));
        assert_eq!(AttemptRecord::decode(b"nonsense"), None);
    }
}
