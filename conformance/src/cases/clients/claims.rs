use serde_json::{Value, json};
use sukkal_spec::{ClaimCreate, MessageDeleteMany, MessageList};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    ClaimCreate:
        the_href_of_a_claimed_message_ends_in_its_claim needs Http,
        nothing_to_claim_has_no_body needs Http,
        the_location_ends_in_the_claim needs Http,
        null_is_no_ttl needs Http,
        a_limit_in_the_body_does_not_count needs Http;
    MessageDeleteMany: claimed_messages_are_deleted_by_id_alone;
}

async fn claim(service: &Service) -> Reply {
    service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await
}

async fn the_href_of_a_claimed_message_ends_in_its_claim(service: &Service) {
    service.post("jobs", ["a"]).await;

    let claimed = claim(service).await.expect_outcome("claimed");

    let message = &claimed.messages()[0];
    let href = message["href"].as_str().unwrap_or_default();
    let (path, query) = href.split_once('?').unwrap();
    assert_eq!(query.split('=').collect::<Vec<_>>(), ["claim_id", &claimed.claim_id()]);
    assert_eq!(path.rsplit('/').next(), message["id"].as_str());
}

async fn nothing_to_claim_has_no_body(service: &Service) {
    let reply = claim(service).await.expect_outcome("nothing_to_claim");

    assert_eq!(reply.body(), &Value::Null);
}

async fn the_location_ends_in_the_claim(service: &Service) {
    service.post("jobs", ["a"]).await;

    let location = claim(service).await.expect_outcome("claimed").header("location").unwrap();

    let (before, id) = location.split_once("claims/").unwrap();
    assert_eq!(before, "/v2/queues/jobs/");
    assert!(!id.is_empty() && !id.contains('/'), "{location}");
}

async fn null_is_no_ttl(service: &Service) {
    service.post("jobs", ["a"]).await;
    for field in ["ttl", "grace"] {
        let input = json!({ "queue_name": "jobs", field: null });
        service.call(ClaimCreate, input).await.expect_error("input_invalid");
    }
}

async fn a_limit_in_the_body_does_not_count(service: &Service) {
    service.post("jobs", ["a", "b"]).await;
    let mut request = service.request(ClaimCreate, &json!({ "queue_name": "jobs", "ttl": 60 }));
    request.body = Some(br#"{"ttl": 60, "grace": 60, "limit": 1}"#.to_vec());

    let claimed = service.send(<ClaimCreate as sukkal_spec::Operation>::INFO, request).await;

    assert_eq!(claimed.expect_outcome("claimed").messages().len(), 2);
}

async fn claimed_messages_are_deleted_by_id_alone(service: &Service) {
    let ids = service.post("jobs", ["a", "b"]).await;
    claim(service).await.expect_outcome("claimed");

    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    service.call(MessageDeleteMany, input).await.expect_outcome("deleted");

    let all = json!({ "queue_name": "jobs", "echo": true, "include_claimed": true });
    let listed = service.call(MessageList, all).await.expect_outcome("listed");
    assert!(listed.messages().is_empty());
}
