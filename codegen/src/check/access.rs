//! Who may call what, and what exists only by configuration: every name is known.

use crate::error::SpecError;
use crate::model::{Operation, Spec};

pub(super) fn check_operation(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    let written = &operation.written;
    if let Some(rule) = &written.policy
        && !spec.access.rules.contains_key(rule)
    {
        let message = format!("\"{rule}\" is not a rule of access.yaml");
        return Err(SpecError::new(&operation.file, "policy", message));
    }
    for entry in written.http.iter().flat_map(|binding| &binding.home) {
        known(spec, operation, "http.home.available_with", &entry.available_with)?;
        if entry.template.is_some() == entry.href.is_some() {
            let message = format!("\"{}\" has either \"template\" or \"href\"", entry.rel);
            return Err(SpecError::new(&operation.file, "http.home", message));
        }
    }
    known(spec, operation, "available_with", &written.available_with)
}

fn known(
    spec: &Spec,
    operation: &Operation,
    key: &str,
    switches: &[String],
) -> Result<(), SpecError> {
    let mut switches = switches.iter();
    match switches.find(|name| !spec.access.switches.contains_key(*name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("\"{name}\" is not a switch of access.yaml");
            Err(SpecError::new(&operation.file, key, message))
        }
    }
}
