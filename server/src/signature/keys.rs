//! The keys that sign, and what makes signatures void.

use std::collections::{BTreeMap, BTreeSet};

use super::{Seconds, Secret};

/// Texts that examples use for a secret.
const PLACEHOLDERS: &[&str] = &[
    "SOMELONGSECRETKEY",
    "changeme",
    "change-me",
    "change_me",
    "default",
    "example",
    "key",
    "password",
    "placeholder",
    "replaceme",
    "secret",
    "secret_key",
    "secretkey",
    "test",
    "todo",
];

/// Whether a secret is one that everybody knows from examples.
pub fn is_placeholder(secret: &Secret) -> bool {
    let text = secret.expose().trim();
    PLACEHOLDERS.iter().any(|known| text.eq_ignore_ascii_case(known))
        || text.starts_with('<') && text.ends_with('>')
        || text.starts_with("${") && text.ends_with('}')
}

/// The keys that sign, and what makes signatures void.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    /// Signs for callers who name no key.
    pub secret_key: Option<Secret>,
    /// Sign for callers who name them.
    pub keys: BTreeMap<String, Secret>,
    /// The keys whose signatures are void.
    pub revoked_keys: BTreeSet<String>,
    /// Signatures that are older, or that do not say when they were made, are void.
    pub not_before: Option<Seconds>,
    /// How far away the end of a grant may be, in seconds.
    pub max_lifetime: Option<Seconds>,
}

impl KeyRing {
    /// The key of grants that name none.
    pub(super) fn plain(&self) -> Option<&Secret> {
        self.secret_key.as_ref().filter(|_| self.not_before.is_none())
    }

    /// The key of this name, unless it is revoked.
    pub(super) fn named(&self, id: &str) -> Option<&Secret> {
        self.keys.get(id).filter(|_| !self.revoked_keys.contains(id))
    }

    /// The id that is greatest of the keys that are not revoked.
    pub(super) fn newest(&self) -> Option<&str> {
        self.keys.keys().rev().find(|id| !self.revoked_keys.contains(*id)).map(String::as_str)
    }

    /// Whether what was signed at that time is still good.
    pub(super) fn counts(&self, issued: Seconds) -> bool {
        self.not_before.is_none_or(|earliest| issued >= earliest)
    }

    pub(super) fn max_lifetime(&self) -> Option<Seconds> {
        self.max_lifetime
    }
}
