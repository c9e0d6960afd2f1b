use serde_json::{Value, json};
use sukkal_spec::{Operation, QueueCreate, QueueGet, QueueUpdate};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    QueueUpdate:
        changes_come_with_their_own_media_type needs Http,
        a_reserved_attribute_that_is_not_stored_is_removed needs Http,
        a_reserved_attribute_that_is_not_stored_is_replaced needs Http,
        an_attribute_that_is_not_there_is_not_replaced needs Http,
        a_queue_that_was_never_created_is_shown_but_not_changed needs Http;
    QueueCreate:
        a_queue_is_created_without_a_body_or_with_an_empty_one needs Http,
        a_stray_name_is_metadata_like_any_other needs Http;
}

async fn update(service: &Service, changes: Value) -> Reply {
    service.call(QueueUpdate, json!({ "queue_name": "jobs", "changes": changes })).await
}

async fn changes_come_with_their_own_media_type(service: &Service) {
    service.create_queue("jobs", json!({})).await;
    let changes = json!([{ "op": "add", "path": "/metadata/color", "value": "red" }]);
    let mut request =
        service.request(QueueUpdate, &json!({ "queue_name": "jobs", "changes": changes }));
    request.headers.retain(|(name, _)| name != "Content-Type");
    request.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));

    service.send(QueueUpdate::INFO, request).await.expect_error("media_type_unsupported");

    assert_eq!(update(service, changes).await.expect_outcome("updated").body()["color"], "red");
}

async fn a_reserved_attribute_that_is_not_stored_is_removed(service: &Service) {
    service.create_queue("jobs", json!({ "color": "red" })).await;
    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    let shown = shown.expect_outcome("shown").body().clone();
    // A client that writes new metadata removes everything else that it was shown.
    let reserved = shown.as_object().unwrap().keys().filter(|name| name.starts_with('_'));
    let changes: Vec<Value> = reserved
        .map(|name| json!({ "op": "remove", "path": format!("/metadata/{name}") }))
        .collect();

    assert!(changes.len() > 5, "{shown}");
    assert_eq!(update(service, json!(changes)).await.expect_outcome("updated").body(), &shown);
}

async fn a_reserved_attribute_that_is_not_stored_is_replaced(service: &Service) {
    service.create_queue("jobs", json!({})).await;

    let changes =
        json!([{ "op": "replace", "path": "/metadata/_default_message_ttl", "value": 120 }]);
    let updated = update(service, changes).await.expect_outcome("updated");

    assert_eq!(updated.body()["_default_message_ttl"], 120);
}

async fn an_attribute_that_is_not_there_is_not_replaced(service: &Service) {
    service.create_queue("jobs", json!({})).await;

    let changes = json!([{ "op": "replace", "path": "/metadata/color", "value": "red" }]);
    update(service, changes).await.expect_error("patch_key_absent");
}

async fn a_queue_that_was_never_created_is_shown_but_not_changed(service: &Service) {
    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    assert_eq!(shown.expect_outcome("shown").body()["_default_message_ttl"], 3600);

    let changes = json!([{ "op": "add", "path": "/metadata/color", "value": "red" }]);
    update(service, changes).await.expect_error("queue_does_not_exist");
}

async fn create(service: &Service, body: Option<&str>) -> Reply {
    let mut request = service.request(QueueCreate, &json!({ "queue_name": "jobs" }));
    request.body = body.map(|text| text.as_bytes().to_vec());
    request.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    service.send(QueueCreate::INFO, request).await
}

async fn a_queue_is_created_without_a_body_or_with_an_empty_one(service: &Service) {
    create(service, None).await.expect_outcome("created");
    for body in [None, Some(""), Some("{}")] {
        create(service, body).await.expect_outcome("already_exists");
    }
}

async fn a_stray_name_is_metadata_like_any_other(service: &Service) {
    create(service, Some(r#"{"name": "jobs"}"#)).await.expect_outcome("created");

    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    assert_eq!(shown.expect_outcome("shown").body()["name"], "jobs");
}
