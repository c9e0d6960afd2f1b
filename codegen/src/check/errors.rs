//! Errors, their kinds and texts, refusal rules, and limits.

use std::collections::BTreeSet;

use super::texts::text_variables;
use crate::error::SpecError;
use crate::model::{ErrorOverride, Operation, Refusal, Spec};

/// What a refusal rule may wait for.
pub(super) const REFUSAL_KEYWORDS: &[&str] = &[
    "any",
    "empty",
    "enum",
    "integer",
    "maximum",
    "maxLength",
    "minItems",
    "minimum",
    "minLength",
    "missing",
    "nothing",
    "pattern",
    "required",
    "syntax",
    "type",
];

pub(super) fn known_kind(spec: &Spec, file: &str, key: &str, kind: &str) -> Result<(), SpecError> {
    if spec.kinds.contains_key(kind) {
        return Ok(());
    }
    Err(SpecError::new(file, key, format!("\"{kind}\" is not a kind of error")))
}

/// Refuses a variable that none of these names.
pub(super) fn check_text(
    file: &str,
    key: &str,
    text: &str,
    known: impl Fn(&str) -> bool,
) -> Result<(), SpecError> {
    match text_variables(text).into_iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => {
            Err(SpecError::new(file, key, format!("\"{{{name}}}\" stands for nothing here")))
        }
    }
}

pub(super) fn check_errors(spec: &Spec) -> Result<(), SpecError> {
    for (name, error) in &spec.errors {
        let key = |part: &str| format!("errors.{name}.{part}");
        known_kind(spec, "errors.yaml", &key("kind"), &error.kind)?;
        for (part, text) in [("message", &error.message), ("error", &error.error)] {
            let known = |name: &str| error.fields.contains_key(name);
            check_text("errors.yaml", &key(part), text.as_deref().unwrap_or_default(), known)?;
        }
    }
    check_rules(spec, "refusals.yaml", "http", &spec.refusals.http, &|_| false)?;
    check_rules(spec, "refusals.yaml", "websocket", &spec.refusals.websocket, &|_| false)
}

pub(super) fn check_rules(
    spec: &Spec,
    file: &str,
    place: &str,
    rules: &[Refusal],
    is_field: &dyn Fn(&str) -> bool,
) -> Result<(), SpecError> {
    for (index, rule) in rules.iter().enumerate() {
        let key = format!("{place}[{index}]");
        known_kind(spec, file, &format!("{key}.kind"), &rule.kind)?;
        if !REFUSAL_KEYWORDS.contains(&rule.keyword.as_str()) {
            let message = format!("\"{}\" is not a keyword that refuses", rule.keyword);
            return Err(SpecError::new(file, format!("{key}.keyword"), message));
        }
        let mut texts = [&rule.text, &rule.error, &rule.exception].into_iter().flatten();
        let (Some(text), None) = (texts.next(), texts.next()) else {
            let message = "needs one of \"text\", \"error\" and \"exception\"";
            return Err(SpecError::new(file, key, message));
        };
        check_text(file, &key, text, |name| matches!(name, "field" | "type") || is_field(name))?;
    }
    Ok(())
}

/// Checks the errors an operation names.
pub(super) fn check_names(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    for (index, name) in operation.written.errors.iter().enumerate() {
        if errors_named(spec, name).is_empty() {
            let message = format!("\"{name}\" is not an error");
            return Err(SpecError::new(&operation.file, format!("errors[{index}]"), message));
        }
    }
    Ok(())
}

/// The errors behind a name: one, or those of a group that `@` marks.
pub(crate) fn errors_named<'a>(spec: &'a Spec, name: &'a str) -> Vec<&'a str> {
    match name.strip_prefix('@') {
        None => {
            spec.errors.get_key_value(name).map(|(name, _)| name.as_str()).into_iter().collect()
        }
        Some(group) => {
            let members = spec.errors.iter();
            let members = members.filter(|(_, error)| error.group.as_deref() == Some(group));
            members.map(|(name, _)| name.as_str()).collect()
        }
    }
}

/// Checks how one binding changes the errors of its operation.
pub(super) fn check_overrides<'a>(
    spec: &Spec,
    operation: &Operation,
    side: &str,
    changes: impl Iterator<Item = (&'a String, &'a ErrorOverride)>,
) -> Result<(), SpecError> {
    let named = operation.written.errors.iter();
    let listed: BTreeSet<&str> = named.flat_map(|name| errors_named(spec, name)).collect();
    for (name, change) in changes {
        let key = format!("{side}.errors.{name}");
        let meant = errors_named(spec, name);
        if meant.is_empty() {
            let message = format!("\"{name}\" is not an error");
            return Err(SpecError::new(&operation.file, format!("{side}.errors"), message));
        }
        if !meant.iter().all(|each| listed.contains(each)) {
            let message = "the operation does not list it in \"errors\"";
            return Err(SpecError::new(&operation.file, key, message));
        }
        if let Some(kind) = &change.kind {
            known_kind(spec, &operation.file, &format!("{key}.kind"), kind)?;
        }
        for text in [&change.text, &change.exception, &change.error].into_iter().flatten() {
            check_text(&operation.file, &key, text, |variable| {
                operation.fields().contains_key(variable)
                    || meant.iter().all(|each| spec.errors[*each].fields.contains_key(variable))
            })?;
        }
    }
    Ok(())
}

/// Checks that bounds are in order and that no option is used twice.
pub(super) fn check_limits(spec: &Spec) -> Result<(), SpecError> {
    let mut options = BTreeSet::new();
    for (name, limit) in &spec.limits {
        let fault = |key: &str, message: String| {
            Err(SpecError::new("limits.yaml", format!("{name}.{key}"), message))
        };
        for (key, bound) in [("maximum", &limit.maximum), ("default", &limit.default)] {
            let Some(bound) = bound else { continue };
            if bound.value < bound.least || bound.value < limit.minimum {
                return fault(key, format!("{} is below the minimum", bound.value));
            }
            if let Some(option) = &bound.config
                && !options.insert(option)
            {
                return fault(key, format!("option \"{option}\" is used twice"));
            }
        }
        if let (Some(maximum), Some(default)) = (&limit.maximum, &limit.default)
            && default.value > maximum.value
        {
            return fault("default", format!("{} is above the maximum", default.value));
        }
    }
    Ok(())
}
