//! The effective configuration as text: itself a valid file.

use std::fmt::Write as _;

use super::load::Settings;
use super::option::{Kind, OptionDef};
use super::uri::{mask_uri, sounds_secret};
use super::value::Value;

/// Lists every option with its effective value and, as a comment, where that came from; secrets are
/// shown as `***`.
pub fn show(settings: &Settings) -> String {
    let mut text = String::new();
    let mut section = "";
    for (option, value, source) in settings.iter() {
        if option.section != section {
            section = option.section;
            let _ = write!(text, "\n[{}]\n", table_name(section));
        }
        let _ = writeln!(text, "{} = {}  # {source}", option.name, masked(option, value));
    }
    text
}

/// A section as TOML writes it.
pub(super) fn table_name(section: &str) -> String {
    if section.contains(':') { format!("\"{section}\"") } else { section.to_owned() }
}

fn masked(option: &OptionDef, value: &Value) -> Value {
    match value {
        Value::Text(text) if option.secret && !text.is_empty() => Value::Text("***".to_owned()),
        Value::Text(text) if option.kind == Kind::Uri => Value::Text(mask_uri(text)),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(name, value)| {
                    let shown = if option.secret || sounds_secret(name) {
                        "***".to_owned()
                    } else {
                        mask_uri(value)
                    };
                    (name.clone(), shown)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}
