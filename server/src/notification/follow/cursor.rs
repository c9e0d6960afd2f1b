//! Cursors: opaque texts that name a place in a queue.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use sukkal_storage::{Marker, QueueKey};

const VERSION: u8 = 1;
/// How much of the hash of a queue stands in its cursors.
const TAG: usize = 7;

/// Tells the cursors of one queue from those of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag([u8; TAG]);

impl Tag {
    /// The tag of a queue.
    pub(super) fn of(queue: &QueueKey) -> Self {
        let mut hash = Sha256::new();
        hash.update((queue.project.len() as u64).to_be_bytes());
        hash.update(queue.project.as_bytes());
        hash.update([queue.kind as u8]);
        hash.update(queue.name.as_bytes());
        let hash = hash.finalize();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&hash[..TAG]);
        Self(tag)
    }

    /// The cursor of a place.
    pub(super) fn cursor(self, marker: Marker) -> String {
        let mut bytes = [0; 1 + TAG + 8];
        bytes[0] = VERSION;
        bytes[1..=TAG].copy_from_slice(&self.0);
        bytes[1 + TAG..].copy_from_slice(&marker.to_be_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The place a cursor names; nothing if it is none of this queue.
    pub(super) fn place(self, cursor: &str) -> Option<Marker> {
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let bytes: [u8; 1 + TAG + 8] = bytes.try_into().ok()?;
        let (head, marker) = bytes.split_last_chunk::<8>()?;
        let fits = head[0] == VERSION && head[1..] == self.0;
        fits.then(|| Marker::from_be_bytes(*marker)).filter(|marker| *marker >= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_its_place_in_its_queue_only() {
        let jobs = Tag::of(&QueueKey::new("p", "jobs"));

        for marker in [0, 1, 4711, Marker::MAX] {
            let cursor = jobs.cursor(marker);
            assert_eq!(jobs.place(&cursor), Some(marker));
            for other in [
                QueueKey::topic("p", "jobs"),
                QueueKey::new("pj", "obs"),
                QueueKey::new("p", "job"),
                QueueKey::new("q", "jobs"),
            ] {
                assert_eq!(Tag::of(&other).place(&cursor), None, "{other}");
            }
        }
    }

    #[test]
    fn anything_else_is_no_cursor() {
        let jobs = Tag::of(&QueueKey::new("p", "jobs"));
        let cursor = jobs.cursor(5);

        for text in ["", "0", "==", "\u{e9}", &cursor[1..], &format!("{cursor}A"), &jobs.cursor(-1)]
        {
            assert_eq!(jobs.place(text), None, "{text}");
        }
    }
}
