//! The changes of `queue_update` and `topic_update`: a small part of JSON Patch (RFC 6902) with rules of its own.

use serde_json::Value;
use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, Limits};
use sukkal_storage::Kind;

use super::metadata::{Metadata, is_reserved};

/// One change, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// Sets a key, whether it exists or not.
    Add(String, Value),
    /// Sets a key that must exist.
    Replace(String, Value),
    /// Takes a key away that must exist.
    Remove(String),
}

/// Reads the changes; all of them are checked before any takes effect.
pub(super) fn read(changes: &[Raw]) -> Result<Vec<Change>, ApiError> {
    changes
        .iter()
        .map(|raw| change(raw).map_err(|problem| ApiError::PatchInvalid { problem }))
        .collect()
}

/// Applies changes in order; the first conflict stops them.
pub(super) fn apply(
    kind: Kind,
    metadata: &mut Metadata,
    changes: &[Change],
    limits: &Limits,
) -> Result<(), ApiError> {
    for change in changes {
        match change {
            Change::Add(key, value) => {
                metadata.insert(key.clone(), value.clone());
            }
            Change::Replace(key, value) => {
                if !metadata.contains_key(key) && !is_reserved(kind, key, limits) {
                    return Err(absent("replace", key));
                }
                metadata.insert(key.clone(), value.clone());
            }
            Change::Remove(key) => {
                if metadata.shift_remove(key).is_none() && !is_reserved(kind, key, limits) {
                    return Err(absent("remove", key));
                }
            }
        }
    }
    Ok(())
}

fn absent(change: &str, key: &str) -> ApiError {
    ApiError::PatchKeyAbsent { change: change.to_owned(), key: key.to_owned() }
}

fn change(raw: &Raw) -> Result<Change, String> {
    let document: Value = crate::json::read(raw.bytes()).unwrap_or_default();
    let op = match document.get("op") {
        None | Some(Value::Null) => {
            return Err("Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace.".to_owned());
        }
        Some(Value::String(op)) if ["add", "remove", "replace"].contains(&op.as_str()) => {
            op.as_str()
        }
        Some(other) => {
            let shown = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            return Err(format!(
                "Invalid operation: `{shown}`. It must be one of the following: add, remove, replace."
            ));
        }
    };
    let path = match document.get("path") {
        None => return Err("Unable to find 'path' in JSON Schema change".to_owned()),
        Some(Value::String(path)) => path,
        Some(_) => return Err("The 'path' of a change must be a string.".to_owned()),
    };
    let (root, key) = pointer(path)?;
    if op == "remove" {
        return Ok(Change::Remove(key));
    }
    let Some(value) = document.get("value") else {
        return Err(format!("Operation \"{op}\" requires a member named \"value\"."));
    };
    if !root.eq_ignore_ascii_case("metadata") {
        return Err("The root of path must be metadata, e.g /metadata/key.".to_owned());
    }
    Ok(match op {
        "add" => Change::Add(key, value.clone()),
        _ => Change::Replace(key, value.clone()),
    })
}

/// The two segments of a pointer, decoded and trimmed.
fn pointer(path: &str) -> Result<(String, String), String> {
    if !path.starts_with('/') {
        return Err(format!("Pointer `{path}` does not start with \"/\"."));
    }
    let inner: Vec<&str> = path[1..].split('/').collect();
    if inner.len() > 1 && inner[..inner.len() - 1].iter().skip(1).any(|part| part.trim().is_empty())
    {
        return Err(format!("Pointer `{path}` contains adjacent \"/\"."));
    }
    if path.len() > 1 && path.ends_with('/') {
        return Err(format!("Pointer `{path}` end with \"/\"."));
    }
    let escaped = path.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !escaped {
        return Err(format!(
            "Pointer `{path}` contains \"~\" not part of a recognized escape sequence."
        ));
    }
    let segments: Vec<String> = path
        .trim_start_matches('/')
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~").trim().to_owned())
        .collect();
    match <[String; 2]>::try_from(segments) {
        Ok([root, key]) => Ok((root, key)),
        Err(segments) => Err(format!(
            "Invalid JSON pointer for this resource: '/{}, e.g /metadata/key'",
            segments.join("/")
        )),
    }
}
