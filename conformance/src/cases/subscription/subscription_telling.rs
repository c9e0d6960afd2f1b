//! What an owner sees and does about telling a subscriber.

use serde_json::{Value, json};
use sukkal_spec::{
    SubscriptionCreate, SubscriptionGetAttempts, SubscriptionPause, SubscriptionReplay,
    SubscriptionResend, SubscriptionResume, SubscriptionTest, SubscriptionUnsubscribe,
};

use super::{HOOK, UNKNOWN};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    SubscriptionGetAttempts:
        says_whether_the_subscriber_is_told,
        is_refused_for_a_subscription_that_does_not_exist;
    SubscriptionPause:
        pauses_however_often,
        pauses_a_connection_too needs WebSocket;
    SubscriptionResume:
        resumes_however_often;
    SubscriptionResend:
        takes_a_message_that_is_there,
        refuses_a_message_that_is_not_there;
    SubscriptionReplay:
        counts_what_was_posted_since_a_time,
        goes_on_where_the_last_call_ended,
        refuses_what_is_no_start;
    SubscriptionTest:
        refuses_a_connection needs WebSocket,
        names_the_test,
        refuses_a_test_that_is_too_large needs Limits;
    SubscriptionUnsubscribe:
        refuses_links_that_are_not_genuine;
}

fn of(id: &str) -> Value {
    json!({ "queue_name": "jobs", "subscription_id": id })
}

async fn state(service: &Service, id: &str) -> Value {
    let reply = service.call(SubscriptionGetAttempts, of(id)).await.expect_outcome("listed");
    reply.body()["state"].clone()
}

async fn replay(service: &Service, id: &str, start: Value) -> Reply {
    let mut input = of(id);
    input.as_object_mut().unwrap().extend(start.as_object().unwrap().clone());
    service.call(SubscriptionReplay, input).await
}

async fn says_whether_the_subscriber_is_told(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    let reply = service.call(SubscriptionGetAttempts, of(&id)).await.expect_outcome("listed");

    assert_eq!(reply.body()["state"], "active");
    assert_eq!(reply.body()["attempts"], json!([]));
}

async fn is_refused_for_a_subscription_that_does_not_exist(service: &Service) {
    for id in UNKNOWN {
        let mut resent = of(id);
        resent["message_id"] = json!(id);
        let replies = [
            service.call(SubscriptionGetAttempts, of(id)).await,
            service.call(SubscriptionPause, of(id)).await,
            service.call(SubscriptionResume, of(id)).await,
            service.call(SubscriptionTest, of(id)).await,
            service.call(SubscriptionResend, resent).await,
            replay(service, id, json!({ "since": "2026-01-01" })).await,
        ];
        for reply in replies {
            reply.expect_error("subscription_does_not_exist").saying(id);
        }
    }
}

async fn pauses_however_often(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for _ in 0..2 {
        service.call(SubscriptionPause, of(&id)).await.expect_outcome("paused");
        assert_eq!(state(service, &id).await, "paused");
    }
}

async fn subscribe_itself(service: &Service) -> String {
    let input = json!({ "queue_name": "jobs" });
    let reply = service.call(SubscriptionCreate, input).await.expect_outcome("created");
    reply.body()["subscription_id"].as_str().unwrap_or_default().to_owned()
}

async fn pauses_a_connection_too(service: &Service) {
    let id = subscribe_itself(service).await;

    service.call(SubscriptionPause, of(&id)).await.expect_outcome("paused");
    assert_eq!(state(service, &id).await, "paused");
    service.call(SubscriptionResume, of(&id)).await.expect_outcome("resumed");
    assert_eq!(state(service, &id).await, "active");
}

async fn refuses_a_connection(service: &Service) {
    let id = subscribe_itself(service).await;

    for reply in [
        service.call(SubscriptionTest, of(&id)).await,
        replay(service, &id, json!({ "since": "2026-01-01" })).await,
    ] {
        reply.expect_error("subscription_of_connection");
    }
}

