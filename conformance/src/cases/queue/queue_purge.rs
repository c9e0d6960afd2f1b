use serde_json::json;
use sukkal_spec::{ClaimCreate, QueueGet, QueueGetStats, QueuePurge};

use crate::case::cases;
use crate::service::Service;

cases! { QueuePurge:
    removes_free_and_delayed_messages,
    leaves_claimed_messages_with_their_holder,
    leaves_messages_when_only_subscriptions_are_named,
    keeps_the_queue_and_its_metadata,
    is_no_error_for_a_queue_that_does_not_exist,
    refuses_other_resources needs Http,
    refuses_a_body_without_resources needs Http,
}

async fn removes_free_and_delayed_messages(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_delay": 100 })).await;
    service.post_messages("jobs", json!([{ "body": 1 }, { "body": 2, "delay": 0 }])).await;

    let reply = service.call(QueuePurge, json!({ "queue_name": "jobs" })).await;

    reply.expect_outcome("purged");
    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.counts(), [Some(0), Some(0), Some(0)]);
}

async fn leaves_claimed_messages_with_their_holder(service: &Service) {
    let queue = service.queue_with(["a", "b"]).await;
    let input = json!({ "queue_name": queue, "limit": 1 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");

    let input = json!({ "queue_name": queue, "resource_types": ["messages"] });
    service.call(QueuePurge, input).await.expect_outcome("purged");

    let stats = service.call(QueueGetStats, json!({ "queue_name": queue })).await;
    assert_eq!(stats.counts(), [Some(1), Some(0), Some(1)]);
}

async fn leaves_messages_when_only_subscriptions_are_named(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    for resources in [json!(["subscriptions"]), json!([])] {
        let input = json!({ "queue_name": queue, "resource_types": resources });
        service.call(QueuePurge, input).await.expect_outcome("purged");
    }

    let stats = service.call(QueueGetStats, json!({ "queue_name": queue })).await;
    assert_eq!(stats.counts(), [Some(0), Some(1), Some(1)]);
}

async fn keeps_the_queue_and_its_metadata(service: &Service) {
    service.create_queue("jobs", json!({ "color": "red" })).await;

    let reply = service.call(QueuePurge, json!({ "queue_name": "jobs" })).await;

    reply.expect_outcome("purged");
    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    assert_eq!(shown.expect_outcome("shown").body()["color"], "red");
}

async fn is_no_error_for_a_queue_that_does_not_exist(service: &Service) {
    let reply = service.call(QueuePurge, json!({ "queue_name": "nowhere" })).await;

    reply.expect_outcome("purged");
    let stats = service.call(QueueGetStats, json!({ "queue_name": "nowhere" })).await;
    stats.expect_outcome("unknown_queue");
}

async fn refuses_other_resources(service: &Service) {
    let input = json!({ "queue_name": "jobs", "resource_types": ["messages", "claims"] });

    service.call(QueuePurge, input).await.expect_error("value_not_allowed");
}

async fn refuses_a_body_without_resources(service: &Service) {
    let input = json!({ "queue_name": "jobs", "other": 1 });
    let reply = service.call(QueuePurge, input).await.expect_error("input_invalid");

    reply.saying("Post body must contain key \"resource_types\".");
}
