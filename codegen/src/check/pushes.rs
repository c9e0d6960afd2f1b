//! Pushes: each schema is one of the specification, and each example fits it.

use std::collections::BTreeSet;

use jsonschema::Draft;
use serde_json::Value;

use super::schemas;
use crate::error::SpecError;
use crate::model::{Push, Spec};
use crate::schema::{Schema, join};

const FILE: &str = "pushes.yaml";

pub(super) fn check(spec: &Spec) -> Result<(), SpecError> {
    spec.pushes.iter().try_for_each(|(name, push)| check_push(spec, name, push))
}

fn check_push(spec: &Spec, name: &str, push: &Push) -> Result<(), SpecError> {
    let key = join(name, "schema");
    Schema::read(&push.schema)
        .map_err(|(place, message)| SpecError::new(FILE, join(&key, &place), message))?;
    schemas::check_references(spec, FILE, &key, &push.schema)?;
    let mut named = BTreeSet::new();
    let mut schema = schemas::localized(&push.schema, &mut named);
    schema["$defs"] = Value::Object(schemas::defs(spec, named));
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .build(&schema)
        .map_err(|error| SpecError::new(FILE, &key, error.to_string()))?;
    if push.examples.is_empty() {
        return Err(SpecError::new(FILE, join(name, "examples"), "has at least one example"));
    }
    for (index, example) in push.examples.iter().enumerate() {
        if let Some(error) = validator.iter_errors(example).next() {
            let key = join(name, &format!("examples[{index}]"));
            return Err(SpecError::new(FILE, key, error.to_string()));
        }
    }
    Ok(())
}
