//! Values, and how they are read from text and from a file.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use toml::de::DeValue;

use super::option::Kind;

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// An integer within the bounds of its option.
    Integer(i64),
    /// A text, a choice, an address or a URI.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Names with values.
    Map(BTreeMap<String, String>),
}

impl Value {
    /// Reads what an environment variable or a flag says; `None` if the kind does not allow it.
    pub fn from_text(kind: &Kind, text: &str) -> Option<Self> {
        let value = match kind {
            Kind::Flag => Self::Flag(match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => true,
                "false" | "0" | "no" | "off" => false,
                _ => return None,
            }),
            Kind::Integer { .. } => Self::Integer(text.trim().parse().ok()?),
            Kind::Choice(_) | Kind::Text | Kind::Uri | Kind::Address => Self::Text(text.to_owned()),
            Kind::List => Self::List(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect(),
            ),
            Kind::Map => return None,
        };
        value.fits(kind).then_some(value)
    }

    /// Reads what a file says; `None` if the kind does not allow it.
    pub fn from_document(kind: &Kind, found: &DeValue<'_>) -> Option<Self> {
        let value = match (kind, found) {
            (Kind::Flag, DeValue::Boolean(flag)) => Self::Flag(*flag),
            (Kind::Integer { .. }, DeValue::Integer(number)) => {
                Self::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
            }
            (Kind::Choice(_) | Kind::Text | Kind::Uri | Kind::Address, DeValue::String(text)) => {
                Self::Text(text.clone().into_owned())
            }
            (Kind::List, DeValue::Array(items)) => Self::List(
                items
                    .iter()
                    .map(|item| item.get_ref().as_str().map(str::to_owned))
                    .collect::<Option<_>>()?,
            ),
            (Kind::Map, DeValue::Table(entries)) => Self::Map(
                entries
                    .iter()
                    .map(|(name, entry)| {
                        Some((name.get_ref().clone().into_owned(), scalar_text(entry.get_ref())?))
                    })
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        };
        value.fits(kind).then_some(value)
    }

    fn fits(&self, kind: &Kind) -> bool {
        match (self, kind) {
            (Self::Integer(number), Kind::Integer { minimum, maximum, .. }) => {
                (minimum..=maximum).contains(&number)
            }
            (Self::Text(text), Kind::Choice(words)) => words.contains(&text.as_str()),
            (Self::Text(text), Kind::Address) => {
                text.is_empty() || text.parse::<SocketAddr>().is_ok()
            }
            (Self::Text(text), Kind::Uri) => text.is_empty() || text.contains(':'),
            _ => true,
        }
    }
}

/// What a driver option of any simple type looks like as text.
fn scalar_text(found: &DeValue<'_>) -> Option<String> {
    Some(match found {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        _ => return None,
    })
}

/// Shows a value as a file would have it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(name, value)| format!("{} = {}", quoted(name), quoted(value)))
                    .collect();
                if entries.is_empty() {
                    f.write_str("{}")
                } else {
                    write!(f, "{{ {} }}", entries.join(", "))
                }
            }
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
