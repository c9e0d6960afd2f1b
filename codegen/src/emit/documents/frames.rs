//! JSON Schemas of the frames of the WebSocket, per action.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::bodies::Bodies;
use crate::Spec;
use crate::model::{Need, Operation, WebSocketBinding};

/// Operations that share an action.
pub(super) type Bound<'a> = (&'a Operation, &'a WebSocketBinding);

/// The operations of the WebSocket, by action.
pub(super) fn actions(spec: &Spec) -> BTreeMap<&str, Vec<Bound<'_>>> {
    let mut actions: BTreeMap<&str, Vec<Bound<'_>>> = BTreeMap::new();
    for operation in &spec.operations {
        if let Some(binding) = &operation.written.websocket {
            actions.entry(&binding.action).or_default().push((operation, binding));
        }
    }
    actions
}

/// `<action>.request` and `<action>.reply` of every action, and `error`, which replies name.
pub(super) fn frames<'a>(
    actions: &BTreeMap<&'a str, Vec<Bound<'a>>>,
    bodies: &mut Bodies<'a>,
) -> Map<String, Value> {
    let mut frames = Map::new();
    for (action, bound) in actions {
        frames.insert(format!("{action}.request"), request(action, bound, bodies));
        frames.insert(format!("{action}.reply"), reply(action, bound, bodies));
    }
    frames.insert("error".to_owned(), error());
    frames
}

/// One schema, or any of several.
fn any(mut schemas: Vec<Value>) -> Value {
    if schemas.len() > 1 {
        json!({ "anyOf": schemas })
    } else {
        schemas.pop().unwrap_or(Value::Bool(true))
    }
}

fn request<'a>(action: &str, bound: &[Bound<'a>], bodies: &mut Bodies<'a>) -> Value {
    let forms = bound.iter().map(|(operation, binding)| {
        let fields = operation.fields().keys().map(String::as_str);
        let fields = fields.filter(|name| !binding.unbound.iter().any(|each| each == name));
        bodies.sent_object(operation, fields, &[])
    });
    let body = any(forms.collect());
    let mut required = vec!["action", "headers"];
    if !bound.iter().any(|(_, binding)| binding.body_optional) {
        required.push("body");
    }
    let mut schema = json!({
        "type": "object",
        "description": told(bound),
        "required": required,
        "properties": {
            "action": { "type": "string", "const": action },
            "headers": headers(bound[0].0, bound[0].1),
            "body": body,
        },
    });
    if bound.iter().all(|(operation, binding)| operation.written.extension || binding.extension) {
        schema["x-extension"] = json!(true);
    }
    let examples = bound.iter().flat_map(|(operation, _)| &operation.written.examples);
    let bodies: Vec<&Value> =
        examples.filter_map(|example| example.websocket.as_ref()?.body.as_ref()).collect();
    schema["properties"]["body"]["examples"] = json!(bodies);
    schema
}

/// What the operations of an action do.
pub(super) fn told(bound: &[Bound<'_>]) -> String {
    let each = bound.iter().map(|(operation, _)| {
        format!("{}\n\n{}", operation.written.summary, operation.written.description.trim())
    });
    each.collect::<Vec<_>>().join("\n\nOr: ")
}

fn headers(operation: &Operation, binding: &WebSocketBinding) -> Value {
    let context = &operation.written.context;
    let mut required = Vec::new();
    if context.client_id != Need::Absent && !binding.anonymous {
        required.push("Client-ID");
    }
    if context.project != Need::Absent && !binding.anonymous {
        required.push("X-Project-ID");
    }
    if context.token != Need::Absent {
        required.push("X-Auth-Token");
    }
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "Client-ID": { "type": "string", "description": "Names the client; a UUID it has chosen." },
            "X-Project-ID": { "type": "string", "description": "The project." },
            "X-Auth-Token": { "type": "string" },
            "User-Agent": { "type": "string" },
            "Date": { "type": "string" },
            "Accept": { "type": "string" },
        },
    })
}

fn reply<'a>(action: &str, bound: &[Bound<'a>], bodies: &mut Bodies<'a>) -> Value {
    let mut ends = Vec::new();
    for (operation, binding) in bound {
        for (name, shown) in &binding.outcomes {
            let body = bodies.shown(operation, name, &shown.content());
            let about = operation.outcomes[name].description.as_deref().unwrap_or_default();
            ends.push(json!({
                "description": format!("Outcome `{name}` of `{}`. {about}", operation.name()).trim_end(),
                "properties": {
                    "headers": { "properties": { "status": { "const": shown.status } } },
                    "body": body.unwrap_or_else(|| json!({ "type": "object", "maxProperties": 0 })),
                },
            }));
        }
    }
    ends.push(json!({
        "description": "An error.",
        "properties": {
            "headers": { "properties": { "status": { "minimum": 400 } } },
            "body": bodies.pointer("error"),
        },
    }));
    json!({
        "type": "object",
        "required": ["request", "body", "headers"],
        "properties": {
            "request": {
                "type": "object",
                "description": "The request, repeated.",
                "required": ["action", "body", "headers", "api"],
                "properties": {
                    "action": { "const": action },
                    "body": true,
                    "headers": { "type": "object" },
                    "api": { "const": "v2" },
                },
            },
            "headers": {
                "type": "object",
                "required": ["status"],
                "properties": { "status": { "type": "integer" } },
            },
        },
        "anyOf": ends,
    })
}

fn error() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong. `error` alone is told before the action runs; both are told by the action itself.",
        "required": ["error"],
        "properties": {
            "exception": { "type": "string" },
            "error": { "type": ["string", "null"] },
        },
    })
}
