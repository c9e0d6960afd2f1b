//! Places the fields of an input where the binding of its operation says.

use serde_json::{Map, Value, json};
use sukkal_spec::OperationInfo;
use sukkal_spec::binding::{BodyShape, HttpBinding, QueryKind};

use super::Service;
use crate::client::HttpRequest;

/// The request that calls an operation.
///
/// - Every field goes where the binding carries it, whatever its type.
/// - A field that the operation does not have goes into the body if it is an object, else into the query.
pub(super) fn http_request(
    service: &Service,
    info: &'static OperationInfo,
    input: &Value,
) -> HttpRequest {
    let Some(binding) = info.http else { panic!("{} is not bound to HTTP", info.name) };
    let mut rest = input.as_object().cloned().unwrap_or_default();
    let mut path = String::new();
    for part in binding.path.split('/').skip(1) {
        path.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => {
                let value = rest.shift_remove(name).map(|value| plain(&value));
                path.push_str(&encode(&value.unwrap_or_default()));
            }
            None => path.push_str(part),
        }
    }
    let mut query = query(binding, &mut rest);
    let insists = binding.refusals.iter().any(|rule| rule.keyword == "missing");
    let body = body(binding.body, insists, rest, &mut query);
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query.join("&"));
    }
    let mut headers = vec![
        ("Client-ID".to_owned(), service.client().to_owned()),
        ("X-Project-ID".to_owned(), service.project().to_owned()),
    ];
    headers.extend(service.roles_for(info).map(|roles| ("X-Roles".to_owned(), roles.to_owned())));
    headers.extend(service.grant.iter().flat_map(|grant| grant.headers()));
    if body.is_some() {
        let media_type = binding.media_type.unwrap_or("application/json");
        headers.push(("Content-Type".to_owned(), media_type.to_owned()));
    }
    HttpRequest {
        method: binding.method.to_owned(),
        path,
        headers,
        body: body.map(|body| body.to_string().into_bytes()),
    }
}

fn query(binding: &HttpBinding, rest: &mut Map<String, Value>) -> Vec<String> {
    let mut query = Vec::new();
    for field in binding.query {
        let Some(value) = rest.shift_remove(field.field) else { continue };
        let text = match (&value, field.kind) {
            (Value::Array(items), QueryKind::List) => {
                items.iter().map(|item| encode(&plain(item))).collect::<Vec<_>>().join(",")
            }
            _ => encode(&plain(&value)),
        };
        query.push(format!("{}={text}", field.wire));
    }
    if let Some(Value::Object(others)) = binding.query_rest.and_then(|name| rest.shift_remove(name))
    {
        query.extend(
            others
                .iter()
                .map(|(name, value)| format!("{}={}", encode(name), encode(&plain(value)))),
        );
    }
    query
}

/// The body; one without members is only sent where the route insists on a body.
fn body(
    shape: BodyShape,
    insists: bool,
    mut rest: Map<String, Value>,
    query: &mut Vec<String>,
) -> Option<Value> {
    match shape {
        BodyShape::Members(_) if rest.is_empty() && !insists => None,
        BodyShape::Members(_) => Some(Value::Object(rest)),
        BodyShape::Payload(field) => rest.shift_remove(field),
        BodyShape::None => {
            query.extend(
                rest.iter().map(|(name, value)| format!("{name}={}", encode(&plain(value)))),
            );
            None
        }
    }
}

/// The frame that calls an action.
pub(super) fn frame(service: &Service, info: &OperationInfo, input: Option<Value>) -> Value {
    let mut headers = json!({ "Client-ID": service.client(), "X-Project-ID": service.project() });
    if let Some(roles) = service.roles_for(info) {
        headers["X-Roles"] = json!(roles);
    }
    if info.needs_token {
        headers["X-Auth-Token"] = json!("a token");
    }
    if let Some(grant) = &service.grant {
        grant.add_to(&mut headers);
    }
    let action = info.websocket.map_or("", |binding| binding.action);
    let mut frame = json!({ "action": action, "headers": headers });
    if let Some(body) = input {
        frame["body"] = body;
    }
    frame
}

/// A value as it stands in a path or a query.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}
