//! `actions.schema.json`: JSON Schema of the frames of the WebSocket, per action.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::bodies::Bodies;
use crate::Spec;
use crate::model::{Need, Operation, WebSocketBinding};

type Bound<'a> = (&'a Operation, &'a WebSocketBinding);

pub(super) fn render(spec: &Spec) -> Value {
    let mut actions: BTreeMap<&str, Vec<Bound<'_>>> = BTreeMap::new();
    for operation in &spec.operations {
        if let Some(binding) = &operation.written.websocket {
            actions.entry(&binding.action).or_default().push((operation, binding));
        }
    }
    let mut bodies = Bodies::new(spec, "websocket", "#/$defs/");
    let mut frames = Map::new();
    for (action, bound) in &actions {
        frames.insert(format!("{action}.request"), request(action, bound, &mut bodies));
        frames.insert(format!("{action}.reply"), reply(action, bound, &mut bodies));
    }
    let pick = |end: &str| -> Vec<Value> {
        let names = frames.keys().filter(|name| name.ends_with(end));
        names.map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect()
    };
    let (requests, replies) = (pick(".request"), pick(".reply"));
    let mut defs = Map::new();
    defs.insert("request".to_owned(), json!({ "anyOf": requests }));
    defs.insert("reply".to_owned(), json!({ "anyOf": replies }));
    defs.insert("error".to_owned(), error());
    defs.extend(frames);
    defs.extend(bodies.types());
    json!({
        "$comment": super::MARK,
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("{}: frames of the WebSocket", spec.service.title),
        "description": "A client sends requests and receives one reply for each. Validate against the definition of a direction (`request`, `reply`) or of an action (`queue_create.request`, `queue_create.reply`).",
        "anyOf": [{ "$ref": "#/$defs/request" }, { "$ref": "#/$defs/reply" }],
        "$defs": defs,
        "x-limits": super::openapi::limits(spec),
    })
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
            "headers": headers(bound[0].0),
            "body": body,
        },
    });
    if bound.iter().all(|(operation, _)| operation.written.extension) {
        schema["x-extension"] = json!(true);
    }
    let examples = bound.iter().flat_map(|(operation, _)| &operation.written.examples);
    let bodies: Vec<&Value> =
        examples.filter_map(|example| example.websocket.as_ref()?.body.as_ref()).collect();
    schema["properties"]["body"]["examples"] = json!(bodies);
    schema
}

fn told(bound: &[Bound<'_>]) -> String {
    let each = bound.iter().map(|(operation, _)| {
        format!("{}\n\n{}", operation.written.summary, operation.written.description.trim())
    });
    each.collect::<Vec<_>>().join("\n\nOr: ")
}

fn headers(operation: &Operation) -> Value {
    let context = &operation.written.context;
    let mut required = Vec::new();
    if context.client_id != Need::Absent {
        required.push("Client-ID");
    }
    if context.project != Need::Absent {
        required.push("X-Project-ID");
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
            "body": { "$ref": "#/$defs/error" },
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
