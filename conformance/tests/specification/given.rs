//! What an example presumes, made in a project.

use serde_json::{Value, json};
use sukkal_conformance::service::Service;
use sukkal_server::clock::Clock;
use sukkal_server::notification::{UNSUBSCRIBE_METHOD, unsubscribe_path};
use sukkal_server::signature::{KeyRing, Secret, Signatures, Wanted, read_date};
use sukkal_spec::{
    ClaimCreate, MESSAGE_POST_INFO, OperationInfo, SUBSCRIPTION_CREATE_INFO,
    TOPIC_MESSAGE_POST_INFO, TOPIC_SUBSCRIPTION_CREATE_INFO, TopicCreate,
};
use sukkal_storage::QueueKey;

/// Sets up what an example presumes, and returns what its placeholders stand for.
pub(crate) async fn set_up(service: &Service, given: &Value) -> Vec<(String, String)> {
    for name in given["queues"].as_array().into_iter().flatten() {
        service.create_queue(name.as_str().expect("a name"), json!({})).await;
    }
    for name in given["topics"].as_array().into_iter().flatten() {
        service.call(TopicCreate, json!({ "topic_name": name })).await.expect_outcome("created");
    }
    let mut values = pools(service, given).await;
    values.push(("{project}".to_owned(), service.project().to_owned()));
    let Some(log) = Log::of(given) else { return values };
    if let Some(subscribers) = given["subscribers"].as_array() {
        for (at, subscriber) in subscribers.iter().enumerate() {
            let input = json!({ log.field: log.name, "subscriber": subscriber });
            let reply = service.call_info(log.subscribe, input).await.expect_outcome("created");
            let id = reply.body()["subscription_id"].as_str().expect("an id").to_owned();
            values.push((format!("{{unsubscribe {at}}}"), log.unsubscribing(service, &id)));
            values.push((format!("{{subscription {at}}}"), id));
        }
    }
    if let Some(bodies) = given["messages"].as_array() {
        let messages: Vec<Value> = bodies.iter().map(|body| json!({ "body": body })).collect();
        let input = json!({ log.field: log.name, "messages": messages });
        let reply = service.call_info(log.post, input).await.expect_outcome("posted");
        let ids = reply.message_ids().into_iter().enumerate();
        values.extend(ids.map(|(at, id)| (format!("{{message {at}}}"), id)));
    }
    if let Some(count) = given["claimed"].as_u64() {
        let input = json!({ "queue_name": log.name, "limit": count });
        let reply = service.call(ClaimCreate, input).await.expect_outcome("claimed");
        values.push(("{claim}".to_owned(), reply.claim_id()));
    }
    values
}

/// The queue or topic that an example presumes, and how it is filled.
struct Log<'a> {
    name: &'a str,
    field: &'static str,
    post: &'static OperationInfo,
    subscribe: &'static OperationInfo,
}

impl<'a> Log<'a> {
    fn of(given: &'a Value) -> Option<Self> {
        let queue = given["queue"].as_str().map(|name| Self {
            name,
            field: "queue_name",
            post: MESSAGE_POST_INFO,
            subscribe: SUBSCRIPTION_CREATE_INFO,
        });
        queue.or(given["topic"].as_str().map(|name| Self {
            name,
            field: "topic_name",
            post: TOPIC_MESSAGE_POST_INFO,
            subscribe: TOPIC_SUBSCRIPTION_CREATE_INFO,
        }))
    }
}

impl Log<'_> {
    /// The signature of the link with which a subscriber ends its subscription, until the year 2100.
    fn unsubscribing(&self, service: &Service, id: &str) -> String {
        let key = match self.field {
            "topic_name" => QueueKey::topic(service.project(), self.name),
            _ => QueueKey::new(service.project(), self.name),
        };
        let secret_key = Some(Secret::new("for conformance only"));
        let keys = KeyRing { secret_key, ..KeyRing::default() };
        let signed = Signatures::new(keys, Clock::manual(0)).sign(Wanted {
            paths: vec![unsubscribe_path(&key, id.parse().expect("an id"))],
            methods: vec![UNSUBSCRIBE_METHOD.to_owned()],
            project: service.project().to_owned(),
            expires: read_date("2100-01-01T00:00:00").ok(),
            key_id: None,
        });
        signed.expect("it is signed").signature
    }
}

/// Makes pools and flavors; there may be the URI of one more pool.
async fn pools(service: &Service, given: &Value) -> Vec<(String, String)> {
    let pools: Vec<&str> =
        given["pools"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (number, name) in pools.iter().enumerate() {
        service.create_pool(name, number, json!({})).await;
    }
    for name in given["flavors"].as_array().into_iter().flatten() {
        service.create_flavor(name.as_str().expect("a name"), [pools[0]]).await;
    }
    let uri = service.pool_uris().get(pools.len());
    uri.map(|uri| ("{pool uri}".to_owned(), uri.clone())).into_iter().collect()
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
