//! The bounds as values, and the checks of inputs against them.

use super::rust::{doc, is_structure, literal, resolved};
use crate::Spec;
use crate::model::Configured;
use crate::names::{camel, field};
use crate::schema::{Form, Schema};

/// Every bound that configuration may change: the option, its unit, and the bound.
fn options(spec: &Spec) -> Vec<(&str, &str, &Configured)> {
    let mut found = Vec::new();
    for limit in spec.limits.values() {
        for bound in [&limit.maximum, &limit.default].into_iter().flatten() {
            if let Some(option) = &bound.config {
                found.push((option.as_str(), limit.unit.as_str(), bound));
            }
        }
    }
    found
}

/// The expression of a bound.
pub(crate) fn value(bound: Option<&Configured>, absent: &str) -> String {
    match bound {
        None => absent.to_owned(),
        Some(Configured { config: Some(option), .. }) => format!("limits.{option}"),
        Some(Configured { value, .. }) => value.to_string(),
    }
}

pub(crate) fn render(spec: &Spec) -> String {
    let options = options(spec);
    let mut text = String::from(
        "/// The bounds in force.\n#[derive(Clone, Debug, PartialEq, Eq)]\npub struct Limits {\n",
    );
    for (name, unit, bound) in &options {
        text.push_str(&doc(&format!(
            "{} Unit: {unit}.",
            bound.about.as_deref().unwrap_or_default()
        )));
        text.push_str(&format!("pub {name}: i64,\n"));
    }
    text.push_str("}\n\nimpl Default for Limits {\nfn default() -> Self {\nSelf {\n");
    for (name, _, bound) in &options {
        text.push_str(&format!("{name}: {},\n", bound.value));
    }
    text.push_str("}\n}\n}\n\nimpl Limits {\n/// Sets a bound by the name of its option; says whether there is one.\npub fn set(&mut self, name: &str, value: i64) -> bool {\nmatch name {\n");
    for (name, ..) in &options {
        text.push_str(&format!("{} => self.{name} = value,\n", literal(name)));
    }
    text.push_str("_ => return false,\n}\ntrue\n}\n}\n\n/// Every bound that configuration may change.\npub const LIMIT_OPTIONS: &[crate::limit::LimitOption] = &[\n");
    for (name, unit, bound) in &options {
        text.push_str(&format!(
            "crate::limit::LimitOption {{ name: {}, default: {}, minimum: {}, unit: {}, doc: {} }},\n",
            literal(name),
            bound.value,
            bound.least,
            literal(unit),
            literal(bound.about.as_deref().unwrap_or_default()),
        ));
    }
    text.push_str("];\n\n");
    for (name, def) in &spec.types {
        if is_structure(&def.schema) && has_limits(spec, &def.schema) {
            text.push_str(&checker(
                spec,
                &format!("check_{}", name.to_lowercase()),
                &camel(name),
                &def.schema,
            ));
        }
    }
    for operation in &spec.operations {
        text.push_str(&checker(
            spec,
            &format!("check_{}", operation.name()),
            &format!("{}Input", camel(operation.name())),
            &operation.input,
        ));
    }
    text
}

fn has_limits(spec: &Spec, schema: &Schema) -> bool {
    schema.properties().values().any(|each| each.limit.is_some() || nested(spec, each).is_some())
}

/// The structure that the elements of a list are, if it has limits of its own.
fn nested<'a>(spec: &'a Spec, schema: &'a Schema) -> Option<&'a str> {
    let Form::Array { items, .. } = &schema.form else { return None };
    let Form::Ref(name) = &items.form else { return None };
    let target = &spec.types.get(name)?.schema;
    (is_structure(target) && has_limits(spec, target)).then_some(name)
}

fn checker(spec: &Spec, function: &str, owner: &str, schema: &Schema) -> String {
    let mut text = format!(
        "pub(crate) fn {function}(input: &{owner}, limits: &Limits) -> Result<(), crate::limit::OutOfRange> {{\n"
    );
    for (name, property) in schema.properties() {
        let place = field(name);
        let optional = super::rust::is_optional(schema, name, property);
        if let Some(each) = nested(spec, property) {
            text.push_str(&format!(
                "for each in &input.{place} {{ check_{}(each, limits)?; }}\n",
                each.to_lowercase()
            ));
        }
        let Some(limit) = property.limit.as_ref().and_then(|name| spec.limits.get(name)) else {
            continue;
        };
        let number = match &resolved(spec, property).form {
            Form::Array { .. } => "i64::try_from(value.len()).unwrap_or(i64::MAX)",
            _ => "*value",
        };
        let check = format!(
            "{{ let number = {number}; let (minimum, maximum) = ({}, {}); if !(minimum..=maximum).contains(&number) {{ return Err(crate::limit::OutOfRange {{ field: {}, text: {}, minimum, maximum }}); }} }}\n",
            limit.minimum,
            value(limit.maximum.as_ref(), "i64::MAX"),
            literal(name),
            literal(property.refusal.as_deref().unwrap_or_default()),
        );
        if optional {
            text.push_str(&format!("if let Some(value) = &input.{place} {check}"));
        } else {
            text.push_str(&format!("{{ let value = &input.{place}; {check} }}\n"));
        }
    }
    text.push_str("Ok(())\n}\n\n");
    text
}
