use serde_json::{Value, json};
use sukkal_spec::{
    TopicMessagePost, TopicSubscriptionCreate, TopicSubscriptionGetAttempts,
    TopicSubscriptionPause, TopicSubscriptionReplay, TopicSubscriptionResend,
    TopicSubscriptionResume, TopicSubscriptionTest, TopicSubscriptionUnsubscribe,
};

use super::call;
use crate::case::cases;
use crate::service::Service;

const HOOK: &str = "http://127.0.0.1:1/hook";
const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";

cases! {
    TopicSubscriptionGetAttempts:
        says_whether_the_subscriber_is_told;
    TopicSubscriptionPause:
        pauses_and_refuses_what_does_not_exist;
    TopicSubscriptionResume:
        resumes;
    TopicSubscriptionResend:
        sends_what_is_there_and_nothing_else;
    TopicSubscriptionReplay:
        counts_what_was_posted;
    TopicSubscriptionTest:
        names_the_test;
    TopicSubscriptionUnsubscribe:
        refuses_links_that_are_not_genuine;
}

async fn subscribe(service: &Service) -> String {
    let input = json!({ "subscriber": HOOK });
    let reply = call(service, TopicSubscriptionCreate, input).await.expect_outcome("created");
    reply.body()["subscription_id"].as_str().unwrap_or_default().to_owned()
}

async fn post(service: &Service) -> Vec<String> {
    let input = json!({ "messages": [{ "body": 1 }, { "body": 2 }] });
    call(service, TopicMessagePost, input).await.expect_outcome("posted").message_ids()
}

async fn state(service: &Service, id: &str) -> Value {
    let input = json!({ "subscription_id": id });
    let reply = call(service, TopicSubscriptionGetAttempts, input).await.expect_outcome("listed");
    reply.body()["state"].clone()
}

async fn says_whether_the_subscriber_is_told(service: &Service) {
    let id = subscribe(service).await;

    assert_eq!(state(service, &id).await, "active");
}

async fn pauses_and_refuses_what_does_not_exist(service: &Service) {
    let id = subscribe(service).await;

    let paused = call(service, TopicSubscriptionPause, json!({ "subscription_id": id })).await;
    let unknown = json!({ "subscription_id": UNKNOWN });
    let refused = call(service, TopicSubscriptionPause, unknown).await;

    paused.expect_outcome("paused");
    refused.expect_error("subscription_does_not_exist");
    assert_eq!(state(service, &id).await, "paused");
}

async fn resumes(service: &Service) {
    let id = subscribe(service).await;
    let input = json!({ "subscription_id": id });
    call(service, TopicSubscriptionPause, input.clone()).await.expect_outcome("paused");

    call(service, TopicSubscriptionResume, input).await.expect_outcome("resumed");

    assert_eq!(state(service, &id).await, "active");
}

async fn sends_what_is_there_and_nothing_else(service: &Service) {
    let (id, messages) = (subscribe(service).await, post(service).await);
    let again = |message: &str| {
        let input = json!({ "subscription_id": id, "message_id": message });
        call(service, TopicSubscriptionResend, input)
    };

    again(&messages[1]).await.expect_outcome("accepted");
    again(UNKNOWN).await.expect_error("topic_message_does_not_exist");
}

async fn counts_what_was_posted(service: &Service) {
    let id = subscribe(service).await;
    post(service).await;
    let input = json!({ "subscription_id": id, "since": "2000-01-01" });

    let reply = call(service, TopicSubscriptionReplay, input).await.expect_outcome("accepted");

    assert_eq!(reply.body()["resent"], 2);
}

async fn names_the_test(service: &Service) {
    let input = json!({ "subscription_id": subscribe(service).await, "body": [1] });

    let reply = call(service, TopicSubscriptionTest, input).await.expect_outcome("accepted");

    assert!(reply.body()["message_id"].is_string());
}

async fn refuses_links_that_are_not_genuine(service: &Service) {
    let id = subscribe(service).await;
    let input = json!({
        "subscription_id": id, "project": service.project(), "expires": "2100-01-01",
        "signature": "0".repeat(64),
    });

    let refused = call(service, TopicSubscriptionUnsubscribe, input).await;

    refused.expect_error("link_invalid");
    assert_eq!(state(service, &id).await, "active");
}
