//! Schemas: references, limits, and that each compiles.

use std::collections::BTreeSet;

use jsonschema::Draft;
use serde_json::{Map, Value, json};

use crate::emit::resolved;
use crate::error::SpecError;
use crate::model::{Operation, Spec};
use crate::schema::{Default, Form, Schema, join};

pub(super) fn check_types(spec: &Spec) -> Result<(), SpecError> {
    for (name, def) in &spec.types {
        check_references(spec, &def.file, name, &def.written)?;
        check_schema(spec, &def.file, name, &def.schema)?;
    }
    Ok(())
}

pub(super) fn check_operation(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    check_references(spec, &operation.file, "input", &operation.written.input)?;
    for (name, written) in &operation.written.outcomes {
        check_references(spec, &operation.file, &format!("outcomes.{name}"), written)?;
    }
    check_schema(spec, &operation.file, "input", &operation.input)?;
    for (name, schema) in &operation.outcomes {
        check_schema(spec, &operation.file, &format!("outcomes.{name}"), schema)?;
    }
    let closed = closed_schema(spec, operation);
    jsonschema::options().with_draft(Draft::Draft202012).build(&closed).map(drop).map_err(|error| {
        SpecError::new(&operation.file, "input", format!("does not compile: {error}"))
    })
}

fn check_schema(spec: &Spec, file: &str, key: &str, schema: &Schema) -> Result<(), SpecError> {
    if let Some(limit) = &schema.limit {
        if !spec.limits.contains_key(limit) {
            return Err(SpecError::new(
                file,
                join(key, "x-limit"),
                format!("\"{limit}\" is not a limit"),
            ));
        }
        if !matches!(resolved(spec, schema).form, Form::Integer { .. } | Form::Array { .. }) {
            return Err(SpecError::new(file, join(key, "x-limit"), "is for integers and lists"));
        }
        if schema.refusal.is_none() {
            return Err(SpecError::new(
                file,
                key,
                "a field with \"x-limit\" needs an \"x-refusal\"",
            ));
        }
    }
    if let Some(Default::Limit(limit)) = &schema.default
        && spec.limits.get(limit).is_none_or(|limit| limit.default.is_none())
    {
        let message = format!("\"{limit}\" is not a limit with a default");
        return Err(SpecError::new(file, join(key, "x-default"), message));
    }
    match &schema.form {
        Form::Array { items, .. } => check_schema(spec, file, &join(key, "items"), items),
        Form::Object { properties, .. } => properties.iter().try_for_each(|(name, each)| {
            check_schema(spec, file, &join(key, &format!("properties.{name}")), each)
        }),
        _ => Ok(()),
    }
}

/// Refuses a reference that does not name the file its type stands in.
pub(super) fn check_references(
    spec: &Spec,
    file: &str,
    key: &str,
    written: &Value,
) -> Result<(), SpecError> {
    match written {
        Value::Object(members) => members.iter().try_for_each(|(name, each)| {
            let key = join(key, name);
            if let ("$ref", Some(target)) = (name.as_str(), each.as_str()) {
                let name = target.rsplit("#/").next().unwrap_or_default();
                let Some(def) = spec.types.get(name) else {
                    return Err(SpecError::new(file, key, format!("\"{name}\" is not a type")));
                };
                if target != format!("{}#/{name}", def.file) {
                    let message = format!("\"{name}\" stands in {}", def.file);
                    return Err(SpecError::new(file, key, message));
                }
            }
            check_references(spec, file, &key, each)
        }),
        Value::Array(elements) => {
            elements.iter().try_for_each(|each| check_references(spec, file, key, each))
        }
        _ => Ok(()),
    }
}

/// The input schema of an operation with every type it names under `$defs`.
pub(crate) fn closed_schema(spec: &Spec, operation: &Operation) -> Value {
    let mut named = BTreeSet::new();
    let mut schema = localized(&operation.written.input, &mut named);
    let defs = defs(spec, named);
    if !defs.is_empty() {
        schema["$defs"] = Value::Object(defs);
    }
    schema
}

/// These types and those that they name, sorted.
pub(super) fn defs(spec: &Spec, mut named: BTreeSet<String>) -> Map<String, Value> {
    let mut defs = Map::new();
    let mut waiting: Vec<String> = named.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let Some(def) = spec.types.get(&name) else { continue };
        let mut inner = BTreeSet::new();
        let text = localized(&def.written, &mut inner);
        defs.insert(name, text);
        waiting.extend(inner.into_iter().filter(|each| named.insert(each.clone())));
    }
    defs.sort_keys();
    defs
}

/// Rewrites references to point into `$defs`, noting which types they name.
///
/// Keywords beside a reference move into a member of `allOf`, since draft 4 ignores them there.
pub(crate) fn localized(value: &Value, named: &mut BTreeSet<String>) -> Value {
    match value {
        Value::Object(members) => {
            let mut rewritten: Map<String, Value> = members
                .iter()
                .filter(|(key, _)| key.as_str() != "$ref")
                .map(|(key, each)| (key.clone(), localized(each, named)))
                .collect();
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                let name = target.rsplit("#/").next().unwrap_or_default().to_owned();
                let reference = format!("#/$defs/{name}");
                named.insert(name);
                if rewritten.is_empty() {
                    return json!({ "$ref": reference });
                }
                rewritten.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            }
            Value::Object(rewritten)
        }
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|each| localized(each, named)).collect())
        }
        other => other.clone(),
    }
}
