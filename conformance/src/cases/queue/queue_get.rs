use serde_json::json;
use sukkal_spec::QueueGet;

use crate::case::cases;
use crate::service::Service;

cases! { QueueGet:
    shows_the_metadata_in_its_order,
    is_no_error_for_a_queue_that_does_not_exist,
    fills_reserved_attributes_in needs Http,
    shows_metadata_as_stored needs WebSocket,
}

async fn shows_the_metadata_in_its_order(service: &Service) {
    service.create_queue("jobs", json!({ "z": 1, "a": { "y": 1, "b": 2 }, "m": [] })).await;

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    let shown = shown.expect_outcome("shown");

    let keys: Vec<&String> = shown.body().as_object().unwrap().keys().take(3).collect();
    assert_eq!(keys, ["z", "a", "m"]);
    assert_eq!(shown.body()["a"].to_string(), r#"{"y":1,"b":2}"#);
}

async fn is_no_error_for_a_queue_that_does_not_exist(service: &Service) {
    let shown = service.call(QueueGet, json!({ "queue_name": "nowhere" })).await;

    shown.expect_outcome("shown");
}

async fn fills_reserved_attributes_in(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1, "_default_message_ttl": 120 })).await;

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;

    let wanted = json!({
        "a": 1,
        "_default_message_ttl": 120,
        "_max_messages_post_size": 262_144,
        "_default_message_delay": 0,
        "_dead_letter_queue": null,
        "_dead_letter_queue_messages_ttl": null,
        "_max_claim_count": null,
        "_enable_encrypt_messages": false,
    });
    assert_eq!(shown.expect_outcome("shown").body().to_string(), wanted.to_string());
}

async fn shows_metadata_as_stored(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1 })).await;

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;

    assert_eq!(shown.expect_outcome("shown").body(), &json!({ "a": 1 }));
}
