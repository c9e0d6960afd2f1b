use std::time::Duration;

use serde_json::{Value, json};
use sukkal_spec::{ClaimCreate, ClaimDelete, MessageGet, MessageList, QueueGetStats};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! { ClaimCreate:
    moves_a_message_once_it_was_claimed_often_enough needs Clock,
    gives_dead_letters_their_own_ttl needs Clock,
    moves_nothing_without_both_attributes needs Clock,
    hands_nothing_out_when_no_claim_is_allowed,
    counts_released_claims_as_well,
    moves_nothing_to_what_no_queue_can_be_named,
}

async fn dying(service: &Service, metadata: Value) -> String {
    service.create_queue("dead", json!({})).await;
    service.create_queue("jobs", metadata).await;
    service.post("jobs", ["a"]).await.remove(0)
}

/// Claims and lets the claim run out.
async fn fail(service: &Service) {
    let input = json!({ "queue_name": "jobs", "ttl": 60 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");
    service.advance_clock(61);
}

/// The messages of the dead-letter queue once there is one. A service may move them in the background.
pub(in crate::cases) async fn letters(service: &Service) -> Reply {
    let input = json!({ "queue_name": "dead", "echo": true });
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..2000 {
        let reply = service.call(MessageList, input.clone()).await.expect_outcome("listed");
        if !reply.messages().is_empty() {
            return reply;
        }
        ticks.tick().await;
    }
    panic!("no dead letter arrives");
}

async fn moves_a_message_once_it_was_claimed_often_enough(service: &Service) {
    let id = dying(service, json!({ "_max_claim_count": 2, "_dead_letter_queue": "dead" })).await;
    fail(service).await;
    fail(service).await;

    let third = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;

    third.expect_outcome("nothing_to_claim");
    let gone = json!({ "queue_name": "jobs", "message_id": id });
    service.call(MessageGet, gone).await.expect_error("message_does_not_exist");
    assert_eq!(letters(service).await.message_bodies(), ["a"]);
    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.counts(), [Some(0), Some(0), Some(0)]);
}

async fn gives_dead_letters_their_own_ttl(service: &Service) {
    let metadata = json!({
        "_max_claim_count": 1, "_dead_letter_queue": "dead", "_dead_letter_queue_messages_ttl": 120,
    });
    dying(service, metadata).await;
    fail(service).await;
    let second = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    second.expect_outcome("nothing_to_claim");
    assert_eq!(letters(service).await.messages()[0]["ttl"], 120);

    service.advance_clock(121);

    let list = json!({ "queue_name": "dead", "echo": true });
    let later = service.call(MessageList, list).await.expect_outcome("listed");
    assert!(later.messages().is_empty(), "{}", later.body());
}

async fn moves_nothing_without_both_attributes(service: &Service) {
    dying(service, json!({ "_max_claim_count": 1 })).await;

    fail(service).await;
    fail(service).await;
    fail(service).await;

    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.counts(), [Some(0), Some(1), Some(1)]);
}

async fn hands_nothing_out_when_no_claim_is_allowed(service: &Service) {
    dying(service, json!({ "_max_claim_count": 0, "_dead_letter_queue": "dead" })).await;

    let reply = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;

    reply.expect_outcome("nothing_to_claim");
    assert_eq!(letters(service).await.message_bodies(), ["a"]);
}

async fn counts_released_claims_as_well(service: &Service) {
    dying(service, json!({ "_max_claim_count": 1, "_dead_letter_queue": "dead" })).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    let claim = reply.expect_outcome("claimed").claim_id();
    let input = json!({ "queue_name": "jobs", "claim_id": claim });
    service.call(ClaimDelete, input).await.expect_outcome("released");

    let again = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;

    again.expect_outcome("nothing_to_claim");
}

async fn moves_nothing_to_what_no_queue_can_be_named(service: &Service) {
    let names = [json!(1), json!("a b"), json!("x".repeat(65)), json!(["dead"])];
    for (index, name) in names.into_iter().enumerate() {
        let queue = format!("jobs-{index}");
        let metadata = json!({ "_max_claim_count": 1, "_dead_letter_queue": name });
        service.create_queue(&queue, metadata).await;
        service.post(&queue, ["a"]).await;
        let input = json!({ "queue_name": queue });
        for _ in 0..3 {
            let claimed = service.call(ClaimCreate, input.clone()).await.expect_outcome("claimed");
            let release = json!({ "queue_name": queue, "claim_id": claimed.claim_id() });
            service.call(ClaimDelete, release).await.expect_outcome("released");
        }
    }
}
