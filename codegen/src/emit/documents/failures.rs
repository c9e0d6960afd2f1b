//! Which errors a route can answer with, by status.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::errors_named;
use crate::model::{ErrorDef, HttpBinding, Need, Operation, Spec};

/// The errors behind one status.
#[derive(Default)]
pub(super) struct Failure<'a> {
    /// Each under its name.
    pub(super) errors: BTreeMap<&'a str, &'a ErrorDef>,
    /// Whether none of them has a body.
    pub(super) empty: bool,
}

/// Errors of the transport itself, which no operation lists.
const ANY_ROUTE: &[&str] = &["media_type_refused", "not_acceptable", "internal"];
const WITH_CLIENT: &[&str] = &["client_id_missing", "client_id_malformed"];
const WITH_PROJECT: &[&str] = &["project_missing", "project_empty"];
const WITH_QUEUE: &[&str] = &["queue_name_invalid"];
const WITH_TOPIC: &[&str] = &["topic_name_invalid"];
const WITH_BODY: &[&str] = &["body_too_slow"];

/// The errors of one operation over HTTP, by status.
pub(super) fn failures<'a>(
    spec: &'a Spec,
    operation: &'a Operation,
    binding: &'a HttpBinding,
) -> BTreeMap<u16, Failure<'a>> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut also = |errors: &[&'static str], wanted: bool| {
        names.extend(errors.iter().filter(|name| wanted && spec.errors.contains_key(**name)));
    };
    also(ANY_ROUTE, true);
    also(WITH_CLIENT, operation.written.context.client_id != Need::Absent);
    also(WITH_PROJECT, operation.written.context.project != Need::Absent);
    also(WITH_QUEUE, binding.variables().any(|name| name == "queue_name"));
    also(WITH_TOPIC, binding.variables().any(|name| name == "topic_name"));
    also(WITH_BODY, binding.payload.is_some() || !binding.body.is_empty());
    names.extend(operation.written.errors.iter().flat_map(|name| errors_named(spec, name)));
    let mut found: BTreeMap<u16, Failure<'a>> = BTreeMap::new();
    for name in names {
        let Some((name, error)) = spec.errors.get_key_value(name) else { continue };
        for kind in kinds(spec, binding, name) {
            let Some(kind) = spec.kinds.get(kind) else { continue };
            let failure = found.entry(kind.http).or_default();
            failure.errors.insert(name, error);
            failure.empty = change(spec, binding, name).is_some_and(|change| change.empty);
        }
    }
    found
}

fn change<'a>(
    spec: &Spec,
    binding: &'a HttpBinding,
    name: &str,
) -> Option<&'a crate::model::ErrorOverride> {
    let mut changes = binding.errors.iter();
    changes.find(|(key, _)| errors_named(spec, key).contains(&name)).map(|(_, change)| change)
}

/// The kinds an error can have on this route; several where the kind stands in the binding.
fn kinds<'a>(spec: &'a Spec, binding: &'a HttpBinding, name: &str) -> Vec<&'a str> {
    if let Some(kind) = change(spec, binding, name).and_then(|change| change.kind.as_ref()) {
        return vec![kind];
    }
    let error = &spec.errors[name];
    match error.carries.as_deref().and_then(|path| path.rsplit("::").next()) {
        Some("Explained") => {
            let rules = binding.refusals.iter().chain(&spec.refusals.http);
            rules.map(|rule| rule.kind.as_str()).collect()
        }
        Some("TooLarge") => binding.max_body.iter().map(|max| max.kind.as_str()).collect(),
        Some("Misfit") if name == "call_misfit" => {
            let misfits = binding.owns_path.iter();
            misfits.flat_map(|each| [each.none.kind.as_str(), each.several.kind.as_str()]).collect()
        }
        Some("Misfit") => binding.allowed.values().map(|each| each.kind.as_str()).collect(),
        _ => vec![&error.kind],
    }
}
