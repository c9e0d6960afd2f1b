//! Frames and JSON text: the one place that decides what MessagePack frames look like inside and out.
//!
//! A binary frame becomes JSON text once; from there on both encodings take the same path. A binary value
//! that is UTF-8 becomes a string; any other is refused.

use std::fmt;

use bytes::Bytes;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sukkal_spec::present::JsonText;
use sukkal_spec::raw::MAX_DEPTH;

/// How a frame is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// A text frame with JSON.
    Json,
    /// A binary frame with MessagePack.
    MessagePack,
}

impl Encoding {
    /// As texts to clients name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "text (JSON)",
            Self::MessagePack => "binary (MessagePack)",
        }
    }
}

/// Why a MessagePack frame cannot become JSON text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    /// The bytes are not one MessagePack value.
    #[error("FormatError: {0}")]
    Malformed(String),
}

/// The JSON text of a MessagePack frame.
///
/// # Errors
/// Bytes that are not exactly one value, and values that JSON cannot hold.
pub(crate) fn to_json(frame: &[u8]) -> Result<Bytes, CodecError> {
    let mut out = JsonText::with_capacity(frame.len() + frame.len() / 4);
    let mut reader = rmp_serde::Deserializer::new(frame);
    reader.set_max_depth(MAX_DEPTH as usize + 2);
    Transcode { out: &mut out, is_name: false }
        .deserialize(&mut reader)
        .map_err(|error| CodecError::Malformed(error.to_string()))?;
    if !reader.into_inner().is_empty() {
        return Err(CodecError::Malformed("unexpected bytes after the value".to_owned()));
    }
    Ok(Bytes::from(out.into_bytes()))
}

/// The MessagePack form of JSON text that this service wrote.
///
/// # Errors
/// Text that is not JSON.
pub(crate) fn from_json(text: &[u8]) -> Result<Vec<u8>, CodecError> {
    // A value may be as deep as any document, and a reply puts some levels around it.
    let value: serde_json::Value =
        crate::json::read(text).map_err(|error| CodecError::Malformed(error.to_string()))?;
    rmp_serde::to_vec_named(&value).map_err(|error| CodecError::Malformed(error.to_string()))
}

/// Writes the value that is read as JSON text.
struct Transcode<'a> {
    out: &'a mut JsonText,
    is_name: bool,
}

impl<'de> DeserializeSeed<'de> for Transcode<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Transcode<'_> {
    fn scalar<E: de::Error>(self, text: &str) -> Result<(), E> {
        if self.is_name {
            return Err(E::custom("member names must be strings"));
        }
        self.out.literal(text);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Transcode<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.scalar("null")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.scalar(if value { "true" } else { "false" })
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.scalar(&value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.scalar(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        if !value.is_finite() {
            return Err(E::custom("numbers must be finite"));
        }
        self.scalar(&format!("{value:?}"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.out.string(value);
        Ok(())
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<(), E> {
        let text =
            std::str::from_utf8(value).map_err(|_| E::custom("binary values must be UTF-8"))?;
        self.visit_str(text)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<(), S::Error> {
        let Transcode { out, is_name } = self;
        if is_name {
            return Err(de::Error::custom("member names must be strings"));
        }
        out.open(b'[');
        loop {
            // The separator is only wanted when another element follows.
            let more = elements.next_element_seed(Element(&mut *out))?;
            if more.is_none() {
                break;
            }
        }
        out.close(b']');
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<(), M::Error> {
        let Transcode { out, is_name } = self;
        if is_name {
            return Err(de::Error::custom("member names must be strings"));
        }
        out.open(b'{');
        while members.next_key_seed(Name(&mut *out))?.is_some() {
            members.next_value_seed(Transcode { out: &mut *out, is_name: false })?;
        }
        out.close(b'}');
        Ok(())
    }
}

struct Element<'a>(&'a mut JsonText);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.element();
        Transcode { out: self.0, is_name: false }.deserialize(deserializer)
    }
}

struct Name<'a>(&'a mut JsonText);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.element();
        Transcode { out: &mut *self.0, is_name: true }.deserialize(deserializer)?;
        self.0.literal(": ");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rmpv::Value;

    use super::*;

    fn packed(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).unwrap();
        bytes
    }

    #[test]
    fn turns_binary_that_is_text_into_strings_and_refuses_other() {
        assert_eq!(&to_json(&packed(&Value::Binary(b"a\"b".to_vec()))).unwrap()[..], br#""a\"b""#);
        assert!(to_json(&packed(&Value::Binary(vec![0xff]))).is_err());
    }

    #[test]
    fn refuses_what_json_cannot_hold() {
        for value in [
            Value::F64(f64::NAN),
            Value::F64(f64::INFINITY),
            Value::Ext(1, vec![]),
            Value::Map(vec![(Value::from(1), Value::Nil)]),
        ] {
            assert!(to_json(&packed(&value)).is_err(), "{value}");
        }
    }

    #[test]
    fn refuses_trailing_and_missing_bytes_and_deep_nesting() {
        assert!(to_json(&[]).is_err());
        assert!(to_json(&[0xc1]).is_err());
        assert!(to_json(&[0x01, 0x01]).is_err());
        assert!(to_json(&vec![0x91; 100_000]).is_err());
    }

    #[test]
    fn keeps_the_order_of_members_both_ways() {
        let text = br#"{"b": 1, "a": [true, null, 1.5, "x"]}"#;

        let there = from_json(text).unwrap();
        let back = to_json(&there).unwrap();

        assert_eq!(&back[..], text);
    }
}
