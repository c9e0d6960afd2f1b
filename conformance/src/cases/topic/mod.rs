//! Topics, their messages and their subscriptions.

mod topic_and_queue;
mod topic_messages;
mod topic_metadata;
mod topic_stats;
mod topic_subscriptions;
mod topic_telling;

use serde_json::{Value, json};
use sukkal_spec::{Operation, TopicCreate, TopicMessagePost};

use crate::case::Case;
use crate::service::{Reply, Service};

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    topic_and_queue::CASES,
    topic_messages::CASES,
    topic_metadata::CASES,
    topic_stats::CASES,
    topic_subscriptions::CASES,
    topic_telling::CASES,
];

/// Calls an operation on the topic `news`.
async fn call<O: Operation>(service: &Service, operation: O, more: Value) -> Reply {
    service.call(operation, on_news(more)).await
}

/// An input about the topic `news`.
fn on_news(more: Value) -> Value {
    let mut input = json!({ "topic_name": "news" });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    input
}

async fn create(service: &Service, name: &str, metadata: Value) -> Reply {
    service.call(TopicCreate, json!({ "topic_name": name, "metadata": metadata })).await
}

/// Posts messages with these bodies to the topic `news` and returns their ids.
async fn post(service: &Service, bodies: Value) -> Vec<String> {
    let bodies = bodies.as_array().cloned().unwrap_or_default();
    let messages: Vec<Value> = bodies.into_iter().map(|body| json!({ "body": body })).collect();
    let reply = call(service, TopicMessagePost, json!({ "messages": messages })).await;
    reply.expect_outcome("posted").message_ids()
}
