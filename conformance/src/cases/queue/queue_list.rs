use serde_json::{Value, json};
use sukkal_spec::{Operation, QueueList};

use crate::case::cases;
use crate::service::Service;

cases! { QueueList:
    lists_in_the_order_of_names,
    pages_reach_every_queue_once,
    shows_metadata_only_on_request,
    shows_metadata_as_stored needs WebSocket,
    lists_queues_made_by_a_post,
    keeps_projects_apart,
    refuses_limits_out_of_bounds,
    filters_by_a_part_of_the_name needs Http,
    filters_by_metadata needs Http,
    tells_how_many_there_are needs Http,
    the_next_link_keeps_what_was_asked needs Http,
    needs_no_body needs WebSocket,
}

async fn create(service: &Service, names: &[&str]) {
    for name in names {
        service.create_queue(name, json!({ "called": name })).await;
    }
}

async fn names(service: &Service, input: Value) -> Vec<String> {
    let listed = service.call(QueueList, input).await.expect_outcome("listed");
    listed.queue_names().into_iter().map(str::to_owned).collect()
}

async fn lists_in_the_order_of_names(service: &Service) {
    create(service, &["b", "a.c", "B", "a", "10", "9", "a-c", "_"]).await;

    let wanted = ["10", "9", "B", "_", "a", "a-c", "a.c", "b"];
    assert_eq!(names(service, json!({})).await, wanted);
}

async fn pages_reach_every_queue_once(service: &Service) {
    create(service, &["a", "b", "c", "d", "e"]).await;

    let mut seen = Vec::new();
    let mut input = json!({ "limit": 2 });
    for _ in 0..5 {
        let page = service.call(QueueList, input.clone()).await.expect_outcome("listed");
        let Some(marker) = page.next_marker() else { break };
        seen.extend(page.queue_names().into_iter().map(str::to_owned));
        input["marker"] = marker.into();
    }

    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
}

async fn shows_metadata_only_on_request(service: &Service) {
    create(service, &["a"]).await;

    let plain = service.call(QueueList, json!({})).await.expect_outcome("listed");
    let detailed = service.call(QueueList, json!({ "detailed": true })).await;

    assert!(plain.body()["queues"][0].get("metadata").is_none());
    let detailed = detailed.expect_outcome("listed");
    assert_eq!(detailed.body()["queues"][0]["metadata"]["called"], "a");
}

async fn shows_metadata_as_stored(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1 })).await;

    let detailed = service.call(QueueList, json!({ "detailed": true })).await;

    let detailed = detailed.expect_outcome("listed");
    assert_eq!(detailed.body()["queues"][0]["metadata"], json!({ "a": 1 }));
}

async fn lists_queues_made_by_a_post(service: &Service) {
    service.post("lazy", ["a"]).await;

    assert_eq!(names(service, json!({})).await, ["lazy"]);
}

async fn keeps_projects_apart(service: &Service) {
    create(service, &["a"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    assert!(names(&other, json!({})).await.is_empty());
    assert_eq!(names(service, json!({})).await, ["a"]);
}

async fn refuses_limits_out_of_bounds(service: &Service) {
    for limit in [0, -1, 21] {
        let reply = service.call(QueueList, json!({ "limit": limit })).await;
        let reply = reply.expect_error("limit_exceeded");
        reply.saying("Limit must be at least 1 and no greater than 20.");
    }
}

async fn filters_by_a_part_of_the_name(service: &Service) {
    create(service, &["alpha", "beta", "alphabet"]).await;

    assert_eq!(names(service, json!({ "name": "bet" })).await, ["alphabet", "beta"]);
    assert!(names(service, json!({ "name": "." })).await.is_empty());
}

async fn filters_by_metadata(service: &Service) {
    create(service, &["a", "b"]).await;

    assert_eq!(names(service, json!({ "filters": { "called": "b" } })).await, ["b"]);
    assert!(names(service, json!({ "filters": { "called": "c" } })).await.is_empty());
}

async fn tells_how_many_there_are(service: &Service) {
    create(service, &["a", "b", "c"]).await;

    let input = json!({ "with_count": true, "limit": 1 });
    let listed = service.call(QueueList, input).await.expect_outcome("listed");

    assert_eq!(listed.body()["count"], 3);
}

async fn the_next_link_keeps_what_was_asked(service: &Service) {
    create(service, &["a", "b"]).await;

    let input = json!({ "limit": 1, "detailed": true });
    let listed = service.call(QueueList, input).await.expect_outcome("listed");

    let wanted = json!([{ "rel": "next", "href": "/v2/queues?limit=1&detailed=true&marker=a" }]);
    assert_eq!(listed.body()["links"], wanted);
}

async fn needs_no_body(service: &Service) {
    create(service, &["a"]).await;
    let mut frame = service.frame(QueueList, json!({}));
    frame.as_object_mut().unwrap().remove("body");

    let listed = service.exchange_frame(QueueList::INFO, frame).await.expect_outcome("listed");

    assert_eq!(listed.queue_names(), ["a"]);
}
