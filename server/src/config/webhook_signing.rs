//! The section `webhook_signing`: the keys that sign webhooks.

use super::load::Settings;
use super::option::{Fallback, Kind, OptionDef};
use super::options::{flag, option};
use super::problem::ConfigError;
use super::value::Value;
use crate::notification::webhook::SigningKeys;

/// How many keys may sign, at a few hundred bytes of header each.
const MOST: usize = 4;

/// The options of the section.
pub(super) const OPTIONS: &[OptionDef] = &[
    OptionDef {
        secret: true,
        ..option(
            "webhook_signing",
            "keys",
            Kind::Map,
            Fallback::Nothing,
            "Ed25519 keys that sign webhooks, by key id: `whsk_` and the 32 bytes of the seed in base64. All of them sign, at most 4. To rotate, add a key, and remove the old one when receivers know the new one. See docs/webhooks.md.",
        )
    },
    flag(
        "webhook_signing",
        "sign_all",
        false,
        "Whether these keys sign the webhooks of every subscription whose option `signing` does not say otherwise.",
    ),
];

/// Reads the section.
///
/// # Errors
/// A key that is none, too many keys, or no key where every webhook is to be signed.
pub(super) fn read(settings: &Settings) -> Result<SigningKeys, ConfigError> {
    let none = Default::default();
    let keys = match settings.value("webhook_signing.keys") {
        Some(Value::Map(keys)) => keys,
        _ => &none,
    };
    let sign_all = settings.value("webhook_signing.sign_all") == Some(&Value::Flag(true));
    if keys.len() > MOST {
        return Err(ConfigError::of(format!("webhook_signing.keys: at most {MOST} keys can sign")));
    }
    if sign_all && keys.is_empty() {
        return Err(ConfigError::of(
            "webhook_signing.sign_all needs a key in webhook_signing.keys",
        ));
    }
    let pairs = keys.iter().map(|(id, key)| (id.as_str(), key.as_str()));
    SigningKeys::read(pairs, sign_all)
        .map_err(|(id, problem)| ConfigError::of(format!("webhook_signing.keys.{id}: {problem}")))
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Given, Sources, Table, load, show};

    const KEY: &str = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

    fn flags(given: &[(&str, &str)]) -> Sources {
        let flags = given.iter().map(|(option, value)| Given {
            flag: "--set".to_owned(),
            option: format!("webhook_signing.{option}"),
            value: (*value).to_owned(),
        });
        Sources { flags: flags.collect(), ..Sources::default() }
    }

    #[test]
    fn keys_are_read_and_never_shown() {
        let settings = load(Table::standard(), &flags(&[("keys.k1", KEY)])).unwrap();

        assert!(!show(&settings).contains("nWGx"));
        let config = Config::from_settings(settings).unwrap();
        assert!(!config.webhook_signing.is_empty());
        let debug = format!("{:?}", config.webhook_signing);
        assert!(debug.contains("k1") && !debug.contains("nWGx"), "{debug}");
    }

    #[test]
    fn what_cannot_sign_is_refused_and_not_repeated() {
        let five: Vec<String> = (0..5).map(|at| format!("keys.k{at}")).collect();
        let five: Vec<_> = five.iter().map(|name| (name.as_str(), KEY)).collect();
        for (given, wanted) in [
            (&[("keys.k1", "geheim")][..], "webhook_signing.keys.k1: a key is whsk_"),
            (&[("sign_all", "true")], "needs a key"),
            (&five, "at most 4"),
        ] {
            let settings = load(Table::standard(), &flags(given)).unwrap();
            let told = Config::from_settings(settings).unwrap_err().to_string();
            assert!(told.contains(wanted) && !told.contains("geheim"), "{told}");
        }
    }
}
