use serde_json::json;
use sukkal_spec::{QueueCreate, QueueGet, QueueList};

use crate::case::cases;
use crate::service::Service;

cases! { QueueCreate:
    stores_metadata,
    leaves_an_existing_queue_alone,
    takes_every_name_the_rules_allow,
    refuses_names_that_break_the_rules needs WebSocket,
    needs_no_metadata,
    refuses_metadata_that_is_no_object,
    refuses_metadata_above_the_limit,
    keeps_projects_apart,
    says_where_the_queue_is needs Http,
}

async fn stores_metadata(service: &Service) {
    let metadata = json!({ "color": "red", "deep": { "list": [1, null, "x"] }, "ä": 1.5 });

    service.create_queue("jobs", metadata.clone()).await;

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    let shown = shown.expect_outcome("shown");
    for (key, value) in metadata.as_object().unwrap() {
        assert_eq!(&shown.body()[key], value);
    }
}

async fn leaves_an_existing_queue_alone(service: &Service) {
    service.create_queue("jobs", json!({ "color": "red" })).await;

    let input = json!({ "queue_name": "jobs", "metadata": { "color": "blue" } });
    service.call(QueueCreate, input).await.expect_outcome("already_exists");

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    assert_eq!(shown.expect_outcome("shown").body()["color"], "red");
}

async fn takes_every_name_the_rules_allow(service: &Service) {
    for name in ["a", "A-z_0.9", "-", "_", "...", "x".repeat(64).as_str()] {
        service.create_queue(name, json!({})).await;
    }
    let listed = service.call(QueueList, json!({})).await.expect_outcome("listed");
    assert_eq!(listed.queue_names().len(), 6);
}

async fn refuses_names_that_break_the_rules(service: &Service) {
    for name in ["", "a b", "a/b", "ä", "a\n", "x".repeat(65).as_str()] {
        let input = json!({ "queue_name": name });
        service.call(QueueCreate, input).await.expect_error("input_invalid").saying("Queue names");
    }
    for name in [json!(null), json!(1), json!(["jobs"])] {
        let input = json!({ "queue_name": name });
        service.call(QueueCreate, input).await.expect_error("input_invalid");
    }
}

async fn needs_no_metadata(service: &Service) {
    let reply = service.call(QueueCreate, json!({ "queue_name": "jobs" })).await;

    reply.expect_outcome("created");
}

async fn refuses_metadata_that_is_no_object(service: &Service) {
    for metadata in [json!([]), json!([{}]), json!("text"), json!(1), json!(null)] {
        let input = json!({ "queue_name": "jobs", "metadata": metadata });
        service.call(QueueCreate, input).await.expect_error("input_invalid");
    }
    let listed = service.call(QueueList, json!({})).await.expect_outcome("listed");
    assert!(listed.queue_names().is_empty());
}

async fn refuses_metadata_above_the_limit(service: &Service) {
    let fits = json!({ "queue_name": "jobs", "metadata": { "text": "x".repeat(65_000) } });
    service.call(QueueCreate, fits).await.expect_outcome("created");

    let large = json!({ "queue_name": "more", "metadata": { "text": "x".repeat(65_537) } });
    service.call(QueueCreate, large).await.expect_error("metadata_too_large");
}

async fn keeps_projects_apart(service: &Service) {
    let other = service.in_project(&format!("{}-2", service.project()));
    service.create_queue("jobs", json!({ "color": "red" })).await;
    other.create_queue("jobs", json!({ "color": "blue" })).await;

    for (each, color) in [(service, "red"), (&other, "blue")] {
        let shown = each.call(QueueGet, json!({ "queue_name": "jobs" })).await;
        assert_eq!(shown.expect_outcome("shown").body()["color"], color);
    }
}

async fn says_where_the_queue_is(service: &Service) {
    for outcome in ["created", "already_exists"] {
        let reply = service.call(QueueCreate, json!({ "queue_name": "jobs" })).await;
        let reply = reply.expect_outcome(outcome);
        assert_eq!(reply.header("location").as_deref(), Some("/v2/queues/jobs"));
        assert!(reply.body().is_null());
    }
}
