use serde_json::json;
use sukkal_spec::{ClaimCreate, QueueGetStats};

use crate::case::cases;
use crate::service::Service;

cases! { QueueGetStats:
    counts_claimed_and_free_messages,
    counts_delayed_messages_as_free,
    forgets_expired_messages_and_claims needs Clock,
    names_the_oldest_and_the_newest needs Clock,
    knows_an_empty_queue,
    knows_no_queue_that_does_not_exist,
}

async fn counts_claimed_and_free_messages(service: &Service) {
    let queue = service.queue_with(["a", "b", "c"]).await;
    let input = json!({ "queue_name": queue, "limit": 1 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");

    let stats = service.call(QueueGetStats, json!({ "queue_name": queue })).await;

    assert_eq!(stats.expect_outcome("counted").counts(), [Some(1), Some(2), Some(3)]);
}

async fn counts_delayed_messages_as_free(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_delay": 100 })).await;
    service.post("jobs", ["a", "b"]).await;

    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;

    let stats = stats.expect_outcome("counted");
    assert_eq!(stats.counts(), [Some(0), Some(2), Some(2)]);
    assert!(stats.body()["messages"]["oldest"].is_object());
}

async fn forgets_expired_messages_and_claims(service: &Service) {
    let messages = json!([{ "body": 1, "ttl": 600 }, { "body": 2, "ttl": 60 }]);
    service.post_messages("jobs", messages).await;
    let input = json!({ "queue_name": "jobs", "limit": 1, "ttl": 60 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");

    service.advance_clock(61);

    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.expect_outcome("counted").counts(), [Some(0), Some(1), Some(1)]);
}

async fn names_the_oldest_and_the_newest(service: &Service) {
    service.post("jobs", ["a"]).await;
    service.advance_clock(10);
    service.post("jobs", ["b"]).await;
    service.advance_clock(5);

    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;

    let stats = stats.expect_outcome("counted");
    let messages = &stats.body()["messages"];
    assert_eq!((&messages["oldest"]["age"], &messages["newest"]["age"]), (&json!(15), &json!(5)));
    let created = messages["oldest"]["created"].as_str().unwrap();
    assert!(created.len() == 20 && created.ends_with('Z'), "{created}");
}

async fn knows_an_empty_queue(service: &Service) {
    service.create_queue("jobs", json!({})).await;

    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;

    let stats = stats.expect_outcome("counted");
    assert_eq!(stats.body(), &json!({ "messages": { "claimed": 0, "free": 0, "total": 0 } }));
}

async fn knows_no_queue_that_does_not_exist(service: &Service) {
    let stats = service.call(QueueGetStats, json!({ "queue_name": "nowhere" })).await;

    let stats = stats.expect_outcome("unknown_queue");
    assert_eq!(stats.counts(), [Some(0), Some(0), Some(0)]);
}
