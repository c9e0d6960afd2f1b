//! Examples: each input fits its own schema, each outcome exists.

use jsonschema::Draft;

use super::closed_schema;
use crate::error::SpecError;
use crate::model::{Operation, Spec};

pub(super) fn check_operation(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    let fault = |index: usize, key: &str, message: String| {
        Err(SpecError::new(&operation.file, format!("examples.{index}.{key}"), message))
    };
    if operation.written.examples.is_empty() {
        return Err(SpecError::new(
            &operation.file,
            "examples",
            "an operation has at least one example",
        ));
    }
    let schema = closed_schema(spec, operation);
    let validator = jsonschema::options().with_draft(Draft::Draft202012).build(&schema);
    for (index, example) in operation.written.examples.iter().enumerate() {
        if !operation.outcomes.contains_key(&example.outcome) {
            return fault(index, "outcome", format!("\"{}\" is not an outcome", example.outcome));
        }
        if let Ok(validator) = &validator
            && let Some(error) = validator.iter_errors(&example.input).next()
        {
            return fault(index, "input", error.to_string());
        }
        if example.http.is_some() != operation.written.http.is_some() {
            return fault(
                index,
                "http",
                "an example shows every binding of its operation".to_owned(),
            );
        }
        if example.websocket.is_some() != operation.written.websocket.is_some() {
            return fault(
                index,
                "websocket",
                "an example shows every binding of its operation".to_owned(),
            );
        }
    }
    Ok(())
}
