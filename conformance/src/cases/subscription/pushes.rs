use serde_json::{Value, json};
use sukkal_spec::{
    SubscriptionCreate, SubscriptionDelete, SubscriptionUpdate, TopicMessagePost,
    TopicSubscriptionCreate,
};

use crate::case::cases;
use crate::service::Service;

cases! {
    SubscriptionCreate:
        tells_the_connection_of_a_message needs WebSocket,
        tells_only_of_what_is_posted_afterwards needs WebSocket,
        keeps_the_order_of_posts needs WebSocket,
        tells_every_connection needs WebSocket,
        tells_of_a_delayed_message_at_once needs WebSocket,
        puts_the_message_into_the_text_of_the_subscriber needs WebSocket,
        goes_on_after_a_cursor needs WebSocket Extension,
        begins_where_the_answer_says needs WebSocket Extension,
        refuses_a_cursor_of_another_queue needs WebSocket Extension,
        refuses_one_subscription_too_many needs WebSocket Limits Extension;
    SubscriptionDelete:
        tells_the_connection_nothing_more needs WebSocket;
    SubscriptionUpdate:
        tells_the_connection_in_another_text needs WebSocket;
    TopicSubscriptionCreate:
        tells_the_connection_of_messages_of_a_topic needs WebSocket,
}

async fn subscribe(service: &Service, input: Value) -> Value {
    service.call(SubscriptionCreate, input).await.expect_outcome("created").body().clone()
}

/// Posts over HTTP, so that no answer comes between the pushes.
async fn post<const N: usize>(service: &Service, queue: &str, bodies: [&str; N]) {
    let messages: Vec<Value> =
        bodies.iter().map(|body| json!({ "ttl": 300, "body": body })).collect();
    service.over_http().post_messages(queue, json!(messages)).await;
}

fn told(queue: &str, body: &str) -> Value {
    json!({ "ttl": 300, "body": body, "Message_Type": "Notification", "queue_name": queue })
}

async fn bodies<const N: usize>(service: &Service) -> [String; N] {
    let mut bodies = [const { String::new() }; N];
    for body in &mut bodies {
        *body = service.push().await["body"].as_str().unwrap().to_owned();
    }
    bodies
}

async fn tells_the_connection_of_a_message(service: &Service) {
    subscribe(service, json!({ "queue_name": "jobs" })).await;

    post(service, "jobs", ["a"]).await;
    assert_eq!(service.push().await, told("jobs", "a"));

    let message = json!([{ "ttl": 300, "body": { "b": [1, null, "x"] } }]);
    service.post_messages("jobs", message).await;
    assert_eq!(service.push().await["body"], json!({ "b": [1, null, "x"] }));
}

async fn tells_only_of_what_is_posted_afterwards(service: &Service) {
    post(service, "jobs", ["before"]).await;
    subscribe(service, json!({ "queue_name": "jobs" })).await;

    post(service, "jobs", ["after"]).await;

    assert_eq!(service.push().await, told("jobs", "after"));
}

async fn keeps_the_order_of_posts(service: &Service) {
    subscribe(service, json!({ "queue_name": "jobs" })).await;

    post(service, "jobs", ["a", "b", "c"]).await;
    post(service, "jobs", ["d"]).await;
    post(service, "jobs", ["e", "f"]).await;

    assert_eq!(bodies(service).await, ["a", "b", "c", "d", "e", "f"]);
}

async fn tells_every_connection(service: &Service) {
    let other = service.on_another_connection();
    subscribe(service, json!({ "queue_name": "jobs" })).await;
    subscribe(service, json!({ "queue_name": "other" })).await;
    subscribe(&other, json!({ "queue_name": "jobs" })).await;

    post(service, "jobs", ["a"]).await;

    assert_eq!(service.push().await, told("jobs", "a"));
    assert_eq!(other.push().await, told("jobs", "a"));
    post(service, "other", ["b"]).await;
    assert_eq!(service.push().await, told("other", "b"));
    other.disconnect().await;
}

async fn tells_of_a_delayed_message_at_once(service: &Service) {
    service.create_queue("later", json!({ "_default_message_delay": 120 })).await;
    subscribe(service, json!({ "queue_name": "later" })).await;

    post(service, "later", ["a"]).await;

    let mut wanted = told("later", "a");
    wanted["delay"] = json!(120);
    assert_eq!(service.push().await, wanted);
}

