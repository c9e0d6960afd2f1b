use serde_json::{Value, json};
use sukkal_spec::{
    TopicDelete, TopicList, TopicPurge, TopicSubscriptionConfirm, TopicSubscriptionCreate,
    TopicSubscriptionDelete, TopicSubscriptionGet, TopicSubscriptionList, TopicSubscriptionUpdate,
};

use super::call;
use crate::case::cases;
use crate::service::Service;

const HOOK: &str = "http://127.0.0.1:1/hook";
const OTHER: &str = "http://127.0.0.1:1/other";
const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";

cases! {
    TopicSubscriptionCreate:
        keeps_everything_it_was_told,
        creates_the_topic,
        outlives_the_topic,
        returns_the_one_that_waits_for_confirmation,
        subscribes_the_connection_itself needs WebSocket,
        refuses_what_queues_refuse;
    TopicSubscriptionList:
        lists_in_the_order_of_creation,
        is_empty_once_purged;
    TopicSubscriptionGet:
        refuses_one_that_does_not_exist;
    TopicSubscriptionUpdate:
        changes_what_is_named;
    TopicSubscriptionConfirm:
        notes_what_the_subscriber_says;
    TopicSubscriptionDelete:
        ends_it_once_and_for_all,
}

async fn subscribe(service: &Service, subscriber: &str) -> String {
    let input = json!({ "subscriber": subscriber, "ttl": 600 });
    let reply = call(service, TopicSubscriptionCreate, input).await.expect_outcome("created");
    reply.body()["subscription_id"].as_str().unwrap().to_owned()
}

async fn shown(service: &Service, id: &str) -> Value {
    let reply = call(service, TopicSubscriptionGet, json!({ "subscription_id": id })).await;
    reply.expect_outcome("shown").body().clone()
}

async fn subscribers(service: &Service) -> Vec<String> {
    let reply = call(service, TopicSubscriptionList, json!({})).await.expect_outcome("listed");
    let listed = reply.body()["subscriptions"].as_array().cloned().unwrap_or_default();
    listed.iter().filter_map(|each| each["subscriber"].as_str()).map(str::to_owned).collect()
}

async fn keeps_everything_it_was_told(service: &Service) {
    let id = subscribe(service, HOOK).await;

    let wanted = json!({
        "id": id, "source": "news", "subscriber": HOOK, "ttl": 600, "age": 0,
        "options": {}, "confirmed": false,
    });
    assert_eq!(shown(service, &id).await, wanted);
}

async fn creates_the_topic(service: &Service) {
    subscribe(service, HOOK).await;

    let topics = service.call(TopicList, json!({})).await;
    assert_eq!(topics.body()["topics"][0]["name"], "news");
}

async fn outlives_the_topic(service: &Service) {
    subscribe(service, HOOK).await;

    call(service, TopicDelete, json!({})).await.expect_outcome("deleted");

    assert_eq!(subscribers(service).await, [HOOK]);
}

async fn returns_the_one_that_waits_for_confirmation(service: &Service) {
    subscribe(service, HOOK).await;

    let again = call(service, TopicSubscriptionCreate, json!({ "subscriber": HOOK })).await;

    again.expect_outcome("waits_for_confirmation");
}

async fn subscribes_the_connection_itself(service: &Service) {
    let other = service.on_another_connection();
    call(&other, TopicSubscriptionCreate, json!({})).await.expect_outcome("created");
    assert_eq!(subscribers(service).await.len(), 1);

    other.disconnect().await;

    assert!(subscribers(service).await.is_empty());
}

async fn refuses_what_queues_refuse(service: &Service) {
    for (input, error) in [
        (json!({ "subscriber": "fake" }), "subscriber_type_unsupported"),
        (json!({ "subscriber": HOOK, "ttl": 59 }), "limit_exceeded"),
        (json!({ "subscriber": HOOK, "ttl": "x" }), "input_invalid"),
        (json!({ "subscriber": HOOK, "options": 5 }), "input_invalid"),
        (json!({ "subscriber": HOOK, "options": { "_retry_policy": 5 } }), "retry_policy_invalid"),
    ] {
        call(service, TopicSubscriptionCreate, input).await.expect_error(error);
    }
}

async fn lists_in_the_order_of_creation(service: &Service) {
    subscribe(service, OTHER).await;
    subscribe(service, HOOK).await;

    assert_eq!(subscribers(service).await, [OTHER, HOOK]);
}

async fn is_empty_once_purged(service: &Service) {
    subscribe(service, HOOK).await;

    let input = json!({ "resource_types": ["messages"] });
    call(service, TopicPurge, input).await.expect_outcome("purged");
    assert_eq!(subscribers(service).await, [HOOK]);

    call(service, TopicPurge, json!({})).await.expect_outcome("purged");
    assert!(subscribers(service).await.is_empty());
}

async fn refuses_one_that_does_not_exist(service: &Service) {
    let input = json!({ "subscription_id": UNKNOWN });

    let reply = call(service, TopicSubscriptionGet, input).await;

    reply.expect_error("subscription_does_not_exist").saying(UNKNOWN);
}

async fn changes_what_is_named(service: &Service) {
    let id = subscribe(service, HOOK).await;

    let input = json!({ "subscription_id": id, "subscriber": OTHER, "ttl": null });
    call(service, TopicSubscriptionUpdate, input).await.expect_outcome("updated");

    let found = shown(service, &id).await;
    assert_eq!((&found["subscriber"], &found["ttl"]), (&json!(OTHER), &json!(600)));
}

async fn notes_what_the_subscriber_says(service: &Service) {
    let id = subscribe(service, HOOK).await;

    let input = json!({ "subscription_id": id, "confirmed": true });
    call(service, TopicSubscriptionConfirm, input).await.expect_outcome("confirmed");

    assert_eq!(shown(service, &id).await["confirmed"], true);
    let again = call(service, TopicSubscriptionCreate, json!({ "subscriber": HOOK })).await;
    again.expect_outcome("already_subscribed");
}

async fn ends_it_once_and_for_all(service: &Service) {
    let id = subscribe(service, HOOK).await;

    for id in [&id, &id, UNKNOWN] {
        let input = json!({ "subscription_id": id });
        call(service, TopicSubscriptionDelete, input).await.expect_outcome("deleted");
    }

    assert!(subscribers(service).await.is_empty());
}
