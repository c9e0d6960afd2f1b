use serde_json::json;
use sukkal_spec::{ClaimCreate, MessagePop, QueueGetStats};

use crate::case::cases;
use crate::service::Service;

cases! { MessagePop:
    takes_the_oldest_for_good,
    leaves_claimed_messages,
    returns_nothing_from_an_empty_queue,
    refuses_numbers_out_of_bounds,
    keeps_projects_apart,
    returns_messages_whose_claim_has_expired needs Clock,
}

async fn takes_the_oldest_for_good(service: &Service) {
    let queue = service.queue_with(["a", "b", "c"]).await;

    let input = json!({ "queue_name": queue, "pop": 2 });
    let popped = service.call(MessagePop, input).await.expect_outcome("popped");

    assert_eq!(popped.message_bodies(), ["a", "b"]);
    let stats = service.call(QueueGetStats, json!({ "queue_name": queue })).await;
    assert_eq!(stats.counts(), [Some(0), Some(1), Some(1)]);
}

async fn leaves_claimed_messages(service: &Service) {
    let queue = service.queue_with(["a", "b"]).await;
    let input = json!({ "queue_name": queue, "limit": 1 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");

    let input = json!({ "queue_name": queue, "pop": 5 });
    let popped = service.call(MessagePop, input).await.expect_outcome("popped");

    assert_eq!(popped.message_bodies(), ["b"]);
}

async fn returns_nothing_from_an_empty_queue(service: &Service) {
    let input = json!({ "queue_name": "nowhere", "pop": 5 });
    let popped = service.call(MessagePop, input).await.expect_outcome("popped");

    assert_eq!(popped.body()["messages"], json!([]));
}

async fn refuses_numbers_out_of_bounds(service: &Service) {
    for pop in [0, -1, 21] {
        let input = json!({ "queue_name": "jobs", "pop": pop });
        let reply = service.call(MessagePop, input).await.expect_error("limit_exceeded");
        reply.saying("Pop value must be at least 1 and may not be greater than 20.");
    }
}

async fn keeps_projects_apart(service: &Service) {
    service.post("jobs", ["a"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    let input = json!({ "queue_name": "jobs", "pop": 1 });
    let none = other.call(MessagePop, input.clone()).await.expect_outcome("popped");
    let one = service.call(MessagePop, input).await.expect_outcome("popped");

    assert!(none.messages().is_empty());
    assert_eq!(one.message_bodies(), ["a"]);
}

async fn returns_messages_whose_claim_has_expired(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let input = json!({ "queue_name": queue, "ttl": 60 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");

    service.advance_clock(61);

    let input = json!({ "queue_name": queue, "pop": 1 });
    let popped = service.call(MessagePop, input).await.expect_outcome("popped");
    assert_eq!(popped.message_bodies(), ["a"]);
}
