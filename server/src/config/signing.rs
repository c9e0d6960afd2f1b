//! The section `signed_url`: the keys that sign pre-signed URLs.

use super::load::Settings;
use super::option::{Fallback, Kind, OptionDef};
use super::options::{list, number, option, text};
use super::problem::{ConfigError, Problem};
use super::value::Value;
use crate::signature::{KeyRing, Secret, is_placeholder, read_date};

/// The options of the section.
pub(super) const OPTIONS: &[OptionDef] = &[
    OptionDef {
        secret: true,
        ..text(
            "signed_url",
            "secret_key",
            Kind::Text,
            "",
            "The secret that signs pre-signed URLs; without one nothing can be shared. Another value voids what was signed.",
        )
    },
    OptionDef {
        secret: true,
        ..option(
            "signed_url",
            "keys",
            Kind::Map,
            Fallback::Nothing,
            "Further secrets by key id, for callers who ask for one with `key_id`. To rotate, add a key, and later revoke the old one.",
        )
    },
    list(
        "signed_url",
        "revoked_keys",
        &[],
        "The ids of keys that no longer sign, and whose signatures are void.",
    ),
    text(
        "signed_url",
        "not_before",
        Kind::Text,
        "",
        "A date in ISO 8601: signatures made before are void, and so are all that name no key, since they do not say when they were made.",
    ),
    number(
        "signed_url",
        "max_lifetime",
        (0, 0, 3_153_600_000),
        "seconds",
        "How long a pre-signed URL may last; one that would last longer is neither signed nor taken. 0 sets no bound.",
    ),
];

/// Reads the section; a date that cannot be read is told by [`check`].
pub(super) fn read(settings: &Settings) -> KeyRing {
    let value = |name: &str| settings.value(&format!("signed_url.{name}"));
    let text = |name: &str| match value(name) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    KeyRing {
        secret_key: text("secret_key").map(Secret::new),
        keys: match value("keys") {
            Some(Value::Map(keys)) => {
                keys.iter().map(|(id, secret)| (id.clone(), Secret::new(secret))).collect()
            }
            _ => Default::default(),
        },
        revoked_keys: match value("revoked_keys") {
            Some(Value::List(ids)) => ids.iter().cloned().collect(),
            _ => Default::default(),
        },
        not_before: text("not_before").and_then(|text| read_date(text).ok()),
        max_lifetime: match value("max_lifetime") {
            Some(Value::Integer(seconds)) if *seconds > 0 => Some(*seconds),
            _ => None,
        },
    }
}

/// Finds what cannot be meant: known secrets, empty ones, ids that no header can carry, a date that is none.
pub(super) fn check(keys: &KeyRing, settings: &Settings) -> Result<(), ConfigError> {
    let is_on = settings.value("security.allow_placeholder_secrets") == Some(&Value::Flag(true));
    let mut messages = Vec::new();
    let named = keys.keys.iter().map(|(id, secret)| (format!("signed_url.keys.{id}"), secret));
    let plain = keys.secret_key.iter().map(|secret| ("signed_url.secret_key".to_owned(), secret));
    for (name, secret) in plain.chain(named) {
        if secret.expose().is_empty() {
            messages.push(format!("{name} is empty"));
        } else if is_placeholder(secret) && !is_on {
            messages.push(format!(
                "{name} is a secret that everybody knows from examples: choose another, or set \
                 security.allow_placeholder_secrets = true"
            ));
        }
    }
    for id in keys.keys.keys().filter(|id| !is_key_id(id)) {
        messages.push(format!(
            "signed_url.keys: {id:?} is no key id; one has 1 to 64 letters, digits, `_`, `-` and `.`"
        ));
    }
    if let Some(Value::Text(text)) = settings.value("signed_url.not_before")
        && !text.is_empty()
        && let Err(error) = read_date(text)
    {
        messages.push(format!("signed_url.not_before: {text:?} {error}"));
    }
    if messages.is_empty() {
        return Ok(());
    }
    let problems = messages.into_iter().map(|message| Problem { place: None, message }).collect();
    Err(ConfigError { problems })
}

fn is_key_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Config, Sources, Table, load};

    fn told(file: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sukkal.toml");
        fs::write(&path, file).unwrap();
        let sources = Sources { file: Some(path), ..Sources::default() };
        let settings = load(Table::standard(), &sources).unwrap();
        Config::from_settings(settings).map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn a_secret_from_an_example_is_refused_unless_a_flag_says_otherwise() {
        for section in ["secret_key = \"SOMELONGSECRETKEY\"", "keys = { k1 = \"changeme\" }"] {
            let file = format!("[signed_url]\n{section}\n");
            let refused = told(&file);
            assert!(refused.contains("security.allow_placeholder_secrets"), "{refused}");
            assert!(!refused.contains("SOMELONG") && !refused.contains("changeme"), "{refused}");
            assert_eq!(told(&format!("{file}[security]\nallow_placeholder_secrets = true\n")), "");
        }
        assert_eq!(told("[signed_url]\nsecret_key = \"0f2b6a1e44\"\n"), "");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (section, wanted) in [
            ("not_before = \"soon\"", "\"soon\" is not a date in ISO 8601"),
            ("keys = { k1 = \"\" }", "signed_url.keys.k1 is empty"),
            ("keys = { \"a b\" = \"0f2b6a1e44\" }", "\"a b\" is no key id"),
        ] {
            let refused = told(&format!("[signed_url]\n{section}\n"));
            assert!(refused.contains(wanted), "{refused}");
        }
    }
}
