//! Examples: each input fits its own schema, each outcome exists, and the wire form is that of the bindings.

use std::collections::BTreeSet;

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::closed_schema;
use crate::error::SpecError;
use crate::model::{Example, HttpBinding, Operation, Spec};

pub(super) fn check_operation(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    if operation.written.examples.is_empty() {
        let message = "an operation has at least one example";
        return Err(SpecError::new(&operation.file, "examples", message));
    }
    let schema = closed_schema(spec, operation);
    let validator = jsonschema::options().with_draft(Draft::Draft202012).build(&schema);
    let validator =
        validator.map_err(|error| SpecError::new(&operation.file, "input", error.to_string()))?;
    let mut names = BTreeSet::new();
    for (index, example) in operation.written.examples.iter().enumerate() {
        let place = Place { operation, index };
        if !names.insert(&example.name) {
            return place.fault("name", format!("\"{}\" is used twice", example.name));
        }
        place.plain(example, &validator)?;
        place.http(example)?;
        place.websocket(example, &validator)?;
    }
    Ok(())
}

struct Place<'a> {
    operation: &'a Operation,
    index: usize,
}

impl Place<'_> {
    fn fault<T>(&self, key: &str, message: impl Into<String>) -> Result<T, SpecError> {
        let key = format!("examples[{}].{key}", self.index);
        Err(SpecError::new(&self.operation.file, key, message))
    }

    fn fits(&self, key: &str, value: &Value, validator: &Validator) -> Result<(), SpecError> {
        match validator.iter_errors(value).next() {
            None => Ok(()),
            Some(error) => self.fault(key, error.to_string()),
        }
    }

    fn plain(&self, example: &Example, validator: &Validator) -> Result<(), SpecError> {
        if !self.operation.outcomes.contains_key(&example.outcome) {
            return self.fault("outcome", format!("\"{}\" is not an outcome", example.outcome));
        }
        let fields = self.operation.fields();
        let mut given = example.input.as_object().into_iter().flat_map(|members| members.keys());
        if let Some(name) = given.find(|name| !fields.contains_key(*name)) {
            return self.fault("input", format!("\"{name}\" is not an input field"));
        }
        self.fits("input", &example.input, validator)
    }

    fn http(&self, example: &Example) -> Result<(), SpecError> {
        let (binding, shown) = match (&self.operation.written.http, &example.http) {
            (Some(binding), Some(shown)) => (binding, shown),
            (None, None) => return Ok(()),
            _ => return self.fault("http", "an example shows every binding of its operation"),
        };
        let wanted = binding.outcomes[&example.outcome].status;
        if shown.status != wanted {
            return self.fault("http.status", format!("the binding says {wanted}"));
        }
        if !is_request_of(binding, &shown.request) {
            let message = format!("is not {} {}", binding.method, binding.path);
            return self.fault("http.request", message);
        }
        let reads = binding.payload.is_some() || !binding.body.is_empty();
        if shown.body.is_some() && !reads {
            return self.fault("http.body", "the route reads no body");
        }
        Ok(())
    }

    fn websocket(&self, example: &Example, validator: &Validator) -> Result<(), SpecError> {
        let (binding, shown) = match (&self.operation.written.websocket, &example.websocket) {
            (Some(binding), Some(shown)) => (binding, shown),
            (None, None) => return Ok(()),
            _ => return self.fault("websocket", "an example shows every binding of its operation"),
        };
        let wanted = binding.outcomes[&example.outcome].status;
        if shown.status != wanted {
            return self.fault("websocket.status", format!("the binding says {wanted}"));
        }
        match &shown.body {
            None if binding.body_optional => Ok(()),
            None => self.fault("websocket.body", "is missing"),
            Some(body) => self.fits("websocket.body", body, validator),
        }
    }
}

/// Whether `METHOD /path?query` is a call of this route.
fn is_request_of(binding: &HttpBinding, request: &str) -> bool {
    let Some((method, target)) = request.split_once(' ') else { return false };
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let given: Vec<&str> = path.split('/').collect();
    let wanted: Vec<&str> = binding.path.split('/').collect();
    method == binding.method
        && given.len() == wanted.len()
        && wanted
            .iter()
            .zip(&given)
            .all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
}
