use serde_json::json;
use sukkal_spec::{QueueCreate, QueueGet, QueueUpdate};

use crate::case::cases;
use crate::service::Service;

cases! {
    QueueCreate:
        takes_metadata_up_to_the_limit needs Limits,
        refuses_metadata_above_the_limit needs Limits;
    QueueUpdate: refuses_a_change_that_makes_the_metadata_too_large needs Limits;
    QueueGet: tells_the_limit_of_posts_in_force needs Limits Http;
}

async fn takes_metadata_up_to_the_limit(service: &Service) {
    service.create_queue("jobs", json!({ "a": "x".repeat(48) })).await;

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    assert_eq!(shown.expect_outcome("shown").body()["a"], "x".repeat(48));
}

async fn refuses_metadata_above_the_limit(service: &Service) {
    let input = json!({ "queue_name": "jobs", "metadata": { "a": "x".repeat(60) } });
    let refused = service.call(QueueCreate, input).await;

    refused.expect_error("metadata_too_large").saying("64");
    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    assert!(shown.expect_outcome("shown").body().get("a").is_none());
}

async fn refuses_a_change_that_makes_the_metadata_too_large(service: &Service) {
    service.create_queue("jobs", json!({ "a": "x".repeat(48) })).await;

    // The change itself is smaller than the limit.
    let changes = json!([{ "op": "add", "path": "/metadata/b", "value": "12345" }]);
    let input = json!({ "queue_name": "jobs", "changes": changes });
    service.call(QueueUpdate, input).await.expect_error("metadata_too_large").saying("64");

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    assert!(shown.expect_outcome("shown").body().get("b").is_none());
}

async fn tells_the_limit_of_posts_in_force(service: &Service) {
    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;

    assert_eq!(shown.expect_outcome("shown").body()["_max_messages_post_size"], 256);
}
