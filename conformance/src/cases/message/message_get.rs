use serde_json::json;
use sukkal_spec::{ClaimCreate, MessageGet};

use crate::case::cases;
use crate::service::Service;

cases! { MessageGet:
    shows_a_message_whoever_posted_it,
    shows_a_claimed_message,
    tells_age_and_ttl needs Clock,
    does_not_find_what_has_expired needs Clock,
    does_not_find_what_was_never_posted,
    does_not_find_it_in_another_queue_or_project,
    names_the_message_by_its_path needs Http,
}

async fn shows_a_message_whoever_posted_it(service: &Service) {
    let ids = service.post("jobs", ["a", "b"]).await;
    for client in [service.clone(), service.as_other_client()] {
        let input = json!({ "queue_name": "jobs", "message_id": ids[1] });
        let shown = client.call(MessageGet, input).await.expect_outcome("shown");
        assert_eq!(shown.message_bodies(), ["b"]);
        assert_eq!(shown.message_ids(), [ids[1].as_str()]);
    }
}

async fn shows_a_claimed_message(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    reply.expect_outcome("claimed");

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    let shown = service.call(MessageGet, input).await.expect_outcome("shown");

    assert_eq!(shown.message_bodies(), ["a"]);
}

async fn tells_age_and_ttl(service: &Service) {
    let ids = service.post_messages("jobs", json!([{ "body": 1, "ttl": 90 }])).await;

    service.advance_clock(33);

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    let shown = service.call(MessageGet, input).await.expect_outcome("shown");
    let message = &shown.messages()[0];
    assert_eq!((&message["age"], &message["ttl"]), (&json!(33), &json!(90)));
}

async fn does_not_find_what_has_expired(service: &Service) {
    let ids = service.post_messages("jobs", json!([{ "body": 1, "ttl": 60 }])).await;

    service.advance_clock(61);

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    service.call(MessageGet, input).await.expect_error("message_does_not_exist");
}

async fn does_not_find_what_was_never_posted(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    for id in ["00000000-0000-4000-8000-000000000000", "nonsense", "5a5b5c5d5e5f606162636465"] {
        let input = json!({ "queue_name": queue, "message_id": id });
        let reply = service.call(MessageGet, input).await;
        reply.expect_error("message_does_not_exist").saying(id);
    }
}

async fn does_not_find_it_in_another_queue_or_project(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    other.call(MessageGet, input).await.expect_error("message_does_not_exist");
    let input = json!({ "queue_name": "other", "message_id": ids[0] });
    service.call(MessageGet, input).await.expect_error("message_does_not_exist");
}

async fn names_the_message_by_its_path(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    let shown = service.call(MessageGet, input).await.expect_outcome("shown");

    assert_eq!(shown.body()["href"], format!("/v2/queues/jobs/messages/{}", ids[0]));
}
