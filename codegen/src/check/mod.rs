//! Everything the specification must hold, beyond what reading it already refuses.

mod access;
mod bindings;
mod collisions;
mod errors;
mod examples;
mod inputs;
mod outcomes;
mod pushes;
mod schemas;
mod texts;

#[cfg(feature = "documents")]
pub(crate) use errors::errors_named;
pub(crate) use schemas::closed_schema;

use crate::error::SpecError;
use crate::model::{Operation, Spec};

pub(crate) fn check(spec: &Spec) -> Result<(), SpecError> {
    errors::check_errors(spec)?;
    errors::check_limits(spec)?;
    schemas::check_types(spec)?;
    outcomes::check_views(spec)?;
    for operation in &spec.operations {
        check_name(spec, operation)?;
        access::check_operation(spec, operation)?;
        schemas::check_operation(spec, operation)?;
        inputs::check_operation(spec, operation)?;
        errors::check_names(spec, operation)?;
        bindings::check_operation(spec, operation)?;
        outcomes::check_operation(operation)?;
        examples::check_operation(spec, operation)?;
    }
    pushes::check(spec)?;
    collisions::check(spec)
}

fn check_name(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    let resource = &operation.written.resource;
    let expected = format!("operations/{resource}/{}.yaml", operation.name());
    if operation.file.replace('\\', "/") != expected {
        let message = format!("this operation belongs into {expected}");
        return Err(SpecError::new(&operation.file, "operation", message));
    }
    if !spec.service.resources.contains_key(resource) {
        let message = format!("\"{resource}\" is not described in service.yaml");
        return Err(SpecError::new(&operation.file, "resource", message));
    }
    Ok(())
}
