//! One method table per path, for the server.

use std::collections::BTreeMap;

use super::rust::{list, literal};
use crate::Spec;
use crate::model::{HttpBinding, Operation};
use crate::names::{camel, constant};

type Bound<'a> = (&'a Operation, &'a HttpBinding);

pub(crate) fn render(spec: &Spec) -> String {
    let mut paths: BTreeMap<&str, BTreeMap<&str, Vec<Bound<'_>>>> = BTreeMap::new();
    for operation in &spec.operations {
        if let Some(binding) = &operation.written.http {
            let methods = paths.entry(&binding.path).or_default();
            methods.entry(&binding.method).or_default().push((operation, binding));
        }
    }
    let mut text = String::from(
        "/// Every route of the API.\npub(crate) fn routes<A: sukkal_spec::Api + 'static>() -> Vec<Route<A>> {\nvec![\n",
    );
    for (path, methods) in &paths {
        text.push_str(&route(path, methods));
    }
    text.push_str("]\n}\n");
    text
}

fn segment(text: &str) -> String {
    match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => format!("Segment::Variable({})", literal(name)),
        None => format!("Segment::Fixed({})", literal(text)),
    }
}

fn route(path: &str, methods: &BTreeMap<&str, Vec<Bound<'_>>>) -> String {
    let segments: Vec<String> = path.split('/').skip(1).map(segment).collect();
    let mut entries = String::new();
    for (method, bound) in methods {
        entries.push_str(&entry(method, bound));
        if let Some(status) = bound.iter().find_map(|(_, binding)| binding.head) {
            let available_with = available_with(bound);
            entries.push_str(&format!(
                "Method {{ name: \"HEAD\", available_with: {available_with}, runs: Runs::Fixed({status}) }},\n"
            ));
        }
    }
    let needs_context = methods
        .values()
        .flatten()
        .any(|(operation, _)| operation.written.context.project != crate::model::Need::Absent);
    let takes_forms = methods.values().flatten().any(|(_, binding)| binding.takes_forms);
    format!(
        "Route {{ segments: &[{}], needs_context: {needs_context}, takes_forms: {takes_forms}, methods: vec![\n{entries}] }},\n",
        segments.join(", "),
    )
}

fn entry(method: &str, bound: &[Bound<'_>]) -> String {
    let runs = if let [(operation, binding)] = bound
        && binding.when.is_none()
    {
        format!("Runs::One(handle::<sukkal_spec::{}, A>)", camel(operation.name()))
    } else {
        shared(bound)
    };
    let available_with = available_with(bound);
    format!(
        "Method {{ name: {}, available_with: {available_with}, runs: {runs} }},\n",
        literal(method)
    )
}

/// The switches of the operations at one place, which all need the same.
fn available_with(bound: &[Bound<'_>]) -> String {
    list(bound.first().map_or(&[][..], |(operation, _)| &operation.written.available_with))
}

/// Operations that share a method and path are chosen by the query parameters that are there.
fn shared(bound: &[Bound<'_>]) -> String {
    let mut choices = Vec::new();
    let mut otherwise = String::from("Otherwise::Unreachable");
    for (operation, binding) in bound {
        let run = format!("handle::<sukkal_spec::{}, A>", camel(operation.name()));
        match &binding.when {
            None => otherwise = format!("Otherwise::Run({run})"),
            Some(when) => {
                let wire = binding.query.iter().find(|each| each.field() == when.has);
                choices.push(format!(
                    "({}, {run})",
                    literal(wire.map_or(when.has.as_str(), |each| each.wire()))
                ));
            }
        }
        if let Some(misfit) = &binding.owns_path {
            otherwise = format!(
                "Otherwise::Misfit {{ info: sukkal_spec::{}_INFO, none: {}, several: {} }}",
                constant(operation.name()),
                misfit_text(&misfit.none.kind, &misfit.none.text),
                misfit_text(&misfit.several.kind, &misfit.several.text)
            );
        }
    }
    format!("Runs::Choice(vec![{}], {otherwise})", choices.join(", "))
}

/// A `Misfit` value.
pub(crate) fn misfit_text(kind: &str, text: &str) -> String {
    format!("Misfit {{ kind: sukkal_spec::kinds::{}, text: {} }}", constant(kind), literal(text))
}
