//! Rust spellings of schemas, shared by the emitters.

use crate::model::Spec;
use crate::names::{camel, field};
use crate::schema::{Form, Schema};

/// A Rust string literal.
pub(crate) fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// `Some("…")` or `None`.
pub(crate) fn option(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), |text| format!("Some({text:?})"))
}

/// `&["a", "b"]`.
pub(crate) fn list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> String {
    let inner: Vec<String> = texts.into_iter().map(|text| literal(text.as_ref())).collect();
    format!("&[{}]", inner.join(", "))
}

/// A doc comment.
pub(crate) fn doc(text: &str) -> String {
    text.trim().lines().map(|line| format!("/// {}\n", line.trim_end())).collect()
}

/// The schema itself, or that of the type it names when the type is no structure.
pub(crate) fn resolved<'a>(spec: &'a Spec, schema: &'a Schema) -> &'a Schema {
    match &schema.form {
        Form::Ref(name) => match spec.types.get(name) {
            Some(def) if !is_structure(&def.schema) => &def.schema,
            _ => schema,
        },
        _ => schema,
    }
}

/// Whether a schema becomes a Rust structure.
pub(crate) fn is_structure(schema: &Schema) -> bool {
    matches!(&schema.form, Form::Object { .. }) && !schema.raw
}

/// The Rust type of a value that is there.
pub(crate) fn type_of(spec: &Spec, schema: &Schema) -> String {
    let schema = resolved(spec, schema);
    if schema.raw {
        return "crate::Raw".to_owned();
    }
    match &schema.form {
        Form::Any | Form::Object { .. } => "crate::Raw".to_owned(),
        Form::Boolean => "bool".to_owned(),
        Form::Integer { .. } => "i64".to_owned(),
        Form::String { .. } => "String".to_owned(),
        Form::Array { items, .. } => format!("Vec<{}>", type_of(spec, items)),
        Form::Map => "Vec<(String, String)>".to_owned(),
        Form::Ref(name) => camel(name),
    }
}

/// Whether the field of a structure is an `Option`.
pub(crate) fn is_optional(owner: &Schema, name: &str, schema: &Schema) -> bool {
    schema.default.is_none() && (schema.nullable || !owner.requires(name))
}

/// The members of a structure or of a variant.
pub(crate) fn members(spec: &Spec, owner: &Schema, visibility: &str) -> String {
    let mut text = String::new();
    for (name, schema) in owner.properties() {
        let plain = type_of(spec, schema);
        let whole =
            if is_optional(owner, name, schema) { format!("Option<{plain}>") } else { plain };
        text.push_str(&doc(schema.description.as_deref().unwrap_or("As its name says.")));
        text.push_str(&format!("{visibility}{}: {whole},\n", field(name)));
    }
    text
}
