use serde_json::json;
use sukkal_spec::{ClaimCreate, ClaimDelete, ClaimGet, MessageDelete};

use crate::case::cases;
use crate::service::Service;

cases! { ClaimGet:
    shows_the_ttl_and_what_is_held,
    tells_its_age needs Clock,
    leaves_out_what_was_deleted,
    does_not_exist_once_it_has_expired needs Clock,
    does_not_exist_once_all_is_deleted,
    does_not_exist_when_nobody_made_it,
    does_not_exist_in_another_project_or_queue,
}

async fn shows_the_ttl_and_what_is_held(service: &Service) {
    let queue = service.queue_with(["a", "b", "c"]).await;
    let input = json!({ "queue_name": queue, "limit": 2, "ttl": 90 });
    let claim = service.call(ClaimCreate, input).await.expect_outcome("claimed").claim_id();

    let input = json!({ "queue_name": queue, "claim_id": claim });
    let shown = service.call(ClaimGet, input).await.expect_outcome("shown");

    assert_eq!(shown.message_bodies(), ["a", "b"]);
    assert_eq!(shown.body()["ttl"], 90);
    assert!(shown.body()["age"].as_i64().unwrap() < 60);
}

async fn tells_its_age(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    let claim = reply.expect_outcome("claimed").claim_id();

    service.advance_clock(42);

    let input = json!({ "queue_name": queue, "claim_id": claim });
    let shown = service.call(ClaimGet, input).await.expect_outcome("shown");
    assert_eq!(shown.body()["age"], 42);
    assert_eq!(shown.messages()[0]["age"], 42);
}

async fn leaves_out_what_was_deleted(service: &Service) {
    let queue = service.queue_with(["a", "b"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    let (claim, ids) = (reply.claim_id(), reply.message_ids());
    let input = json!({ "queue_name": queue, "message_id": ids[0], "claim_id": claim });
    service.call(MessageDelete, input).await.expect_outcome("deleted");

    let input = json!({ "queue_name": queue, "claim_id": claim });
    let shown = service.call(ClaimGet, input).await.expect_outcome("shown");

    assert_eq!(shown.message_bodies(), ["b"]);
}

async fn does_not_exist_once_it_has_expired(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let input = json!({ "queue_name": queue, "ttl": 60 });
    let claim = service.call(ClaimCreate, input).await.expect_outcome("claimed").claim_id();

    service.advance_clock(61);

    let input = json!({ "queue_name": queue, "claim_id": claim });
    service.call(ClaimGet, input).await.expect_error("claim_does_not_exist");
}

async fn does_not_exist_once_all_is_deleted(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    let (claim, ids) = (reply.claim_id(), reply.message_ids());
    let input = json!({ "queue_name": queue, "message_id": ids[0], "claim_id": claim });
    service.call(MessageDelete, input).await.expect_outcome("deleted");

    let input = json!({ "queue_name": queue, "claim_id": claim });
    service.call(ClaimGet, input).await.expect_error("claim_does_not_exist");
}

async fn does_not_exist_when_nobody_made_it(service: &Service) {
    let queue = service.queue_with(["a"]).await;

    for claim in ["00000000-0000-4000-8000-000000000000", "nonsense"] {
        let input = json!({ "queue_name": queue, "claim_id": claim });
        let reply = service.call(ClaimGet, input).await;
        reply.expect_error("claim_does_not_exist").saying(claim);
    }
}

async fn does_not_exist_in_another_project_or_queue(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    let claim = reply.expect_outcome("claimed").claim_id();
    let other = service.in_project(&format!("{}-2", service.project()));

    let input = json!({ "queue_name": queue, "claim_id": claim });
    other.call(ClaimGet, input.clone()).await.expect_error("claim_does_not_exist");
    other.call(ClaimDelete, input.clone()).await.expect_outcome("released");
    let elsewhere = json!({ "queue_name": "other", "claim_id": claim });
    service.call(ClaimGet, elsewhere).await.expect_error("claim_does_not_exist");

    service.call(ClaimGet, input).await.expect_outcome("shown");
}
