//! The error type, its kinds, and what is known of each error.

use super::rust::{doc, literal, option};
use crate::Spec;
use crate::model::FieldKind;
use crate::names::{camel, constant};

pub(crate) fn render(spec: &Spec) -> String {
    let mut text =
        String::from("/// The kinds of errors.\npub mod kinds {\nuse crate::binding::KindInfo;\n");
    for (name, kind) in &spec.kinds {
        text.push_str(&format!(
            "/// {}.\npub const {}: &KindInfo = &KindInfo {{ name: {}, http: {}, websocket: {}, title: {} }};\n",
            kind.title, constant(name), literal(name), kind.http, kind.websocket, literal(&kind.title)
        ));
    }
    text.push_str("}\n\n/// Why a call did not end in one of its outcomes.\n#[derive(Clone, Debug, PartialEq)]\npub enum ApiError {\n");
    for (name, error) in &spec.errors {
        text.push_str(&doc(&error.about));
        text.push_str(&camel(name));
        if let Some(carried) = &error.carries {
            let boxed = carried.ends_with("Explained");
            text.push_str(&if boxed {
                format!("(Box<{carried}>)")
            } else {
                format!("({carried})")
            });
        } else if !error.fields.is_empty() {
            text.push_str(" {\n");
            for (field, kind) in &error.fields {
                let rust = if *kind == FieldKind::String { "String" } else { "i64" };
                text.push_str(&format!("/// Stands in the text.\n{field}: {rust},\n"));
            }
            text.push('}');
        }
        text.push_str(",\n");
    }
    text.push_str("}\n\n");
    text.push_str(&methods(spec));
    text
}

fn pattern(name: &str, error: &crate::model::ErrorDef) -> String {
    let rest = if error.carries.is_some() {
        "(..)"
    } else if error.fields.is_empty() {
        ""
    } else {
        " { .. }"
    };
    format!("ApiError::{}{rest}", camel(name))
}

fn methods(spec: &Spec) -> String {
    let mut text = String::from(
        "impl ApiError {\n/// What is known of this error.\npub fn info(&self) -> &'static crate::binding::ErrorInfo {\nmatch self {\n",
    );
    let mut table = String::new();
    for (at, (name, error)) in spec.errors.iter().enumerate() {
        text.push_str(&format!("{} => ERRORS[{at}],\n", pattern(name, error)));
        table.push_str(&format!(
            "&crate::binding::ErrorInfo {{ name: {}, group: {}, kind: kinds::{}, title: {}, message: {}, error: {}, link: {} }},\n",
            literal(name),
            literal(error.group.as_deref().unwrap_or_default()),
            constant(&error.kind),
            option(error.title.as_deref()),
            option(error.message.as_deref()),
            option(error.error.as_deref()),
            option(error.link.as_ref().map(spaced).as_deref()),
        ));
    }
    text.push_str("}\n}\n\n/// The value of a field, as it stands in texts.\npub fn field(&self, name: &str) -> Option<String> {\nmatch (self, name) {\n");
    for (name, error) in &spec.errors {
        for field in error.fields.keys() {
            text.push_str(&format!(
                "(ApiError::{} {{ {field}, .. }}, {}) => Some({field}.to_string()),\n",
                camel(name),
                literal(field)
            ));
        }
    }
    text.push_str(
        "_ => None,\n}\n}\n}\n\n/// The names of all errors.\npub const ERROR_NAMES: &[&str] = ",
    );
    text.push_str(&super::rust::list(spec.errors.keys()));
    text.push_str(&format!(
        ";\n\n/// What is known of each error, in the same order.\npub const ERRORS: &[&crate::binding::ErrorInfo] = &[\n{table}];\n\n"
    ));
    text
}

/// JSON text with a blank after commas and colons, as the service writes it.
pub(crate) fn spaced(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(members) => {
            let inner: Vec<String> = members
                .iter()
                .map(|(key, value)| {
                    format!("{}: {}", serde_json::Value::from(key.as_str()), spaced(value))
                })
                .collect();
            format!("{{{}}}", inner.join(", "))
        }
        serde_json::Value::Array(elements) => {
            let inner: Vec<String> = elements.iter().map(spaced).collect();
            format!("[{}]", inner.join(", "))
        }
        other => other.to_string(),
    }
}
