//! Everything the specification must hold, beyond what reading it already refuses.

mod bindings;
mod examples;
mod schemas;

pub(crate) use schemas::closed_schema;

use crate::error::SpecError;
use crate::model::{Operation, Spec};

pub(crate) fn check(spec: &Spec) -> Result<(), SpecError> {
    for (name, error) in &spec.errors {
        let key = format!("errors.{name}.kind");
        known_kind(spec, "errors.yaml", &key, &error.kind)?;
    }
    for (side, rules) in [("http", &spec.refusals.http), ("websocket", &spec.refusals.websocket)] {
        for (index, rule) in rules.iter().enumerate() {
            known_kind(spec, "refusals.yaml", &format!("{side}.{index}.kind"), &rule.kind)?;
        }
    }
    schemas::check_types(spec)?;
    for operation in &spec.operations {
        check_name(operation)?;
        schemas::check_operation(spec, operation)?;
        bindings::check_operation(spec, operation)?;
        examples::check_operation(spec, operation)?;
    }
    bindings::check_collisions(spec)
}

fn known_kind(spec: &Spec, file: &str, key: &str, kind: &str) -> Result<(), SpecError> {
    if spec.kinds.contains_key(kind) {
        return Ok(());
    }
    Err(SpecError::new(file, key, format!("\"{kind}\" is not a kind of error")))
}

fn check_name(operation: &Operation) -> Result<(), SpecError> {
    let expected = format!("operations/{}/{}.yaml", operation.written.resource, operation.name());
    if operation.file.replace('\\', "/") == expected {
        return Ok(());
    }
    Err(SpecError::new(
        &operation.file,
        "operation",
        format!("this operation belongs into {expected}"),
    ))
}
