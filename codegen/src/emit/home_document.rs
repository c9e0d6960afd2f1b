//! The home document, in the JSON Home format.

use serde_json::{Map, Value, json};

use crate::Spec;

/// The document of operations that always exist, as the service has always written it: four blanks of indentation,
/// no final newline.
pub(crate) const PUBLIC: &str = "home_document";
/// The document with the entries of operators as well.
pub(crate) const OPERATORS: &str = "operators_home_document";

/// Renders one of the two.
pub(crate) fn render(spec: &Spec, name: &str) -> String {
    let mut entries: Vec<_> = spec
        .operations
        .iter()
        .filter_map(|operation| operation.written.http.as_ref())
        .flat_map(|binding| &binding.home)
        .filter(|entry| name == OPERATORS || entry.available_with.is_empty())
        .collect();
    entries.sort_by_key(|entry| entry.order);
    let mut resources = Map::new();
    for entry in entries {
        let mut described = Map::new();
        let (key, place) = match &entry.href {
            Some(href) => ("href", Some(href)),
            None => ("href-template", entry.template.as_ref()),
        };
        described.insert(key.to_owned(), json!(place));
        if !entry.vars.is_empty() {
            let vars: Map<String, Value> = entry
                .vars
                .iter()
                .map(|(name, param)| (name.clone(), json!(format!("param/{param}"))))
                .collect();
            described.insert("href-vars".to_owned(), Value::Object(vars));
        }
        let mut hints = Map::new();
        hints.insert("allow".to_owned(), json!(entry.allow));
        hints.insert("formats".to_owned(), json!({ "application/json": {} }));
        if matches!(entry.allow.as_slice(), [one] if one == "POST" || one == "PATCH") {
            hints.insert("accept-post".to_owned(), json!(["application/json"]));
        }
        described.insert("hints".to_owned(), Value::Object(hints));
        resources.insert(format!("rel/{}", entry.rel), Value::Object(described));
    }
    indented(&json!({ "resources": resources }), 0)
}

fn indented(value: &Value, depth: usize) -> String {
    let inner = "    ".repeat(depth + 1);
    let outer = "    ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            let lines: Vec<String> = members
                .iter()
                .map(|(key, each)| format!("{inner}{}: {}", json!(key), indented(each, depth + 1)))
                .collect();
            format!("{{\n{}\n{outer}}}", lines.join(",\n"))
        }
        Value::Array(elements) if !elements.is_empty() => {
            let lines: Vec<String> = elements
                .iter()
                .map(|each| format!("{inner}{}", indented(each, depth + 1)))
                .collect();
            format!("[\n{}\n{outer}]", lines.join(",\n"))
        }
        other => other.to_string(),
    }
}
