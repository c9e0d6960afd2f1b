//! The option of subscriptions that nobody is shown: the secret that signs.

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

/// The name of the option.
pub(super) const NAME: &str = "signing_secret";

type Members<'a> = IndexMap<String, &'a RawValue>;

/// The options as they are shown: `true` in the place of a secret.
pub(super) fn hidden(options: Bytes) -> Bytes {
    // The name may be written with escapes.
    let text = std::str::from_utf8(&options).unwrap_or_default();
    if !text.contains(NAME) && !text.contains('\\') {
        return options;
    }
    let Ok(kept) = to_raw_value(&true) else { return Bytes::from_static(b"{}") };
    replaced(&options, &kept).unwrap_or(options)
}

/// The options with the secret that is stored, for a change that keeps it; `None` if none is stored.
pub(super) fn with_stored(options: &Bytes, stored: &Bytes) -> Option<Bytes> {
    let stored: Members<'_> = crate::json::read(stored).ok()?;
    replaced(options, stored.get(NAME)?)
}

/// The options with another value of this one; `None` if they do not have it.
fn replaced(options: &Bytes, value: &RawValue) -> Option<Bytes> {
    let mut members: Members<'_> = crate::json::read(options).ok()?;
    *members.get_mut(NAME)? = value;
    serde_json::to_vec(&members).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown_however_its_name_is_written() {
        for (stored, shown) in [
            (
                r#"{"a": 1e400, "signing_secret": "whsec_x", "b": [ ]}"#,
                r#"{"a":1e400,"signing_secret":true,"b":[ ]}"#,
            ),
            (r#"{"signing\u005fsecret": ["whsec_x"]}"#, r#"{"signing_secret":true}"#),
            (r#"{"signing_secret": 1, "signing_secret": "whsec_x"}"#, r#"{"signing_secret":true}"#),
            (r#"{"a": "signing_secret \\"}"#, r#"{"a": "signing_secret \\"}"#),
            ("{ }", "{ }"),
        ] {
            assert_eq!(hidden(Bytes::from_static(stored.as_bytes())), shown.as_bytes());
        }
    }

    #[test]
    fn a_change_can_keep_the_secret() {
        let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
        let changed = bytes(r#"{"signing_secret": true, "n": 12345678901234567890123}"#);
        let stored = bytes(r#"{"x": 1, "signing_secret": "whsec_x"}"#);

        let kept = with_stored(&changed, &stored).unwrap();
        assert_eq!(kept, r#"{"signing_secret":"whsec_x","n":12345678901234567890123}"#.as_bytes());
        assert_eq!(with_stored(&changed, &bytes("{}")), None);
    }
}
