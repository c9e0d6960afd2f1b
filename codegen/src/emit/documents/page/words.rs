//! A schema in words.

use serde_json::Value;

use crate::emit::resolved;
use crate::model::Spec;
use crate::schema::{Default, Form, Schema};

/// What a value is: `list of strings`.
pub(super) fn kind(spec: &Spec, schema: &Schema) -> String {
    let word = match &resolved(spec, schema).form {
        Form::Any => "any JSON".to_owned(),
        Form::Boolean => "boolean".to_owned(),
        Form::Integer { .. } => "integer".to_owned(),
        Form::String { .. } => "string".to_owned(),
        Form::Array { items, .. } => format!("list of {}", plural(&kind(spec, items))),
        Form::Map => "object of strings".to_owned(),
        Form::Object { .. } | Form::Ref(_) => "object".to_owned(),
    };
    if schema.nullable { format!("{word} or null") } else { word }
}

fn plural(word: &str) -> String {
    if word == "any JSON" { word.to_owned() } else { format!("{word}s") }
}

/// What bounds a value, and what it is if it is not there.
pub(super) fn bounds(spec: &Spec, schema: &Schema) -> Vec<String> {
    let mut found = form(&resolved(spec, schema).form);
    if let Some(limit) = schema.limit.as_ref().and_then(|name| spec.limits.get(name)) {
        let most =
            limit.maximum.as_ref().map_or("more".to_owned(), |bound| bound.value.to_string());
        found.push(format!("{} to {most} {}", limit.minimum, limit.unit));
    }
    match &schema.default {
        Some(Default::Limit(name)) => {
            let value = spec.limits.get(name).and_then(|limit| limit.default.as_ref());
            found.extend(value.map(|bound| format!("default {}", bound.value)));
        }
        Some(Default::Constant(value)) => found.push(format!("default {}", shown(value))),
        None => {}
    }
    found
}

fn form(form: &Form) -> Vec<String> {
    let mut found = Vec::new();
    match form {
        Form::Integer { minimum, maximum } => {
            found.extend(minimum.map(|least| format!("at least {least}")));
            found.extend(maximum.map(|most| format!("at most {most}")));
        }
        Form::String { min, max, charset, values } => {
            found.extend(
                min.filter(|least| *least > 1).map(|least| format!("at least {least} characters")),
            );
            found.extend(max.map(|most| format!("at most {most} characters")));
            found.extend(charset.as_ref().map(|set| format!("of [{set}]")));
            if !values.is_empty() {
                found.push(format!("one of {}", values.join(", ")));
            }
        }
        Form::Array { min_items: Some(least), .. } => found.push(format!("at least {least}")),
        _ => {}
    }
    found
}

fn shown(value: &Value) -> String {
    value.to_string()
}
