//! Bindings: every field carried once, every outcome shown, every name known.

use std::collections::{BTreeMap, BTreeSet};

use super::known_kind;
use crate::error::SpecError;
use crate::model::{HttpBinding, Operation, Refusal, Spec, WebSocketBinding};

pub(super) fn check_operation(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    for (index, name) in operation.written.errors.iter().enumerate() {
        let known = match name.strip_prefix('@') {
            Some(group) => spec.errors.values().any(|error| error.group.as_deref() == Some(group)),
            None => spec.errors.contains_key(name),
        };
        if !known {
            return fault(
                operation,
                format!("errors.{index}"),
                format!("\"{name}\" is not an error"),
            );
        }
    }
    if let Some(binding) = &operation.written.http {
        check_http(spec, operation, binding)?;
    }
    if let Some(binding) = &operation.written.websocket {
        check_websocket(spec, operation, binding)?;
    }
    if operation.written.http.is_none() && operation.written.websocket.is_none() {
        return fault(operation, "http", "an operation needs at least one binding");
    }
    Ok(())
}

fn fault<T>(
    operation: &Operation,
    key: impl Into<String>,
    message: impl Into<String>,
) -> Result<T, SpecError> {
    Err(SpecError::new(&operation.file, key, message))
}

/// Refuses a name that is not an input field.
fn is_field(operation: &Operation, key: &str, name: &str) -> Result<(), SpecError> {
    if operation.fields().contains_key(name) {
        return Ok(());
    }
    fault(operation, key, format!("\"{name}\" is not an input field"))
}

fn check_http(spec: &Spec, operation: &Operation, binding: &HttpBinding) -> Result<(), SpecError> {
    let mut carried: Vec<(String, &str)> = Vec::new();
    let variables =
        binding.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    carried.extend(variables.map(|name| ("http.path".to_owned(), name)));
    carried.extend(binding.query.iter().map(|each| ("http.query".to_owned(), each.field())));
    carried.extend(
        binding.query_rest.iter().map(|each| ("http.query_rest".to_owned(), each.as_str())),
    );
    carried.extend(binding.body.iter().map(|each| ("http.body".to_owned(), each.as_str())));
    carried.extend(binding.payload.iter().map(|each| ("http.payload".to_owned(), each.as_str())));
    carried.extend(binding.unbound.iter().map(|each| ("http.unbound".to_owned(), each.as_str())));
    let mut seen = BTreeSet::new();
    for (key, name) in &carried {
        is_field(operation, key, name)?;
        if !seen.insert(*name) {
            return fault(operation, key, format!("\"{name}\" is bound twice"));
        }
    }
    if let Some(name) = operation.fields().keys().find(|name| !seen.contains(name.as_str())) {
        return fault(operation, "http", format!("input field \"{name}\" is not bound"));
    }
    if let Some(when) = &binding.when {
        is_field(operation, "http.when.has", &when.has)?;
    }
    for name in operation.outcomes.keys() {
        let Some(shown) = binding.outcomes.get(name) else {
            return fault(operation, "http.outcomes", format!("outcome \"{name}\" is missing"));
        };
        if shown.content_keys() > 1 {
            return fault(operation, format!("http.outcomes.{name}"), "has several kinds of body");
        }
    }
    check_outcome_names(operation, "http.outcomes", binding.outcomes.keys())?;
    check_refusals(spec, operation, "http", &binding.refusals)?;
    check_overrides(spec, operation, "http", binding.errors.keys())?;
    check_limit(
        spec,
        operation,
        "http",
        binding.max_body.as_ref().map(|max| (&max.limit, &max.kind)),
    )
}

fn check_websocket(
    spec: &Spec,
    operation: &Operation,
    binding: &WebSocketBinding,
) -> Result<(), SpecError> {
    for name in &binding.unbound {
        is_field(operation, "websocket.unbound", name)?;
    }
    if let Some(when) = &binding.when {
        is_field(operation, "websocket.when.has", &when.has)?;
    }
    for name in operation.outcomes.keys() {
        let Some(shown) = binding.outcomes.get(name) else {
            return fault(
                operation,
                "websocket.outcomes",
                format!("outcome \"{name}\" is missing"),
            );
        };
        if shown.content_keys() != 1 {
            return fault(
                operation,
                format!("websocket.outcomes.{name}"),
                "needs one kind of body",
            );
        }
    }
    check_outcome_names(operation, "websocket.outcomes", binding.outcomes.keys())?;
    check_refusals(spec, operation, "websocket", &binding.refusals)?;
    check_overrides(spec, operation, "websocket", binding.errors.keys())?;
    check_limit(
        spec,
        operation,
        "websocket",
        binding.max_body.as_ref().map(|max| (&max.limit, &max.kind)),
    )
}

fn check_outcome_names<'a>(
    operation: &Operation,
    key: &str,
    mut names: impl Iterator<Item = &'a String>,
) -> Result<(), SpecError> {
    match names.find(|name| !operation.outcomes.contains_key(*name)) {
        None => Ok(()),
        Some(name) => fault(operation, key, format!("\"{name}\" is not an outcome")),
    }
}

fn check_refusals(
    spec: &Spec,
    operation: &Operation,
    side: &str,
    rules: &[Refusal],
) -> Result<(), SpecError> {
    for (index, rule) in rules.iter().enumerate() {
        let key = format!("{side}.refusals.{index}");
        known_kind(spec, &operation.file, &format!("{key}.kind"), &rule.kind)?;
        let texts = [&rule.text, &rule.error, &rule.exception].into_iter().flatten().count();
        if texts != 1 {
            return fault(operation, key, "needs one of \"text\", \"error\" and \"exception\"");
        }
    }
    Ok(())
}

fn check_overrides<'a>(
    spec: &Spec,
    operation: &Operation,
    side: &str,
    mut names: impl Iterator<Item = &'a String>,
) -> Result<(), SpecError> {
    match names.find(|name| !name.starts_with('@') && !spec.errors.contains_key(*name)) {
        None => Ok(()),
        Some(name) => {
            fault(operation, format!("{side}.errors"), format!("\"{name}\" is not an error"))
        }
    }
}

fn check_limit(
    spec: &Spec,
    operation: &Operation,
    side: &str,
    max: Option<(&String, &String)>,
) -> Result<(), SpecError> {
    let Some((limit, kind)) = max else { return Ok(()) };
    if !spec.limits.contains_key(limit) {
        let key = format!("{side}.max_body.limit");
        return fault(operation, key, format!("\"{limit}\" is not a limit"));
    }
    known_kind(spec, &operation.file, &format!("{side}.max_body.kind"), kind)
}

/// Refuses two operations on one route or action that no `when` tells apart.
pub(super) fn check_collisions(spec: &Spec) -> Result<(), SpecError> {
    let mut routes: BTreeMap<(String, Option<String>), &str> = BTreeMap::new();
    for operation in &spec.operations {
        let mut places = Vec::new();
        if let Some(binding) = &operation.written.http {
            let when = binding.when.as_ref().map(|when| when.has.clone());
            places.push((format!("{} {}", binding.method, binding.path), when));
        }
        if let Some(binding) = &operation.written.websocket {
            let when = binding.when.as_ref().map(|when| when.has.clone());
            places.push((format!("action {}", binding.action), when));
        }
        for place in places {
            if let Some(other) = routes.insert(place.clone(), operation.name()) {
                return fault(
                    operation,
                    "operation",
                    format!("collides with {other} at {}", place.0),
                );
            }
        }
    }
    Ok(())
}
