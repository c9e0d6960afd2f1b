use serde_json::json;
use sukkal_spec::{
    ClaimCreate, ClaimGet, MessageGet, QueueCreate, QueueDelete, QueueGetStats, QueueList,
};

use crate::case::cases;
use crate::service::Service;

cases! { QueueDelete:
    removes_the_queue_with_its_messages_and_claims,
    is_no_error_for_a_queue_that_does_not_exist,
    lets_a_later_queue_of_that_name_begin_empty,
    leaves_other_queues_and_projects_alone,
}

async fn removes_the_queue_with_its_messages_and_claims(service: &Service) {
    let ids = service.post("jobs", ["a", "b"]).await;
    let input = json!({ "queue_name": "jobs", "limit": 1 });
    let claim = service.call(ClaimCreate, input).await.expect_outcome("claimed").claim_id();

    let reply = service.call(QueueDelete, json!({ "queue_name": "jobs" })).await;

    reply.expect_outcome("deleted");
    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    stats.expect_outcome("unknown_queue");
    for id in ids {
        let input = json!({ "queue_name": "jobs", "message_id": id });
        service.call(MessageGet, input).await.expect_error("message_does_not_exist");
    }
    let input = json!({ "queue_name": "jobs", "claim_id": claim });
    service.call(ClaimGet, input).await.expect_error("claim_does_not_exist");
}

async fn is_no_error_for_a_queue_that_does_not_exist(service: &Service) {
    for _ in 0..2 {
        let reply = service.call(QueueDelete, json!({ "queue_name": "jobs" })).await;
        reply.expect_outcome("deleted");
    }
}

async fn lets_a_later_queue_of_that_name_begin_empty(service: &Service) {
    service.create_queue("jobs", json!({ "color": "red" })).await;
    service.post("jobs", ["a"]).await;
    let reply = service.call(QueueDelete, json!({ "queue_name": "jobs" })).await;
    reply.expect_outcome("deleted");

    let again = service.call(QueueCreate, json!({ "queue_name": "jobs" })).await;

    again.expect_outcome("created");
    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.counts(), [Some(0), Some(0), Some(0)]);
    let listed = service.call(QueueList, json!({ "detailed": true })).await;
    assert!(listed.body()["queues"][0]["metadata"]["color"].is_null());
}

async fn leaves_other_queues_and_projects_alone(service: &Service) {
    let other = service.in_project(&format!("{}-2", service.project()));
    service.post("jobs", ["a"]).await;
    service.post("more", ["b"]).await;
    other.post("jobs", ["c"]).await;

    let reply = service.call(QueueDelete, json!({ "queue_name": "jobs" })).await;

    reply.expect_outcome("deleted");
    for (each, queue) in [(service, "more"), (&other, "jobs")] {
        let stats = each.call(QueueGetStats, json!({ "queue_name": queue })).await;
        assert_eq!(stats.expect_outcome("counted").counts(), [Some(0), Some(1), Some(1)]);
    }
}
