use std::time::Duration;

use serde_json::json;
use sukkal_spec::{ClaimCreate, ClaimDelete, MessageList, QueueGetStats};

use crate::case::cases;
use crate::service::Service;

cases! { ClaimCreate:
    moves_dead_letters_to_a_queue_in_another_pool needs Pools,
}

async fn moves_dead_letters_to_a_queue_in_another_pool(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    service.create_flavor("here", ["p1"]).await;
    service.create_flavor("there", ["p2"]).await;
    let rule = json!({ "_flavor": "here", "_max_claim_count": 1, "_dead_letter_queue": "dead" });
    service.create_queue("jobs", rule).await;
    service.create_queue("dead", json!({ "_flavor": "there" })).await;
    let ids = service.post("jobs", ["a", "b"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    let claim = reply.expect_outcome("claimed").claim_id();
    let input = json!({ "queue_name": "jobs", "claim_id": claim });
    service.call(ClaimDelete, input).await.expect_outcome("released");

    let again = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;

    again.expect_outcome("nothing_to_claim");
    assert_eq!(letters(service, 2).await, ids);
    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.counts(), [Some(0), Some(0), Some(0)]);
}

/// The ids of the dead letters once there are so many: they are moved in the background.
async fn letters(service: &Service, count: usize) -> Vec<String> {
    let input = json!({ "queue_name": "dead", "echo": true });
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..2000 {
        let reply = service.call(MessageList, input.clone()).await.expect_outcome("listed");
        if reply.messages().len() >= count {
            return reply.message_ids();
        }
        ticks.tick().await;
    }
    panic!("no dead letter arrives");
}