async fn resumes_however_often(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    service.call(SubscriptionPause, of(&id)).await.expect_outcome("paused");
    for _ in 0..2 {
        service.call(SubscriptionResume, of(&id)).await.expect_outcome("resumed");
        assert_eq!(state(service, &id).await, "active");
    }
}

async fn takes_a_message_that_is_there(service: &Service) {
    let messages = service.post("jobs", ["a"]).await;
    let id = service.subscribe("jobs", HOOK).await;
    let mut input = of(&id);
    input["message_id"] = json!(messages[0]);

    let reply = service.call(SubscriptionResend, input).await.expect_outcome("accepted");

    assert_eq!(reply.body()["message_id"], messages[0]);
}

async fn refuses_a_message_that_is_not_there(service: &Service) {
    let others = service.post("other", ["a"]).await;
    let id = service.subscribe("jobs", HOOK).await;
    for message in [&others[0], "nonsense", ""] {
        let mut input = of(&id);
        input["message_id"] = json!(message);
        service.call(SubscriptionResend, input).await.expect_error("message_does_not_exist");
    }
    service.call(SubscriptionResend, of(&id)).await.expect_error("input_invalid");
}

async fn counts_what_was_posted_since_a_time(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    service.post("jobs", ["a", "b", "c"]).await;

    for (since, wanted) in [("2000-01-01", 3), ("2200-01-01T00:00:00Z", 0)] {
        let reply = replay(service, &id, json!({ "since": since })).await;
        let reply = reply.expect_outcome("accepted");
        assert_eq!(reply.body()["resent"], wanted, "{since}");
        assert!(reply.body()["next_marker"].is_null(), "{since}");
    }
}

async fn goes_on_where_the_last_call_ended(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for _ in 0..21 {
        let fifty: Vec<Value> = (0..50).map(|at| json!({ "body": at })).collect();
        service.post_messages("jobs", json!(fifty)).await;
    }

    let first = replay(service, &id, json!({ "since": "2000-01-01" })).await;
    let first = first.expect_outcome("accepted");
    let marker = json!({ "marker": first.body()["next_marker"] });
    let second = replay(service, &id, marker).await.expect_outcome("accepted");

    assert_eq!((&first.body()["resent"], &second.body()["resent"]), (&json!(1000), &json!(50)));
    assert!(second.body()["next_marker"].is_null());
}

async fn refuses_what_is_no_start(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for start in [
        json!({}),
        json!({ "since": "soon" }),
        json!({ "since": "" }),
        json!({ "since": "12345" }),
        json!({ "marker": "soon" }),
        json!({ "since": "2026-01-01", "marker": "0-1-0" }),
    ] {
        replay(service, &id, start).await.expect_error("replay_start_invalid");
    }
    replay(service, &id, json!({ "since": 5 })).await.expect_error("input_invalid");
}

async fn names_the_test(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let mut with_body = of(&id);
    with_body["body"] = json!({ "mine": [1, null] });

    let one = service.call(SubscriptionTest, of(&id)).await.expect_outcome("accepted");
    let other = service.call(SubscriptionTest, with_body).await.expect_outcome("accepted");

    let id = |reply: &Reply| reply.body()["message_id"].as_str().map(str::to_owned);
    assert!(id(&one).is_some_and(|id| id.len() == 36));
    assert_ne!(id(&one), id(&other));
}

async fn refuses_a_test_that_is_too_large(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let mut input = of(&id);
    input["body"] = json!("x".repeat(300));

    service.call(SubscriptionTest, input).await.expect_error("document_too_large");
}

async fn refuses_links_that_are_not_genuine(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for (id, expires) in [(id.as_str(), "2100-01-01T00:00:00"), (UNKNOWN[1], "soon"), (&id, "")] {
        let mut input = of(id);
        input["project"] = json!(service.project());
        input["expires"] = json!(if expires.is_empty() { "2000-01-01" } else { expires });
        input["signature"] = json!("0".repeat(64));
        service.call(SubscriptionUnsubscribe, input).await.expect_error("link_invalid");
    }
    service.call(SubscriptionUnsubscribe, of(&id)).await.expect_error("input_invalid");
    assert_eq!(state(service, &id).await, "active");
}
