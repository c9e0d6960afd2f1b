use serde_json::json;
use sukkal_spec::{ClaimCreate, ClaimDelete, MessageDelete, MessageGet};

use crate::case::cases;
use crate::service::Service;

cases! { MessageDelete:
    removes_a_free_message,
    is_no_error_for_a_message_that_is_not_there,
    removes_a_claimed_message_for_the_holder,
    refuses_a_claimed_message_without_its_claim,
    refuses_a_claim_that_does_not_hold_the_message,
    refuses_a_claim_that_does_not_exist,
    refuses_a_claim_for_a_free_message,
    needs_no_claim_once_it_has_expired needs Clock,
}

async fn held(service: &Service) -> (String, String) {
    let queue = service.queue_with(["a"]).await;
    let input = json!({ "queue_name": queue, "limit": 1, "ttl": 60 });
    let reply = service.call(ClaimCreate, input).await.expect_outcome("claimed");
    (reply.claim_id(), reply.message_ids().remove(0))
}

async fn is_there(service: &Service, id: &str) {
    let input = json!({ "queue_name": "jobs", "message_id": id });
    service.call(MessageGet, input).await.expect_outcome("shown");
}

async fn is_gone(service: &Service, id: &str) {
    let input = json!({ "queue_name": "jobs", "message_id": id });
    service.call(MessageGet, input).await.expect_error("message_does_not_exist");
}

async fn removes_a_free_message(service: &Service) {
    let ids = service.post("jobs", ["a", "b"]).await;

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    service.call(MessageDelete, input).await.expect_outcome("deleted");

    is_gone(service, &ids[0]).await;
    is_there(service, &ids[1]).await;
}

async fn is_no_error_for_a_message_that_is_not_there(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    for id in ["00000000-0000-4000-8000-000000000000", "nonsense"] {
        let input = json!({ "queue_name": queue, "message_id": id });
        service.call(MessageDelete, input).await.expect_outcome("deleted");
        let input = json!({ "queue_name": "nowhere", "message_id": id });
        service.call(MessageDelete, input).await.expect_outcome("deleted");
    }
}

async fn removes_a_claimed_message_for_the_holder(service: &Service) {
    let (claim, id) = held(service).await;

    let input = json!({ "queue_name": "jobs", "message_id": id, "claim_id": claim });
    service.call(MessageDelete, input).await.expect_outcome("deleted");

    is_gone(service, &id).await;
}

async fn refuses_a_claimed_message_without_its_claim(service: &Service) {
    let (_, id) = held(service).await;

    let input = json!({ "queue_name": "jobs", "message_id": id });
    service.call(MessageDelete, input).await.expect_error("message_is_claimed");

    is_there(service, &id).await;
}

async fn refuses_a_claim_that_does_not_hold_the_message(service: &Service) {
    let (_, id) = held(service).await;
    service.post("jobs", ["b"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    let other = reply.expect_outcome("claimed").claim_id();

    let input = json!({ "queue_name": "jobs", "message_id": id, "claim_id": other });
    service.call(MessageDelete, input).await.expect_error("message_not_claimed_by");

    is_there(service, &id).await;
}

async fn refuses_a_claim_that_does_not_exist(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;

    let input = json!({ "queue_name": "jobs", "message_id": ids[0], "claim_id": "nonsense" });
    let reply = service.call(MessageDelete, input).await;

    reply.expect_error("claim_of_message_does_not_exist");
    is_there(service, &ids[0]).await;
}

async fn refuses_a_claim_for_a_free_message(service: &Service) {
    let (claim, _) = held(service).await;
    let ids = service.post("jobs", ["b"]).await;

    let input = json!({ "queue_name": "jobs", "message_id": ids[0], "claim_id": claim });
    service.call(MessageDelete, input).await.expect_error("message_not_claimed");

    is_there(service, &ids[0]).await;
    let release = json!({ "queue_name": "jobs", "claim_id": claim });
    service.call(ClaimDelete, release).await.expect_outcome("released");
}

async fn needs_no_claim_once_it_has_expired(service: &Service) {
    let (_, id) = held(service).await;
    service.advance_clock(61);

    let input = json!({ "queue_name": "jobs", "message_id": id });
    service.call(MessageDelete, input).await.expect_outcome("deleted");

    is_gone(service, &id).await;
}
