//! Which errors a route can answer with, by status.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::check::errors_named;
use crate::model::{
    ErrorDef, ErrorOverride, HttpBinding, Kind, Need, Operation, Refusal, Spec, WebSocketBinding,
};

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
        let rules = Rules::of_http(spec, binding);
        for kind in rules.kinds(spec, name) {
            let failure = found.entry(kind.http).or_default();
            failure.errors.insert(name, error);
            failure.empty = rules.change(spec, name).is_some_and(|change| change.empty);
        }
    }
    found
}

/// What decides how an error looks on one route or action.
pub(super) struct Rules<'a> {
    changes: &'a IndexMap<String, ErrorOverride>,
    refusals: Vec<&'a Refusal>,
    too_large: Vec<&'a str>,
    misfit: Vec<&'a str>,
    not_allowed: Vec<&'a str>,
}

impl<'a> Rules<'a> {
    pub(super) fn of_http(spec: &'a Spec, binding: &'a HttpBinding) -> Self {
        let misfits = binding.owns_path.iter();
        Self {
            changes: &binding.errors,
            refusals: binding.refusals.iter().chain(&spec.refusals.http).collect(),
            too_large: binding.max_body.iter().map(|max| max.kind.as_str()).collect(),
            misfit: misfits
                .flat_map(|each| [each.none.kind.as_str(), each.several.kind.as_str()])
                .collect(),
            not_allowed: binding.allowed.values().map(|each| each.kind.as_str()).collect(),
        }
    }

    pub(super) fn of_websocket(spec: &'a Spec, binding: &'a WebSocketBinding) -> Self {
        let misfits = binding.owns_action.iter();
        Self {
            changes: &binding.errors,
            refusals: binding.refusals.iter().chain(&spec.refusals.websocket).collect(),
            too_large: binding.max_body.iter().map(|max| max.kind.as_str()).collect(),
            misfit: misfits
                .flat_map(|each| [each.none.kind.as_str(), each.several.kind.as_str()])
                .collect(),
            not_allowed: Vec::new(),
        }
    }

    fn change(&self, spec: &Spec, name: &str) -> Option<&'a ErrorOverride> {
        let mut changes = self.changes.iter();
        changes.find(|(key, _)| errors_named(spec, key).contains(&name)).map(|(_, change)| change)
    }

    /// The kinds an error can have here; several where the kind stands in the binding.
    pub(super) fn kinds<'s>(&self, spec: &'s Spec, name: &str) -> Vec<&'s Kind> {
        let error = &spec.errors[name];
        let names = match self.change(spec, name).and_then(|change| change.kind.as_ref()) {
            Some(kind) => vec![kind.as_str()],
            None => match error.carries.as_deref().and_then(|path| path.rsplit("::").next()) {
                Some("Explained") => self.refusals.iter().map(|rule| rule.kind.as_str()).collect(),
                Some("TooLarge") => self.too_large.clone(),
                Some("Misfit") if name == "call_misfit" => self.misfit.clone(),
                Some("Misfit") => self.not_allowed.clone(),
                _ => vec![error.kind.as_str()],
            },
        };
        names.into_iter().filter_map(|kind| spec.kinds.get(kind)).collect()
    }
}
