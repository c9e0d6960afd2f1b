//! The configuration of what stands between the API and the stores.

use std::fmt;
use std::path::PathBuf;

/// The stages of each resource, by name and in order: the options of the section `storage` that end in `_pipeline`.
#[derive(Clone, Debug, Default)]
pub struct PipelinesConfig {
    /// Of calls on queues.
    pub queue: Vec<String>,
    /// Of calls on messages.
    pub message: Vec<String>,
    /// Of calls on claims.
    pub claim: Vec<String>,
    /// Of calls on subscriptions.
    pub subscription: Vec<String>,
    /// Of calls on topics.
    pub topic: Vec<String>,
}

/// The section `encryption`. Its debug text has no key.
#[derive(Clone, Default)]
pub struct EncryptionConfig {
    /// The id of the key for new messages; empty if there is none.
    pub active_key: String,
    /// Keys by their ids, as an operator wrote them.
    pub keys: Vec<(String, String)>,
    /// Files with further keys, by the ids of these.
    pub key_files: Vec<(String, PathBuf)>,
    /// Whether keys that anybody can guess are taken: `security.allow_placeholder_secrets`.
    pub placeholders_allowed: bool,
}

impl fmt::Debug for EncryptionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&String> = self.keys.iter().map(|(id, _)| id).collect();
        f.debug_struct("EncryptionConfig")
            .field("active_key", &self.active_key)
            .field("keys", &ids)
            .field("key_files", &self.key_files)
            .field("placeholders_allowed", &self.placeholders_allowed)
            .finish()
    }
}
