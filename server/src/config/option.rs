//! The description of one option.

use super::value::Value;

/// One option: where it stands, what it takes, and what it does.
#[derive(Clone, Debug)]
pub struct OptionDef {
    /// The section of the file; empty for the top level.
    pub section: &'static str,
    /// The name within its section.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its value when nobody gives one.
    pub fallback: Fallback,
    /// Whether its value must never be printed.
    pub secret: bool,
    /// One or two sentences for the operator.
    pub doc: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// An integer between two bounds, both allowed; the unit is for readers.
    Integer {
        /// The lowest value.
        minimum: i64,
        /// The highest value.
        maximum: i64,
        /// The unit, in the plural.
        unit: &'static str,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// The URI of a store; a password in it is masked when it is printed.
    Uri,
    /// An IP address and port to listen on; empty text turns the listener off.
    Address,
    /// A list of texts; in variables and flags separated by commas.
    List,
    /// Names with values, as drivers know them.
    Map,
}

/// The value of an option that nobody gave.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    /// A flag.
    Flag(bool),
    /// An integer.
    Integer(i64),
    /// A text, address, choice or URI.
    Text(&'static str),
    /// A list.
    List(&'static [&'static str]),
    /// An empty map.
    Nothing,
}

impl OptionDef {
    /// The name with its section: `transport.max_message_ttl`, or `admin_mode` at the top level.
    pub fn full_name(&self) -> String {
        if self.section.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.section, self.name)
        }
    }

    /// The environment variable; of a map, the part before the name of an entry.
    pub fn variable(&self) -> String {
        let name = self.full_name().replace(['.', ':'], "_").to_ascii_uppercase();
        let entries = if self.kind == Kind::Map { "_" } else { "" };
        format!("SUKKAL_{name}{entries}")
    }
}

impl Kind {
    /// What is allowed, to complete "it takes …".
    pub fn allowed(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Integer { minimum, maximum, unit } => {
                format!("an integer from {minimum} to {maximum} ({unit})")
            }
            Self::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Text => "a text".to_owned(),
            Self::Uri => "the URI of a store, such as sqlite:, memory: or redis://host".to_owned(),
            Self::Address => {
                "an IP address and port such as 127.0.0.1:8888, or \"\" for none".to_owned()
            }
            Self::List => "a list of texts".to_owned(),
            Self::Map => "a table of names with values".to_owned(),
        }
    }

    /// One word for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Flag => "boolean",
            Self::Integer { .. } => "integer",
            Self::Choice(_) => "choice",
            Self::Text => "text",
            Self::Uri => "URI",
            Self::Address => "address",
            Self::List => "list",
            Self::Map => "table",
        }
    }
}

impl Fallback {
    /// The fallback as a value.
    pub fn value(&self) -> Value {
        match *self {
            Self::Flag(flag) => Value::Flag(flag),
            Self::Integer(number) => Value::Integer(number),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::List(items) => Value::List(items.iter().map(|&item| item.to_owned()).collect()),
            Self::Nothing => Value::Map(Default::default()),
        }
    }
}
