use serde_json::{Value, json};
use sukkal_spec::{ClaimCreate, ClaimDelete, MessageList};

use crate::case::cases;
use crate::service::Service;

cases! { MessageList:
    leaves_out_the_callers_own_unless_asked,
    compares_clients_by_value_and_not_by_spelling,
    leaves_out_claimed_messages_unless_asked,
    leaves_out_delayed_messages_unless_asked needs Clock,
    leaves_out_expired_messages needs Clock,
    keeps_projects_apart,
    shows_nothing_of_a_queue_that_does_not_exist,
    refuses_limits_out_of_bounds,
    refuses_a_client_id_that_is_no_uuid,
    tells_the_order_of_posting,
}

async fn bodies(service: &Service, input: Value) -> Vec<Value> {
    service.call(MessageList, input).await.expect_outcome("listed").message_bodies()
}

async fn leaves_out_the_callers_own_unless_asked(service: &Service) {
    let other = service.as_other_client();
    service.post("jobs", ["mine"]).await;
    other.post("jobs", ["theirs"]).await;

    assert_eq!(bodies(service, json!({ "queue_name": "jobs" })).await, ["theirs"]);
    assert_eq!(bodies(&other, json!({ "queue_name": "jobs" })).await, ["mine"]);
    let input = json!({ "queue_name": "jobs", "echo": true });
    assert_eq!(bodies(service, input).await, ["mine", "theirs"]);
}

async fn compares_clients_by_value_and_not_by_spelling(service: &Service) {
    let lower = service.as_client("3381af92-2b9e-11e3-b191-71861300734c");
    let upper = service.as_client("{3381AF922B9E11E3B19171861300734C}");
    lower.post("jobs", ["mine"]).await;

    assert!(bodies(&upper, json!({ "queue_name": "jobs" })).await.is_empty());
    assert_eq!(bodies(service, json!({ "queue_name": "jobs" })).await, ["mine"]);
}

async fn leaves_out_claimed_messages_unless_asked(service: &Service) {
    service.post("jobs", ["a", "b"]).await;
    let input = json!({ "queue_name": "jobs", "limit": 1 });
    let claim = service.call(ClaimCreate, input).await.expect_outcome("claimed").claim_id();

    assert_eq!(bodies(service, json!({ "queue_name": "jobs", "echo": true })).await, ["b"]);
    let input = json!({ "queue_name": "jobs", "echo": true, "include_claimed": true });
    assert_eq!(bodies(service, input).await, ["a", "b"]);

    let release = json!({ "queue_name": "jobs", "claim_id": claim });
    service.call(ClaimDelete, release).await.expect_outcome("released");
    assert_eq!(bodies(service, json!({ "queue_name": "jobs", "echo": true })).await, ["a", "b"]);
}

async fn leaves_out_delayed_messages_unless_asked(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_delay": 30 })).await;
    service.post("jobs", ["a"]).await;

    assert!(bodies(service, json!({ "queue_name": "jobs", "echo": true })).await.is_empty());
    let all = json!({ "queue_name": "jobs", "echo": true, "include_delayed": true });
    assert_eq!(bodies(service, all).await, ["a"]);

    service.advance_clock(31);
    assert_eq!(bodies(service, json!({ "queue_name": "jobs", "echo": true })).await, ["a"]);
}

async fn leaves_out_expired_messages(service: &Service) {
    let messages = json!([{ "body": "short", "ttl": 60 }, { "body": "long", "ttl": 600 }]);
    service.post_messages("jobs", messages).await;

    service.advance_clock(61);

    assert_eq!(bodies(service, json!({ "queue_name": "jobs", "echo": true })).await, ["long"]);
}

async fn keeps_projects_apart(service: &Service) {
    let other = service.in_project(&format!("{}-2", service.project()));
    service.post("jobs", ["ours"]).await;
    other.post("jobs", ["theirs"]).await;

    let input = json!({ "queue_name": "jobs", "echo": true });
    assert_eq!(bodies(service, input.clone()).await, ["ours"]);
    assert_eq!(bodies(&other, input).await, ["theirs"]);
}

async fn shows_nothing_of_a_queue_that_does_not_exist(service: &Service) {
    assert!(bodies(service, json!({ "queue_name": "nowhere", "echo": true })).await.is_empty());
}

async fn refuses_limits_out_of_bounds(service: &Service) {
    for limit in [0, -1, 21, i64::MAX] {
        let input = json!({ "queue_name": "jobs", "limit": limit });
        let reply = service.call(MessageList, input).await.expect_error("limit_exceeded");
        reply.saying("Limit must be at least 1 and may not be greater than 20.");
    }
}

async fn refuses_a_client_id_that_is_no_uuid(service: &Service) {
    for client in ["nonsense", "", "3381af92-2b9e-11e3-b191-71861300734"] {
        let reply =
            service.as_client(client).call(MessageList, json!({ "queue_name": "jobs" })).await;
        reply.expect_error("client_id_malformed");
    }
}

async fn tells_the_order_of_posting(service: &Service) {
    for body in ["a", "b", "c", "d"] {
        service.post("jobs", [body]).await;
    }

    let input = json!({ "queue_name": "jobs", "echo": true });
    assert_eq!(bodies(service, input).await, ["a", "b", "c", "d"]);
}
