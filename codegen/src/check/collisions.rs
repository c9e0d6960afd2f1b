//! Operations that share a route or an action, and how a call is told which of them is meant.

use std::collections::BTreeMap;

use crate::error::SpecError;
use crate::model::{Operation, Spec};

/// An operation at one place: what must be there for it, and whether it owns the place.
struct Bound<'a> {
    operation: &'a Operation,
    when: Option<&'a str>,
    owns: bool,
}

impl Bound<'_> {
    /// Whether it needs the same switches as another.
    fn exists_with(&self, other: &Self) -> bool {
        self.operation.written.available_with == other.operation.written.available_with
    }
}

/// A method and path without the names of variables, or an action.
fn places(spec: &Spec) -> Result<BTreeMap<String, Vec<Bound<'_>>>, SpecError> {
    let mut places: BTreeMap<String, Vec<Bound<'_>>> = BTreeMap::new();
    let mut spellings: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for operation in &spec.operations {
        if let Some(binding) = &operation.written.http {
            let plain = without_names(&binding.path);
            let (spelling, first) =
                *spellings.entry(plain).or_insert((&binding.path, operation.name()));
            if spelling != binding.path {
                let message = format!("collides with {spelling} of {first}");
                return Err(SpecError::new(&operation.file, "http.path", message));
            }
            places.entry(format!("{} {}", binding.method, binding.path)).or_default().push(Bound {
                operation,
                when: binding.when.as_ref().map(|when| when.has.as_str()),
                owns: binding.owns_path.is_some(),
            });
        }
        if let Some(binding) = &operation.written.websocket {
            places.entry(format!("action {}", binding.action)).or_default().push(Bound {
                operation,
                when: binding.when.as_ref().map(|when| when.has.as_str()),
                owns: binding.owns_action.is_some(),
            });
        }
    }
    Ok(places)
}

fn without_names(path: &str) -> String {
    let segments = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

/// Refuses operations at one place that no `when` tells apart, and a place whose misfits nobody answers.
pub(super) fn check(spec: &Spec) -> Result<(), SpecError> {
    for (place, bound) in places(spec)? {
        let mut seen: BTreeMap<Option<&str>, &str> = BTreeMap::new();
        for each in &bound {
            if let Some(other) = seen.insert(each.when, each.operation.name()) {
                let message = format!("collides with {other} at {place}");
                return Err(SpecError::new(&each.operation.file, "operation", message));
            }
        }
        if let [first, others @ ..] = bound.as_slice()
            && let Some(other) = others.iter().find(|each| !first.exists_with(each))
        {
            let message = format!("operations that share a place all exist or none: {place}");
            return Err(SpecError::new(&other.operation.file, "available_with", message));
        }
        if bound.len() > 1 && place.starts_with("action ") {
            let plain = bound.iter().find(|each| each.when.is_none());
            if let Some(plain) = plain {
                let message = format!("operations that share an action all need one: {place}");
                let file = &plain.operation.file;
                return Err(SpecError::new(file, "websocket.when", message));
            }
        }
        let owners: Vec<&Bound<'_>> = bound.iter().filter(|each| each.owns).collect();
        let wanted = usize::from(!seen.contains_key(&None));
        if owners.len() == wanted {
            continue;
        }
        let key =
            if place.starts_with("action ") { "websocket.owns_action" } else { "http.owns_path" };
        let (owner, message) = match (owners.last(), bound.first()) {
            (Some(owner), _) if wanted == 0 => {
                (*owner, "is for places whose operations all have a \"when\"")
            }
            (Some(owner), _) => (*owner, "another operation owns the place"),
            (None, Some(first)) => (first, "nobody answers a call that fits none"),
            (None, None) => continue,
        };
        let message = format!("{message}: {place}");
        return Err(SpecError::new(&owner.operation.file, key, message));
    }
    Ok(())
}
