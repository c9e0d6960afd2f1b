//! Who may call what, and what exists only by configuration.

use indexmap::IndexMap;
use serde::Deserialize;

/// Who may call what, and what exists only by configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// What each switch of the configuration turns on.
    pub switches: IndexMap<String, String>,
    /// Who passes each rule.
    pub rules: IndexMap<String, Who>,
}

/// Who passes a rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum Who {
    /// Nobody is refused.
    Everyone,
    /// Callers who have this role.
    Role(String),
}

impl TryFrom<String> for Who {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.strip_prefix("role:") {
            Some(role) if !role.is_empty() => Ok(Self::Role(role.to_owned())),
            _ if text == "everyone" => Ok(Self::Everyone),
            _ => Err(format!("\"{text}\" is neither \"everyone\" nor \"role:<name>\"")),
        }
    }
}
