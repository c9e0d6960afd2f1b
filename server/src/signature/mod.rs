//! Pre-signed URLs: grants of access to parts of a queue, signed by the service and carried by whoever holds them.

mod expiry;
mod grant;
mod keys;
mod scope;

use crate::clock::Clock;

pub use expiry::{NoDate, Seconds, read as read_date, spell as spell_date};
pub use grant::{Grant, Secret, Stamp};
pub use keys::{KeyRing, is_placeholder};
pub use scope::covers;

/// How long a grant lasts that names no end, in seconds.
const DEFAULT_LIFETIME: Seconds = 86_400;
/// A grant whose end is not sent along is one of default length that was signed no longer ago than this, in seconds.
const UNSAID_EXPIRY: Seconds = 10;

/// Signs grants and checks them.
#[derive(Clone, Debug)]
pub struct Signatures {
    keys: KeyRing,
    clock: Clock,
}

/// What is to be signed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The paths.
    pub paths: Vec<String>,
    /// The methods.
    pub methods: Vec<String>,
    /// The project.
    pub project: String,
    /// When it is to end; without it after a day, or the longest time there is.
    pub expires: Option<Seconds>,
    /// The key that is to sign, if one was asked for.
    pub key_id: Option<String>,
}

/// A grant with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The paths, sorted.
    pub paths: Vec<String>,
    /// The methods, sorted.
    pub methods: Vec<String>,
    /// When it ends.
    pub expires: String,
    /// The signature.
    pub signature: String,
    /// When it was signed, if a key was asked for.
    pub issued: Option<String>,
}

/// Why nothing is signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// There is no key, or a key must be named.
    #[error("there is no key to sign with")]
    NoKey,
    /// The key is not known, or revoked.
    #[error("the key is not known")]
    KeyUnknown,
    /// The end is not in the future.
    #[error("the end is not in the future")]
    Past,
    /// The end is too far away.
    #[error("the end is more than {0} seconds away")]
    TooFar(Seconds),
    /// The text could be read in two ways.
    #[error("the text could be read in two ways")]
    Ambiguous,
}

/// A grant as its holder shows it.
#[derive(Clone, Debug, Default)]
pub struct Shown<'a> {
    /// The signature.
    pub signature: &'a str,
    /// When it ends.
    pub expires: Option<&'a str>,
    /// The methods.
    pub methods: Vec<&'a str>,
    /// The paths.
    pub paths: Vec<&'a str>,
    /// The project.
    pub project: Option<&'a str>,
    /// The key.
    pub key_id: Option<&'a str>,
    /// When it was signed.
    pub issued: Option<&'a str>,
}

impl Signatures {
    /// Signs with these keys by this clock.
    pub fn new(keys: KeyRing, clock: Clock) -> Self {
        Self { keys, clock }
    }

    /// Signs a grant.
    ///
    /// # Errors
    /// As the variants of [`NotSigned`] say.
    pub fn sign(&self, wanted: Wanted) -> Result<Signed, NotSigned> {
        let Wanted { mut paths, mut methods, project, expires, key_id } = wanted;
        paths.sort_unstable();
        methods.sort_unstable();
        let now = self.now();
        let longest = self.keys.max_lifetime();
        let lifetime = longest.map_or(DEFAULT_LIFETIME, |longest| longest.min(DEFAULT_LIFETIME));
        let expires = expires.unwrap_or(now + lifetime);
        if self.is_over(expires) {
            return Err(NotSigned::Past);
        }
        if let Some(longest) = longest.filter(|longest| expires > now + longest) {
            return Err(NotSigned::TooFar(longest));
        }
        let secret = match &key_id {
            None => self.keys.plain().ok_or(NotSigned::NoKey)?,
            Some(id) => self.keys.named(id).ok_or(NotSigned::KeyUnknown)?,
        };
        let expires = spell_date(expires);
        let issued = key_id.as_ref().map(|_| spell_date(now));
        let grant = Grant {
            paths: paths.iter().map(String::as_str).collect(),
            methods: methods.iter().map(String::as_str).collect(),
            project: Some(&project),
            expires: &expires,
            stamp: key_id
                .as_deref()
                .zip(issued.as_deref())
                .map(|(key_id, issued)| Stamp { key_id, issued }),
        };
        let signature = grant.sign(secret).ok_or(NotSigned::Ambiguous)?;
        Ok(Signed { paths, methods, expires, signature, issued })
    }

    /// The key for grants that the service gives by itself, as [`sign`](Self::sign) takes it: the one without a name, else
    /// of those of the ring the one whose id is greatest. `None` if there is none at all.
    pub fn own_key(&self) -> Option<Option<String>> {
        match self.keys.plain() {
            Some(_) => Some(None),
            None => self.keys.newest().map(|id| Some(id.to_owned())),
        }
    }

    /// This end of a grant, or the last one that is allowed.
    pub fn earlier(&self, end: Seconds) -> Seconds {
        let longest = self.keys.max_lifetime();
        longest.map_or(end, |longest| end.min(self.now().saturating_add(longest)))
    }

    /// Whether a grant is genuine, is in force, and covers this method of this path.
    pub fn admits(&self, shown: &Shown<'_>, method: &str, path: &str) -> bool {
        let covered = shown.methods.contains(&method)
            && shown.paths.iter().any(|signed| covers(signed, path));
        covered && self.ends(shown).any(|end| !self.is_over(end) && self.is_genuine(shown, end))
    }

    /// When the grant may end: as it says, or as it would say if it had been made a moment ago.
    fn ends(&self, shown: &Shown<'_>) -> impl Iterator<Item = Seconds> + use<> {
        let (said, unsaid) = match shown.expires {
            Some(text) => (read_date(text).ok(), 0),
            None => (None, UNSAID_EXPIRY),
        };
        let now = self.now();
        said.into_iter().chain((0..unsaid).map(move |ago| now - ago + DEFAULT_LIFETIME))
    }

    fn is_genuine(&self, shown: &Shown<'_>, end: Seconds) -> bool {
        let too_far = |longest: Seconds| end > self.now() + longest;
        if self.keys.max_lifetime().is_some_and(too_far) {
            return false;
        }
        let (secret, issued) = match (shown.key_id, shown.issued) {
            (None, None) => (self.keys.plain(), None),
            (Some(id), Some(issued)) => {
                let Ok(issued) = read_date(issued) else { return false };
                (self.keys.named(id).filter(|_| self.keys.counts(issued)), Some(spell_date(issued)))
            }
            _ => return false,
        };
        let grant = Grant {
            paths: shown.paths.clone(),
            methods: shown.methods.clone(),
            project: shown.project,
            expires: &spell_date(end),
            stamp: shown
                .key_id
                .zip(issued.as_deref())
                .map(|(key_id, issued)| Stamp { key_id, issued }),
        };
        secret.is_some_and(|secret| grant.is_signed(secret, shown.signature))
    }

    fn now(&self) -> Seconds {
        self.clock.now().div_euclid(1000)
    }

    fn is_over(&self, end: Seconds) -> bool {
        end.saturating_mul(1000) <= self.clock.now()
    }
}

#[cfg(test)]
mod tests;
