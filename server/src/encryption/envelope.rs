//! The bytes of a stored body.
//!
//! ```text
//! version 1 | length, key id | kind | length, name of the queue | nonce (24) | ciphertext, tag (16)
//! ```
//!
//! The queue is the one the message was posted to. It stands in the envelope, and not only in what is bound,
//! because a dead letter is moved by the store, which cannot seal it again.

use bytes::Bytes;
use sukkal_storage::{Kind, MessageId, QueueKey};

use super::cipher::{NONCE_LENGTH, TAG_LENGTH};

const VERSION: u8 = 1;
/// Says what the associated data is for, so that a key that is used elsewhere too proves nothing here.
const PURPOSE: &[u8] = b"sukkal message 1";

/// What is encrypted of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain {
    /// The body: JSON text.
    pub body: Bytes,
    /// The checksum of the body, if it has one. It tells of the body, so it does not stand beside it in clear.
    pub checksum: Option<String>,
}

/// Everything in front of the ciphertext.
pub(super) struct Head<'a> {
    pub(super) key_id: &'a str,
    /// The head without the nonce: it is bound as it stands.
    text: &'a [u8],
    pub(super) nonce: &'a [u8; NONCE_LENGTH],
    pub(super) sealed: &'a [u8],
}

/// Writes the head of an envelope, without the nonce.
pub(super) fn head(key_id: &str, queue: &QueueKey, out: &mut Vec<u8>) {
    out.push(VERSION);
    write_short(key_id.as_bytes(), out);
    out.push(queue.kind as u8);
    write_short(queue.name.as_bytes(), out);
}

/// Reads an envelope; nothing if it is none.
pub(super) fn read(envelope: &[u8]) -> Option<Head<'_>> {
    let (version, rest) = envelope.split_first()?;
    let (key_id, rest) = read_short(rest)?;
    let (kind, rest) = rest.split_first()?;
    let (_name, rest) = read_short(rest)?;
    let text = &envelope[..envelope.len() - rest.len()];
    let (nonce, sealed) = rest.split_first_chunk()?;
    let known = *version == VERSION && (*kind == Kind::Queue as u8 || *kind == Kind::Topic as u8);
    let key_id = std::str::from_utf8(key_id).ok()?;
    (known && sealed.len() >= TAG_LENGTH).then_some(Head { key_id, text, nonce, sealed })
}

impl Head<'_> {
    /// What the ciphertext is bound to.
    pub(super) fn bound(&self, project: &str, id: MessageId) -> Vec<u8> {
        bound(self.text, project, id)
    }
}

/// What a ciphertext is bound to: the head with the queue it was posted to, the project, and the message.
pub(super) fn bound(head: &[u8], project: &str, id: MessageId) -> Vec<u8> {
    [PURPOSE, head, project.as_bytes(), id.as_bytes()].concat()
}

impl Plain {
    /// The text that is encrypted.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_short(self.checksum.as_deref().unwrap_or_default().as_bytes(), out);
        out.extend_from_slice(&self.body);
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(text: Vec<u8>) -> Option<Self> {
        let text = Bytes::from(text);
        let (checksum, rest) = read_short(&text)?;
        let checksum = std::str::from_utf8(checksum).ok()?;
        let checksum = (!checksum.is_empty()).then(|| checksum.to_owned());
        Some(Self { body: text.slice_ref(rest), checksum })
    }
}

/// A text of at most 255 bytes, behind its length. Key ids, names of queues and checksums are bounded well
/// below; of anything longer the front is written, which then opens nowhere.
fn write_short(text: &[u8], out: &mut Vec<u8>) {
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend_from_slice(&text[..usize::from(length)]);
}

fn read_short(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = text.split_first()?;
    rest.split_at_checked(usize::from(*length))
}
