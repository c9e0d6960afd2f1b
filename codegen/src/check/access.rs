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
    let mut switches = written.available_with.iter();
    match switches.find(|name| !spec.access.switches.contains_key(*name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("\"{name}\" is not a switch of access.yaml");
            Err(SpecError::new(&operation.file, "available_with", message))
        }
    }
}
