//! The reserved attributes of queues and topics: their rules, and what is shown where they are not set.

use bytes::Bytes;
use serde_json::{Map, Value};
use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, Limits};
use sukkal_storage::Kind;

use super::retry_policy;

/// Metadata as a document that can be changed; members keep the order in which they were set.
pub(super) type Metadata = Map<String, Value>;

/// Reads stored metadata.
pub(super) fn read(text: &[u8]) -> Metadata {
    crate::json::read(text).unwrap_or_default()
}

/// Writes metadata, with blanks after commas and colons as every document of the service.
pub(super) fn write(metadata: &Metadata) -> Bytes {
    let mut text = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    // Serializing a map of values into memory cannot fail.
    let _ = serde::Serialize::serialize(metadata, &mut serializer);
    Bytes::from(text)
}

/// The attributes that are shown although they are not set, in their order, with the values in force.
fn defaults(limits: &Limits) -> [(&'static str, Value); 7] {
    [
        ("_max_messages_post_size", Value::from(limits.max_messages_post_size)),
        ("_default_message_ttl", Value::from(limits.default_message_ttl)),
        ("_default_message_delay", Value::from(limits.default_message_delay)),
        ("_dead_letter_queue", Value::Null),
        ("_dead_letter_queue_messages_ttl", Value::Null),
        ("_max_claim_count", Value::Null),
        ("_enable_encrypt_messages", Value::Bool(false)),
    ]
}

/// How many of them mean something to a topic, whose messages nobody claims.
const OF_TOPICS: usize = 3;

/// The attributes that are always shown, with the values in force.
fn shown(kind: Kind, limits: &Limits) -> impl Iterator<Item = (&'static str, Value)> {
    let defaults = defaults(limits);
    let count = if kind == Kind::Topic { OF_TOPICS } else { defaults.len() };
    defaults.into_iter().take(count)
}

/// Whether an attribute is one of those that are always shown.
pub(super) fn is_reserved(kind: Kind, name: &str, limits: &Limits) -> bool {
    shown(kind, limits).any(|(each, _)| each == name)
}

/// Metadata as readers see it: reserved attributes that are missing or unset show the values in force.
pub(super) fn effective(kind: Kind, stored: &[u8], limits: &Limits) -> Raw {
    let mut metadata = read(stored);
    for (name, default) in shown(kind, limits) {
        match metadata.get_mut(name) {
            None => {
                metadata.insert(name.to_owned(), default);
            }
            Some(value) if is_unset(value) => *value = default,
            Some(_) => {}
        }
    }
    Raw::from_trusted(write(&metadata))
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}

/// Checks the reserved attributes; the first that breaks its rule is told.
pub(super) fn check(metadata: &Metadata, limits: &Limits) -> Result<(), ApiError> {
    let ttl = (60, limits.max_message_ttl);
    let ranged = |name: &str, (minimum, maximum): (i64, i64), error: fn(i64, i64) -> ApiError| {
        match integer(metadata, name)? {
            Some(value) if !(minimum..=maximum).contains(&value) => Err(error(minimum, maximum)),
            _ => Ok(()),
        }
    };
    ranged("_default_message_ttl", ttl, |minimum, maximum| ApiError::DefaultTtlOutOfRange {
        minimum,
        maximum,
    })?;
    ranged("_max_messages_post_size", (1, limits.max_messages_post_size), |_, maximum| {
        ApiError::PostSizeOutOfRange { maximum }
    })?;
    integer(metadata, "_max_claim_count")?;
    ranged("_dead_letter_queue_messages_ttl", ttl, |minimum, maximum| {
        ApiError::DeadLetterTtlOutOfRange { minimum, maximum }
    })?;
    ranged("_default_message_delay", (0, limits.max_message_delay), |minimum, maximum| {
        ApiError::DefaultDelayOutOfRange { minimum, maximum }
    })?;
    check_others(metadata)
}

fn check_others(metadata: &Metadata) -> Result<(), ApiError> {
    let set = |name: &str| metadata.get(name).filter(|value| !value.is_null());
    let encrypt = "_enable_encrypt_messages";
    if set(encrypt).is_some_and(|value| !value.is_boolean()) {
        return Err(ApiError::AttributeNotABoolean { attribute: encrypt.to_owned() });
    }
    match set("_retry_policy").and_then(retry_policy::problem) {
        None => Ok(()),
        Some(problem) => Err(ApiError::RetryPolicyInvalid { problem }),
    }
}

/// An attribute that is an integer, null, or missing.
fn integer(metadata: &Metadata, name: &str) -> Result<Option<i64>, ApiError> {
    match metadata.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| ApiError::AttributeNotAnInteger { attribute: name.to_owned() }),
    }
}

/// JSON with `", "` and `": "`.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
    ) -> std::io::Result<()> {
        out.write_all(b": ")
    }
}
