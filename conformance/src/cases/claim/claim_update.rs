use serde_json::json;
use sukkal_spec::{ClaimCreate, ClaimGet, ClaimUpdate, MessageGet};

use crate::case::cases;
use crate::service::Service;

cases! { ClaimUpdate:
    starts_the_lifetime_anew needs Clock,
    extends_messages_that_would_expire_before needs Clock,
    is_refused_once_the_claim_has_expired needs Clock,
    is_refused_for_a_claim_that_does_not_exist,
    refuses_lifetimes_out_of_bounds,
    refuses_a_ttl_of_another_type,
    ends_with_the_new_ttl needs Clock,
}

async fn claimed(service: &Service, ttl: i64) -> String {
    let queue = service.queue_with(["a"]).await;
    let input = json!({ "queue_name": queue, "ttl": ttl });
    service.call(ClaimCreate, input).await.expect_outcome("claimed").claim_id()
}

async fn starts_the_lifetime_anew(service: &Service) {
    let claim = claimed(service, 60).await;
    service.advance_clock(50);

    let input = json!({ "queue_name": "jobs", "claim_id": claim, "ttl": 70 });
    service.call(ClaimUpdate, input).await.expect_outcome("updated");

    service.advance_clock(40);
    let input = json!({ "queue_name": "jobs", "claim_id": claim });
    let shown = service.call(ClaimGet, input).await.expect_outcome("shown");
    assert_eq!((&shown.body()["age"], &shown.body()["ttl"]), (&json!(40), &json!(70)));
}

async fn ends_with_the_new_ttl(service: &Service) {
    let claim = claimed(service, 600).await;

    let input = json!({ "queue_name": "jobs", "claim_id": claim, "ttl": 60 });
    service.call(ClaimUpdate, input).await.expect_outcome("updated");

    service.advance_clock(61);
    let again = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    assert_eq!(again.expect_outcome("claimed").message_bodies(), ["a"]);
}

async fn extends_messages_that_would_expire_before(service: &Service) {
    let ids = service.post_messages("jobs", json!([{ "body": "a", "ttl": 100 }])).await;
    let input = json!({ "queue_name": "jobs", "ttl": 60 });
    let claim = service.call(ClaimCreate, input).await.expect_outcome("claimed").claim_id();

    let input = json!({ "queue_name": "jobs", "claim_id": claim, "ttl": 200, "grace": 60 });
    service.call(ClaimUpdate, input).await.expect_outcome("updated");

    let get = json!({ "queue_name": "jobs", "message_id": ids[0] });
    service.advance_clock(259);
    let shown = service.call(MessageGet, get.clone()).await.expect_outcome("shown");
    assert_eq!(shown.messages()[0]["ttl"], 260);
    service.advance_clock(2);
    service.call(MessageGet, get).await.expect_error("message_does_not_exist");
}

async fn is_refused_once_the_claim_has_expired(service: &Service) {
    let claim = claimed(service, 60).await;
    service.advance_clock(61);

    let input = json!({ "queue_name": "jobs", "claim_id": claim, "ttl": 60 });
    service.call(ClaimUpdate, input).await.expect_error("claim_does_not_exist");
}

async fn is_refused_for_a_claim_that_does_not_exist(service: &Service) {
    for claim in ["00000000-0000-4000-8000-000000000000", "nonsense"] {
        let input = json!({ "queue_name": "jobs", "claim_id": claim, "ttl": 60 });
        let reply = service.call(ClaimUpdate, input).await;
        reply.expect_error("claim_does_not_exist").saying(claim);
    }
}

async fn refuses_lifetimes_out_of_bounds(service: &Service) {
    let claim = claimed(service, 60).await;
    for (name, value) in [("ttl", 59), ("ttl", 43201), ("grace", 59), ("grace", 43201)] {
        let mut input = json!({ "queue_name": "jobs", "claim_id": claim, "ttl": 60 });
        input[name] = value.into();
        let reply = service.call(ClaimUpdate, input).await.expect_error("limit_exceeded");
        reply.saying(name_in_text(name));
    }
}

fn name_in_text(name: &str) -> &'static str {
    if name == "ttl" { "TTL for a claim" } else { "grace for a claim" }
}

async fn refuses_a_ttl_of_another_type(service: &Service) {
    let claim = claimed(service, 60).await;
    for value in [json!("60"), json!(true), json!(null)] {
        let input = json!({ "queue_name": "jobs", "claim_id": claim, "ttl": value });
        service.call(ClaimUpdate, input).await.expect_error("input_invalid");
    }
}
