//! The checksum of a message: MD5 of its body in the one JSON spelling that all clients can compute.

use std::fmt::Write as _;

use md5::{Digest, Md5};
use serde_json::Value;

/// The checksum of a body; none for `null`.
///
/// The spelling has a blank after commas and colons, members in the order they were sent, and every
/// character beyond ASCII escaped.
pub(super) fn of(body: &[u8]) -> Option<String> {
    let value: Value = crate::json::read(body).ok()?;
    if value.is_null() {
        return None;
    }
    let mut text = String::with_capacity(body.len() + body.len() / 8);
    spell(&value, &mut text);
    let mut sum = String::from("MD5:");
    for byte in Md5::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(sum, "{byte:02x}");
    }
    Some(sum)
}

fn spell(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => out.push_str(&spelled_number(number)),
        Value::String(text) => spell_string(text, out),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                spell(element, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                spell_string(name, out);
                out.push_str(": ");
                spell(member, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Doubles are spelled with an exponent of at least two digits from 1e16 up and below 1e-4.
fn spelled_number(number: &serde_json::Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) =
            exponent.strip_prefix('-').map_or(("+", exponent), |rest| ("-", rest));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{value:?}")
}

fn spell_string(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(letter),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_known_checksums() {
        assert_eq!(of(b"\"str\"").unwrap(), "MD5:767e2d7912ebefdfe18495ed53635fc8");
        assert_eq!(
            of("{\"b\":1,\"a\":\"é\"}".as_bytes()).unwrap(),
            "MD5:b9622a81c98224c56eb3afdd8f51b202"
        );
        assert_eq!(of(b"5").unwrap(), "MD5:e4da3b7fbbce2345d7772b0674a318d5");
        assert_eq!(of(b"null"), None);
    }

    #[test]
    fn spells_doubles_with_exponents_where_they_are_long() {
        for (text, wanted) in [
            ("1e16", "1e+16"),
            ("1.5", "1.5"),
            ("1e-5", "1e-05"),
            ("100000.0", "100000.0"),
            ("0.0", "0.0"),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let mut spelled = String::new();
            spell(&value, &mut spelled);
            assert_eq!(spelled, wanted);
        }
    }
}
