//! `asyncapi.json`: AsyncAPI 3.0 of the WebSocket and of what the service sends to subscribers.

use serde_json::{Map, Value, json};

use super::bodies::Bodies;
use super::frames::{Bound, actions, frames, told};
use crate::Spec;
use crate::model::{Need, Push, Receiver};

const WEBSOCKET: &str = "\
Every connection of a client. Path and query of its URL do not matter; the HTTP port takes connections as well, at `/v2/ws`. Frames in text are JSON, \
frames in binary are MessagePack, and a reply comes in the encoding of its request. Requests of one connection take effect and are \
answered in their order. A push has no member `request`; that tells it from a reply.";

const SUBSCRIBER: &str = "\
The URL of a subscriber, which the call chose that made the subscription. The service sends a POST with a document in JSON.";

pub(super) fn render(spec: &Spec) -> Value {
    let actions = actions(spec);
    let mut bodies = Bodies::new(spec, "websocket", "#/components/schemas/");
    let mut schemas = frames(&actions, &mut bodies);
    let mut messages = Map::new();
    let mut operations = Map::new();
    for (action, bound) in &actions {
        let [request, reply] = [format!("{action}.request"), format!("{action}.reply")];
        messages.insert(request.clone(), request_message(action, bound));
        messages.insert(reply.clone(), message(&reply, &format!("Answers `{action}`.")));
        operations.insert((*action).to_owned(), exchange(bound, &request, &reply));
    }
    let mut channels = json!({
        "websocket": channel("/", "WebSocket", WEBSOCKET, messages.keys()),
        "subscriber": channel(Value::Null, "Subscriber", SUBSCRIBER, [].iter()),
    });
    channels["websocket"]["servers"] = json!([{ "$ref": "#/servers/websocket" }]);
    channels["websocket"]["bindings"] =
        json!({ "ws": { "method": "GET", "bindingVersion": "0.1.0" } });
    for (name, push) in &spec.pushes {
        schemas.insert(name.clone(), bodies.sent(&push.schema));
        messages.insert(name.clone(), push_message(name, push));
        for receiver in &push.to {
            let channel = channel_of(*receiver);
            channels[channel]["messages"][name] =
                json!({ "$ref": format!("#/components/messages/{name}") });
            operations.insert(format!("{name}.{channel}"), sending(name, push, channel));
        }
    }
    schemas.extend(bodies.types());
    json!({
        "asyncapi": "3.0.0",
        "x-generated": super::MARK,
        "info": {
            "title": spec.service.title,
            "version": spec.service.version,
            "description": spec.service.description.trim(),
        },
        "defaultContentType": "application/json",
        "servers": { "websocket": {
            "host": "localhost:9000",
            "protocol": "ws",
            "description": "The default address; `websocket.listen` of the configuration changes it.",
        } },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
        "x-limits": super::openapi::limits(spec),
    })
}

fn channel<'n>(
    address: impl Into<Value>,
    title: &str,
    description: &str,
    messages: impl Iterator<Item = &'n String>,
) -> Value {
    let messages = messages
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") })));
    json!({
        "address": address.into(),
        "title": title,
        "description": description,
        "messages": messages.collect::<Map<_, _>>(),
    })
}

fn channel_of(receiver: Receiver) -> &'static str {
    match receiver {
        Receiver::Websocket => "websocket",
        Receiver::Subscriber => "subscriber",
    }
}

/// A message whose payload is the schema of its name.
fn message(name: &str, summary: &str) -> Value {
    json!({
        "name": name,
        "summary": summary,
        "payload": { "$ref": format!("#/components/schemas/{name}") },
    })
}

fn request_message(action: &str, bound: &[Bound<'_>]) -> Value {
    let summaries: Vec<&str> =
        bound.iter().map(|(operation, _)| operation.written.summary.as_str()).collect();
    let mut message = message(&format!("{action}.request"), &summaries.join(" Or: "));
    let examples = bound.iter().flat_map(|(operation, _)| &operation.written.examples);
    let examples: Vec<Value> = examples
        .filter_map(|example| {
            let shown = example.websocket.as_ref()?;
            let mut headers = json!({ "Client-ID": "30387f00-39a0-4a10-bd91-3b2a3a1f9b4e", "X-Project-ID": "acme" });
            if bound.iter().any(|(operation, _)| operation.written.context.token != Need::Absent) {
                headers["X-Auth-Token"] = json!("gAAAAABh");
            }
            let mut frame = json!({ "action": action, "headers": headers });
            if let Some(body) = &shown.body {
                frame["body"] = body.clone();
            }
            Some(json!({ "name": example.name, "payload": frame }))
        })
        .collect();
    message["examples"] = json!(examples);
    message
}

fn push_message(name: &str, push: &Push) -> Value {
    let mut message = message(name, &push.summary);
    message["description"] = json!(push.description.trim());
    let examples = push.examples.iter().map(|example| json!({ "payload": example }));
    message["examples"] = examples.collect();
    message
}

/// A request that the service receives, and its reply.
fn exchange(bound: &[Bound<'_>], request: &str, reply: &str) -> Value {
    let on = |name: &str| json!({ "$ref": format!("#/channels/websocket/messages/{name}") });
    let channel = json!({ "$ref": "#/channels/websocket" });
    let mut exchange = json!({
        "action": "receive",
        "channel": channel,
        "summary": bound[0].0.written.summary,
        "description": told(bound),
        "tags": [{ "name": bound[0].0.written.resource }],
        "messages": [on(request)],
        "reply": { "channel": channel, "messages": [on(reply)] },
    });
    if bound.iter().all(|(operation, binding)| operation.written.extension || binding.extension) {
        exchange["x-extension"] = json!(true);
    }
    exchange
}

/// What the service sends by itself.
fn sending(name: &str, push: &Push, channel: &str) -> Value {
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{channel}") },
        "summary": push.summary,
        "messages": [{ "$ref": format!("#/channels/{channel}/messages/{name}") }],
    })
}
