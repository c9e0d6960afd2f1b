//! The key ring: one key for new messages, all of them for reading.

use std::collections::BTreeMap;
use std::fmt;

use sukkal_storage::{MessageId, QueueKey};
use uuid::Uuid;

use super::cipher::{Cipher, NONCE_LENGTH};
use super::envelope::{self, Plain};
use super::key::{KeyError, is_id, is_placeholder, parse};
use crate::config::EncryptionConfig;

/// The keys by their ids. Its debug text has the ids only.
#[derive(Default)]
pub struct KeyRing {
    keys: BTreeMap<String, Cipher>,
    active: String,
}

/// There is no key to encrypt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key to encrypt with is configured")]
pub struct NoActiveKey;

/// Why a body cannot be decrypted. No variant holds a key or a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The ring does not have the key.
    #[error("the key {0:?} is not in the key ring")]
    UnknownKey(String),
    /// It was changed, it belongs to another message, or another key has the id.
    #[error("it does not match the key {0:?}")]
    NotAuthentic(String),
    /// It is no envelope that this version writes.
    #[error("it is no envelope of this version")]
    Malformed,
}

impl KeyRing {
    /// Reads the keys of a configuration, and the files it names.
    ///
    /// # Errors
    /// As the variants of [`KeyError`] say.
    pub fn open(config: &EncryptionConfig) -> Result<Self, KeyError> {
        let mut ring = Self { keys: BTreeMap::new(), active: config.active_key.clone() };
        for (id, text) in &config.keys {
            ring.add("encryption.keys", id, text, config.placeholders_allowed)?;
        }
        for (id, path) in &config.key_files {
            if ring.keys.contains_key(id) {
                return Err(KeyError::Twice(id.clone()));
            }
            let text = std::fs::read_to_string(path).map_err(|source| KeyError::File {
                id: id.clone(),
                path: path.clone(),
                source,
            })?;
            ring.add("encryption.key_files", id, &text, config.placeholders_allowed)?;
        }
        ring.check_active()?;
        Ok(ring)
    }

    fn add(
        &mut self,
        option: &'static str,
        id: &str,
        text: &str,
        placeholders_allowed: bool,
    ) -> Result<(), KeyError> {
        let id = id.to_owned();
        if !is_id(&id) {
            return Err(KeyError::Id { option, id });
        }
        let Some(key) = parse(text) else { return Err(KeyError::Form { option, id }) };
        if !placeholders_allowed && is_placeholder(&key) {
            return Err(KeyError::Placeholder { option, id });
        }
        self.keys.insert(id, Cipher::new(&key));
        Ok(())
    }

    fn check_active(&self) -> Result<(), KeyError> {
        let ids: Vec<&str> = self.keys.keys().map(String::as_str).collect();
        let known = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        match self.active.as_str() {
            "" if ids.is_empty() => Ok(()),
            "" => Err(KeyError::NotActive { known }),
            id if self.keys.contains_key(id) => Ok(()),
            id => Err(KeyError::Unknown { id: id.to_owned(), known }),
        }
    }

    /// Encrypts what is secret of a message with the active key, bound to its project, its id and the queue it is
    /// posted to.
    ///
    /// # Errors
    /// There is no active key.
    pub fn seal(
        &self,
        queue: &QueueKey,
        id: MessageId,
        plain: &Plain,
    ) -> Result<Vec<u8>, NoActiveKey> {
        let cipher = self.keys.get(&self.active).ok_or(NoActiveKey)?;
        let mut envelope = Vec::with_capacity(192 + plain.body.len());
        envelope::head(&self.active, queue, &mut envelope);
        let bound = envelope::bound(&envelope, &queue.project, id);
        let nonce = random();
        envelope.extend_from_slice(&nonce);
        let mut text = Vec::with_capacity(64 + plain.body.len());
        plain.write(&mut text);
        cipher.seal(&nonce, &bound, &mut text);
        envelope.append(&mut text);
        Ok(envelope)
    }

    /// Decrypts what [`seal`](Self::seal) encrypted, with whichever key it names. The message may have been moved to
    /// another queue of its project since.
    ///
    /// # Errors
    /// As the variants of [`Unreadable`] say.
    pub fn open_sealed(
        &self,
        queue: &QueueKey,
        id: MessageId,
        envelope: &[u8],
    ) -> Result<Plain, Unreadable> {
        let head = envelope::read(envelope).ok_or(Unreadable::Malformed)?;
        let key_id = || head.key_id.to_owned();
        let cipher = self.keys.get(head.key_id).ok_or_else(|| Unreadable::UnknownKey(key_id()))?;
        let mut text = head.sealed.to_vec();
        let bound = head.bound(&queue.project, id);
        cipher
            .open(head.nonce, &bound, &mut text)
            .map_err(|_| Unreadable::NotAuthentic(key_id()))?;
        Plain::read(text).ok_or(Unreadable::Malformed)
    }
}

/// Bytes nobody can foresee.
fn random() -> [u8; NONCE_LENGTH] {
    let mut bytes = [0; NONCE_LENGTH];
    // The fixed version and variant bits of two random ids are left out.
    let (first, second) = (Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes());
    let free = |id: [u8; 16]| id.into_iter().enumerate().filter(|(at, _)| !matches!(at, 6 | 8));
    for (byte, (_, drawn)) in bytes.iter_mut().zip(free(first).chain(free(second))) {
        *byte = drawn;
    }
    bytes
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&String> = self.keys.keys().collect();
        f.debug_struct("KeyRing").field("keys", &ids).field("active", &self.active).finish()
    }
}
