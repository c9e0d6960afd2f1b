use serde_json::json;
use sukkal_spec::{ClaimCreate, ClaimDelete, ClaimGet};

use crate::case::cases;
use crate::service::Service;

cases! { ClaimDelete:
    frees_the_messages_at_their_old_place,
    is_no_error_for_a_claim_that_does_not_exist,
    leaves_other_claims_alone,
    does_not_reach_into_another_queue,
}

async fn frees_the_messages_at_their_old_place(service: &Service) {
    let queue = service.queue_with(["a", "b"]).await;
    let input = json!({ "queue_name": queue, "limit": 1 });
    let claim = service.call(ClaimCreate, input).await.expect_outcome("claimed").claim_id();
    service.post(queue, ["c"]).await;

    let input = json!({ "queue_name": queue, "claim_id": claim });
    service.call(ClaimDelete, input.clone()).await.expect_outcome("released");

    let again = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    assert_eq!(again.expect_outcome("claimed").message_bodies(), ["a", "b", "c"]);
    service.call(ClaimGet, input).await.expect_error("claim_does_not_exist");
}

async fn is_no_error_for_a_claim_that_does_not_exist(service: &Service) {
    let queue = service.queue_with(["a"]).await;

    for claim in ["00000000-0000-4000-8000-000000000000", "nonsense", "5a5b5c5d5e5f606162636465"] {
        let input = json!({ "queue_name": queue, "claim_id": claim });
        service.call(ClaimDelete, input).await.expect_outcome("released");
    }
    let input = json!({ "queue_name": "nowhere", "claim_id": "nonsense" });
    service.call(ClaimDelete, input).await.expect_outcome("released");
}

async fn leaves_other_claims_alone(service: &Service) {
    let queue = service.queue_with(["a", "b"]).await;
    let input = json!({ "queue_name": queue, "limit": 1 });
    let first = service.call(ClaimCreate, input.clone()).await.expect_outcome("claimed");
    let second = service.call(ClaimCreate, input).await.expect_outcome("claimed");

    let input = json!({ "queue_name": queue, "claim_id": first.claim_id() });
    service.call(ClaimDelete, input).await.expect_outcome("released");

    let input = json!({ "queue_name": queue, "claim_id": second.claim_id() });
    let kept = service.call(ClaimGet, input).await.expect_outcome("shown");
    assert_eq!(kept.message_bodies(), ["b"]);
}

async fn does_not_reach_into_another_queue(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    service.post("other", ["b"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    let claim = reply.expect_outcome("claimed").claim_id();

    let input = json!({ "queue_name": "other", "claim_id": claim });
    service.call(ClaimDelete, input).await.expect_outcome("released");

    let again = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    again.expect_outcome("nothing_to_claim");
}
