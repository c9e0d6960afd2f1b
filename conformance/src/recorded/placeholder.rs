//! The placeholders a recorded text may contain and the values each of them stands for.

use serde_json::Value;

/// Ages in a run are a few seconds; anything near this is not one.
const LARGEST_AGE: u64 = 3600;

/// What stands between `${` and `}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// Chosen by the player before the scenario starts, such as `project`.
    Given(String),
    /// Bound where it first occurs in a response, such as `id1`.
    Named(String, Form),
    /// Matches again every time, such as `age`.
    Free(Form),
}

/// The values a placeholder accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Identifier,
    Marker,
    Signature,
    Expiry,
    Time,
    Age,
    Number,
    Text,
    Any,
    RequestId,
}

impl Placeholder {
    /// Reads the name of a placeholder; `None` if it is unknown.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_numbered = stem.len() < name.len();
        let named = |form| Some(Self::Named(name.to_owned(), form));
        match (stem, is_numbered) {
            ("project" | "hook" | "future" | "past", false) | ("pool_uri", true) => {
                Some(Self::Given(name.to_owned()))
            }
            ("id", true) => named(Form::Identifier),
            ("marker", true) => named(Form::Marker),
            ("sig", true) => named(Form::Signature),
            ("expires", true) => named(Form::Expiry),
            ("time", false) => Some(Self::Free(Form::Time)),
            ("age", false) => Some(Self::Free(Form::Age)),
            ("number", false) => Some(Self::Free(Form::Number)),
            ("text", false) => Some(Self::Free(Form::Text)),
            ("any", false) => Some(Self::Free(Form::Any)),
            ("req", false) => Some(Self::Free(Form::RequestId)),
            _ => None,
        }
    }
}

impl Form {
    /// Whether a text, possibly part of a longer one, is such a value.
    pub(super) fn accepts_text(self, text: &str) -> bool {
        match self {
            Self::Identifier => {
                !text.is_empty()
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            }
            Self::Marker => !text.is_empty() && !text.contains(['&', '#', ' ']),
            Self::Signature => !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit()),
            Self::Expiry => is_time(text),
            Self::Time => text.strip_suffix('Z').is_some_and(is_time),
            Self::Age => text.parse::<u64>().is_ok_and(|age| age <= LARGEST_AGE),
            Self::Number => text.parse::<f64>().is_ok(),
            Self::Text | Self::Any => true,
            Self::RequestId => text.strip_prefix("req-").is_some_and(is_uuid),
        }
    }

    /// Whether a JSON value as a whole is such a value.
    pub(super) fn accepts_value(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _) | (Self::Number, Value::Number(_)) => true,
            (Self::Age, Value::Number(number)) => {
                number.as_u64().is_some_and(|age| age <= LARGEST_AGE)
            }
            (Self::Age | Self::Number, _) => false,
            (_, Value::String(text)) => self.accepts_text(text),
            _ => false,
        }
    }
}

/// Whether a text looks like `2026-01-31T12:00:00` and its fields are in range.
fn is_time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd";
    let fits = text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(b, s)| if s == b'd' { b.is_ascii_digit() } else { b == s });
    let field = |from: usize| text.get(from..from + 2).and_then(|digits| digits.parse::<u8>().ok());
    let within = |from, low, high| field(from).is_some_and(|value| (low..=high).contains(&value));
    fits && within(5, 1, 12)
        && within(8, 1, 31)
        && within(11, 0, 23)
        && within(14, 0, 59)
        && within(17, 0, 60)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn knows_exactly_the_described_names() {
        let known = "project id1 marker20 sig1 expires3 time age number text any req future past hook pool_uri2";
        for name in known.split(' ') {
            assert!(Placeholder::parse(name).is_some(), "{name}");
        }
        for name in ["", "id", "marker", "age1", "pool_uri", "project2", "Id1", "nope", "12"] {
            assert!(Placeholder::parse(name).is_none(), "{name}");
        }
    }

    #[test]
    fn tells_good_values_from_bad_ones() {
        let cases = [
            (Form::Identifier, "a-B_9.", "a/b"),
            (Form::Identifier, "x", ""),
            (Form::Marker, "ab%3D", "a&b"),
            (Form::Signature, "0aF9", "xyz"),
            (Form::Expiry, "2026-01-31T12:00:00", "2026-13-31T12:00:00"),
            (Form::Expiry, "2026-01-31T12:00:00", "2026-01-31T12:00:00Z"),
            (Form::Time, "2026-01-31T12:00:00Z", "2026-01-31 12:00:00Z"),
            (Form::Age, "0", "-1"),
            (Form::Age, "12", "86400"),
            (Form::Number, "1.5", "x"),
            (Form::RequestId, "req-3381af92-2b9e-11e3-b191-71861300734c", "req-1"),
        ];
        for (form, good, bad) in cases {
            assert!(form.accepts_text(good), "{form:?} {good}");
            assert!(!form.accepts_text(bad), "{form:?} {bad}");
        }
    }

    #[test]
    fn numbers_written_as_text_are_no_numbers() {
        assert!(Form::Age.accepts_value(&json!(3)) && !Form::Age.accepts_value(&json!("3")));
        assert!(!Form::Age.accepts_value(&json!(1.5)) && !Form::Age.accepts_value(&json!(-1)));
        assert!(
            Form::Number.accepts_value(&json!(-1.5)) && !Form::Number.accepts_value(&json!("1"))
        );
        assert!(
            !Form::Identifier.accepts_value(&json!(5)) && !Form::Text.accepts_value(&json!(null))
        );
        assert!(Form::Any.accepts_value(&json!(null)));
    }
}
