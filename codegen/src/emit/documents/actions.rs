//! `actions.schema.json`: JSON Schema of the frames of the WebSocket, per action.

use serde_json::{Map, Value, json};

use super::bodies::Bodies;
use super::frames::{actions, frames};
use crate::Spec;

pub(super) fn render(spec: &Spec) -> Value {
    let mut bodies = Bodies::new(spec, "websocket", "#/$defs/");
    let mut frames = frames(&actions(spec), &mut bodies);
    let error = frames.shift_remove("error");
    let pick = |end: &str| -> Vec<Value> {
        let names = frames.keys().filter(|name| name.ends_with(end));
        names.map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect()
    };
    let (requests, replies) = (pick(".request"), pick(".reply"));
    let mut defs = Map::new();
    defs.insert("request".to_owned(), json!({ "anyOf": requests }));
    defs.insert("reply".to_owned(), json!({ "anyOf": replies }));
    defs.extend(error.map(|error| ("error".to_owned(), error)));
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
