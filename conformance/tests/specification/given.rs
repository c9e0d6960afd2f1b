//! What an example presumes, made in a project.

use serde_json::{Value, json};
use sukkal_conformance::service::Service;
use sukkal_spec::ClaimCreate;

/// Sets up what an example presumes, and returns what its placeholders stand for.
pub(crate) async fn set_up(service: &Service, given: &Value) -> Vec<(String, String)> {
    for name in given["queues"].as_array().into_iter().flatten() {
        service.create_queue(name.as_str().expect("a name"), json!({})).await;
    }
    let Some(queue) = given["queue"].as_str() else { return Vec::new() };
    if let Some(subscribers) = given["subscribers"].as_array() {
        let mut values = Vec::new();
        for (at, subscriber) in subscribers.iter().enumerate() {
            let id = service.subscribe(queue, subscriber.as_str().expect("a URI")).await;
            values.push((format!("{{subscription {at}}}"), id));
        }
        return values;
    }
    let bodies = given["messages"].as_array().cloned().unwrap_or_default();
    let messages: Vec<Value> = bodies.into_iter().map(|body| json!({ "body": body })).collect();
    let ids = service.post_messages(queue, json!(messages)).await;
    let mut values: Vec<(String, String)> =
        ids.into_iter().enumerate().map(|(at, id)| (format!("{{message {at}}}"), id)).collect();
    if let Some(count) = given["claimed"].as_u64() {
        let input = json!({ "queue_name": queue, "limit": count });
        let reply = service.call(ClaimCreate, input).await.expect_outcome("claimed");
        values.push(("{claim}".to_owned(), reply.claim_id()));
    }
    values
}

/// An input in which every placeholder is what it stands for.
pub(crate) fn filled_in(value: &Value, values: &[(String, String)]) -> Value {
    match value {
        Value::String(text) => {
            let filled =
                values.iter().fold(text.clone(), |text, (name, id)| text.replace(name, id));
            Value::String(filled)
        }
        Value::Array(items) => items.iter().map(|item| filled_in(item, values)).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), filled_in(value, values))).collect(),
        ),
        other => other.clone(),
    }
}
