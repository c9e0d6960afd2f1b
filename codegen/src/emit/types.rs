//! Shared types, inputs and outcomes.

use super::rust::{doc, is_structure, members};
use crate::Spec;
use crate::names::camel;

pub(crate) fn render(spec: &Spec) -> String {
    let mut text = String::new();
    for (name, def) in &spec.types {
        if is_structure(&def.schema) {
            let about = def.schema.description.clone().unwrap_or_else(|| format!("`{name}`."));
            text.push_str(&doc(&about));
            text.push_str(&format!(
                "#[derive(Clone, Debug, PartialEq, Eq)]\npub struct {} {{\n{}}}\n\n",
                camel(name),
                members(spec, &def.schema, "pub ")
            ));
        }
    }
    for operation in &spec.operations {
        let name = camel(operation.name());
        text.push_str(&format!(
            "/// What `{}` takes.\n#[derive(Clone, Debug, PartialEq, Eq)]\npub struct {name}Input {{\n{}}}\n\n",
            operation.name(),
            members(spec, &operation.input, "pub ")
        ));
        text.push_str(&format!(
            "/// How `{}` ends.\n#[derive(Clone, Debug, PartialEq, Eq)]\npub enum {name}Outcome {{\n",
            operation.name()
        ));
        for (outcome, schema) in &operation.outcomes {
            let about = schema.description.clone().unwrap_or_else(|| format!("`{outcome}`."));
            text.push_str(&doc(&about));
            text.push_str(&format!("{} {{\n", camel(outcome)));
            text.push_str(&members(spec, schema, ""));
            text.push_str("},\n");
        }
        text.push_str("}\n\n");
    }
    text
}
