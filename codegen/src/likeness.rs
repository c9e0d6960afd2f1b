//! Operations that are written after another one, in other words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::SpecError;
use crate::schema::join;

/// Word → the word that stands for it.
pub(crate) type Words = BTreeMap<String, String>;

/// Keys whose values name something outside the operation, which is called the same whatever its words.
const KEPT: &[&str] = &[
    "$ref",
    "available_with",
    "errors",
    "keyword",
    "kind",
    "limit",
    "requires",
    "type",
    "x-default",
    "x-limit",
];

/// Makes an operation out of another one and of what its own file says.
pub(crate) fn derive(
    file: &str,
    own: Value,
    all: &BTreeMap<String, Value>,
    words: &BTreeMap<String, Words>,
) -> Result<Value, SpecError> {
    let fault = |message: String| SpecError::new(file, "like", message);
    let Value::Object(mut own) = own else { return Ok(own) };
    let Some(like) = own.shift_remove("like") else { return Ok(Value::Object(own)) };
    let like = like.as_str().unwrap_or_default();
    let base = all.get(like).ok_or_else(|| fault(format!("\"{like}\" is not an operation")))?;
    if base.get("like").is_some() {
        return Err(fault(format!("\"{like}\" is itself written after another")));
    }
    let resource = own.get("resource").and_then(Value::as_str).unwrap_or_default();
    let words = words
        .get(resource)
        .ok_or_else(|| fault(format!("service.yaml has no \"words\" for \"{resource}\"")))?;
    let mut made = reworded(base, words);
    let is_named_after = base.pointer("/websocket/action").and_then(Value::as_str) == Some(like);
    if is_named_after && let Some(name) = own.get("operation") {
        made["websocket"]["action"] = name.clone();
    }
    merge(file, "", &mut made, own)?;
    Ok(made)
}

/// What is written, in other words.
fn reworded(written: &Value, words: &Words) -> Value {
    match written {
        Value::String(text) => Value::String(reword(text, words)),
        Value::Array(elements) => elements.iter().map(|each| reworded(each, words)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| match (key.as_str(), value) {
                ("errors", Value::Object(changes)) => (key.clone(), changed_errors(changes, words)),
                (name, Value::String(_) | Value::Array(_)) if KEPT.contains(&name) => {
                    (key.clone(), value.clone())
                }
                _ => (reword(key, words), reworded(value, words)),
            })
            .collect(),
        other => other.clone(),
    }
}

/// The changes of errors keep their names, which are those of `errors.yaml`.
fn changed_errors(changes: &Map<String, Value>, words: &Words) -> Value {
    changes.iter().map(|(name, change)| (name.clone(), reworded(change, words))).collect()
}

/// Replaces each run of letters that is a word; other letters around it make it another word.
fn reword(text: &str, words: &Words) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let letters = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(letters);
        made.push_str(words.get(word).map_or(word, String::as_str));
        let others = after.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(after.len());
        made.push_str(&after[..others]);
        rest = &after[others..];
    }
    made
}

/// Lays what a file says over what it is written after: objects member by member, a null takes away.
fn merge(
    file: &str,
    place: &str,
    made: &mut Value,
    own: Map<String, Value>,
) -> Result<(), SpecError> {
    let Value::Object(members) = made else { return Ok(()) };
    for (key, value) in own {
        let inner = join(place, &key);
        match (value, members.get_mut(&key)) {
            (Value::Null, Some(_)) => {
                members.shift_remove(&key);
            }
            (Value::Null, None) => {
                return Err(SpecError::new(file, inner, "there is nothing to take away"));
            }
            (Value::Object(value), Some(found @ Value::Object(_))) => {
                merge(file, &inner, found, value)?;
            }
            (value, _) => {
                members.insert(key, value);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words() -> Words {
        [("queue", "topic"), ("Queues", "Topics")].map(|(a, b)| (a.to_owned(), b.to_owned())).into()
    }

    #[test]
    fn words_are_replaced_where_they_stand_alone() {
        let text = "Queues: {queue_name}, /v2/queue/x, enqueued, queues é queue";

        let made = reword(text, &words());

        assert_eq!(made, "Topics: {topic_name}, /v2/topic/x, enqueued, queues é topic");
    }

    #[test]
    fn what_names_something_elsewhere_is_kept() {
        let written = json!({
            "queue_name": { "$ref": "types/queue.yaml#/Queue", "description": "A queue." },
            "x-limit": "queue",
            "errors": ["queue"],
            "http": { "errors": { "queue": { "text": "No queue." } } },
        });

        let wanted = json!({
            "topic_name": { "$ref": "types/queue.yaml#/Queue", "description": "A topic." },
            "x-limit": "queue",
            "errors": ["queue"],
            "http": { "errors": { "queue": { "text": "No topic." } } },
        });
        assert_eq!(reworded(&written, &words()), wanted);
    }

    #[test]
    fn own_members_win_and_null_takes_away() {
        let mut made = json!({ "a": { "b": 1, "c": 2 }, "d": [1] });
        let Value::Object(own) = json!({ "a": { "b": null, "c": 3 }, "d": [2], "e": 4 }) else {
            unreachable!()
        };

        assert_eq!(merge("", "", &mut made, own), Ok(()));
        assert_eq!(made, json!({ "a": { "c": 3 }, "d": [2], "e": 4 }));
    }
}