async fn puts_the_message_into_the_text_of_the_subscriber(service: &Service) {
    let text = r#"{"all": ["$zaqar_message$", "$zaqar_message$"], "not": "$zaqar_message"}"#;
    let options = json!({ "post_data": text });
    subscribe(service, json!({ "queue_name": "jobs", "options": options })).await;

    post(service, "jobs", ["a"]).await;

    let message = told("jobs", "a");
    let wanted = json!({ "all": [message, message], "not": "$zaqar_message" });
    assert_eq!(service.push().await, wanted);
}

async fn goes_on_after_a_cursor(service: &Service) {
    let first = service.on_another_connection();
    subscribe(&first, json!({ "queue_name": "jobs", "cursor": "" })).await;
    post(service, "jobs", ["a", "b"]).await;
    let push = first.push().await;
    assert_eq!(push["body"], "a");
    assert!(push["message_id"].is_string(), "{push}");
    let cursor = push["cursor"].as_str().unwrap();
    first.disconnect().await;
    post(service, "jobs", ["c"]).await;

    subscribe(service, json!({ "queue_name": "jobs", "cursor": cursor })).await;
    post(service, "jobs", ["d"]).await;

    assert_eq!(bodies(service).await, ["b", "c", "d"]);
}

async fn begins_where_the_answer_says(service: &Service) {
    let first = service.on_another_connection();
    post(service, "jobs", ["a"]).await;
    let answer = subscribe(&first, json!({ "queue_name": "jobs", "cursor": "" })).await;
    first.disconnect().await;
    post(service, "jobs", ["b"]).await;

    let cursor = &answer["cursor"];
    subscribe(service, json!({ "queue_name": "jobs", "cursor": cursor })).await;

    assert_eq!(service.push().await["body"], "b");
    let unasked = subscribe(service, json!({ "queue_name": "other" })).await;
    assert!(unasked.get("cursor").is_none(), "{unasked}");
}

async fn refuses_a_cursor_of_another_queue(service: &Service) {
    let other = subscribe(service, json!({ "queue_name": "other", "cursor": "" })).await;

    for cursor in [&other["cursor"], &json!("nonsense")] {
        let input = json!({ "queue_name": "jobs", "cursor": cursor });
        service.call(SubscriptionCreate, input).await.expect_error("cursor_invalid");
    }
    subscribe(service, json!({ "queue_name": "jobs", "cursor": null })).await;
}

async fn refuses_one_subscription_too_many(service: &Service) {
    for queue in ["a", "b", "c"] {
        subscribe(service, json!({ "queue_name": queue })).await;
    }

    let input = json!({ "queue_name": "d" });
    let refused = service.call(SubscriptionCreate, input).await;

    refused.expect_error("too_many_subscriptions").saying("3");
}

async fn tells_the_connection_nothing_more(service: &Service) {
    let answer = subscribe(service, json!({ "queue_name": "jobs" })).await;
    subscribe(service, json!({ "queue_name": "other" })).await;
    let id = &answer["subscription_id"];

    let input = json!({ "queue_name": "jobs", "subscription_id": id });
    service.call(SubscriptionDelete, input).await.expect_outcome("deleted");
    post(service, "jobs", ["a"]).await;
    post(service, "other", ["b"]).await;

    assert_eq!(service.push().await, told("other", "b"));
}

async fn tells_the_connection_in_another_text(service: &Service) {
    let answer = subscribe(service, json!({ "queue_name": "jobs" })).await;
    let id = &answer["subscription_id"];

    let options = json!({ "post_data": "[\"$zaqar_message$\"]" });
    let input = json!({ "queue_name": "jobs", "subscription_id": id, "options": options });
    service.over_http().call(SubscriptionUpdate, input).await.expect_outcome("updated");
    post(service, "jobs", ["a"]).await;

    assert_eq!(service.push().await, json!([told("jobs", "a")]));
}

async fn tells_the_connection_of_messages_of_a_topic(service: &Service) {
    let input = json!({ "topic_name": "news" });
    service.call(TopicSubscriptionCreate, input).await.expect_outcome("created");

    let messages = json!([{ "ttl": 300, "body": "a" }]);
    let input = json!({ "topic_name": "news", "messages": messages });
    service.over_http().call(TopicMessagePost, input).await.expect_outcome("posted");

    assert_eq!(service.push().await, told("news", "a"));
}
