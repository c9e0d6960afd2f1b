use serde_json::{Value, json};
use sukkal_spec::{Operation, QueueGet, QueueUpdate};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! { QueueUpdate:
    applies_changes_in_order,
    changes_nothing_when_one_change_fails,
    takes_no_change_at_all,
    resets_a_reserved_attribute_that_is_removed,
    decodes_the_pointer,
    refuses_keys_that_are_not_there,
    refuses_changes_that_break_the_rules,
    refuses_a_result_that_breaks_the_rules,
    refuses_a_result_above_the_limit,
    refuses_changes_that_are_no_list_of_objects,
    refuses_a_queue_that_does_not_exist,
    refuses_another_media_type needs Http,
}

async fn update(service: &Service, changes: Value) -> Reply {
    service.call(QueueUpdate, json!({ "queue_name": "jobs", "changes": changes })).await
}

async fn stored(service: &Service) -> Value {
    let shown = service.call(QueueGet, json!({ "queue_name": "jobs" })).await;
    shown.expect_outcome("shown").body().clone()
}

async fn applies_changes_in_order(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1, "b": 2 })).await;

    let changes = json!([
        { "op": "add", "path": "/metadata/c", "value": { "deep": [null] } },
        { "op": "replace", "path": "/metadata/a", "value": "x" },
        { "op": "remove", "path": "/metadata/b" },
        { "op": "add", "path": "/metadata/b", "value": 3 },
        { "op": "replace", "path": "/metadata/_default_message_ttl", "value": 120 },
    ]);
    let updated = update(service, changes).await.expect_outcome("updated");

    for shown in [updated.body(), &stored(service).await] {
        assert_eq!(shown["a"], "x");
        assert_eq!(shown["b"], 3);
        assert_eq!(shown["c"], json!({ "deep": [null] }));
        assert_eq!(shown["_default_message_ttl"], 120);
    }
    assert_eq!(updated.body()["_max_messages_post_size"], 262_144);
}

async fn changes_nothing_when_one_change_fails(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1 })).await;

    let changes = json!([
        { "op": "replace", "path": "/metadata/a", "value": 2 },
        { "op": "remove", "path": "/metadata/b" },
    ]);
    update(service, changes).await.expect_error("patch_key_absent");

    assert_eq!(stored(service).await["a"], 1);
}

async fn takes_no_change_at_all(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1 })).await;

    let updated = update(service, json!([])).await.expect_outcome("updated");

    assert_eq!(updated.body()["a"], 1);
}

async fn resets_a_reserved_attribute_that_is_removed(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_ttl": 120 })).await;

    let changes = json!([{ "op": "remove", "path": "/metadata/_default_message_ttl" }]);
    let updated = update(service, changes.clone()).await.expect_outcome("updated");

    assert_eq!(updated.body()["_default_message_ttl"], 3600);
    update(service, changes).await.expect_outcome("updated");
}

async fn decodes_the_pointer(service: &Service) {
    service.create_queue("jobs", json!({})).await;

    let changes = json!([{ "op": "add", "path": "/metadata/a~1b~0c", "value": 1 }]);
    update(service, changes).await.expect_outcome("updated");

    assert_eq!(stored(service).await["a/b~c"], 1);
}

async fn refuses_keys_that_are_not_there(service: &Service) {
    service.create_queue("jobs", json!({})).await;
    for op in ["replace", "remove"] {
        let changes = json!([{ "op": op, "path": "/metadata/gone", "value": 1 }]);
        let reply = update(service, changes).await.expect_error("patch_key_absent");
        reply.saying(&format!("Can't {op} non-existent object gone."));
    }
}

async fn refuses_changes_that_break_the_rules(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1 })).await;
    let wrong = [
        json!({ "path": "/metadata/a", "value": 1 }),
        json!({ "op": null, "path": "/metadata/a", "value": 1 }),
        json!({ "op": "move", "path": "/metadata/a", "value": 1 }),
        json!({ "op": "{x}", "path": "/metadata/a", "value": 1 }),
        json!({ "op": "add", "value": 1 }),
        json!({ "op": "add", "path": 1, "value": 1 }),
        json!({ "op": "add", "path": "metadata/a", "value": 1 }),
        json!({ "op": "add", "path": "/metadata//a", "value": 1 }),
        json!({ "op": "add", "path": "/metadata/a/", "value": 1 }),
        json!({ "op": "add", "path": "/metadata/a~2", "value": 1 }),
        json!({ "op": "add", "path": "/metadata/a/b", "value": 1 }),
        json!({ "op": "add", "path": "/metadata", "value": 1 }),
        json!({ "op": "add", "path": "/metadata/a" }),
        json!({ "op": "add", "path": "/other/a", "value": 1 }),
    ];
    for change in wrong {
        update(service, json!([change])).await.expect_error("patch_invalid");
    }
    assert_eq!(stored(service).await["a"], 1);
}

async fn refuses_a_result_that_breaks_the_rules(service: &Service) {
    service.create_queue("jobs", json!({})).await;
    let wrong = [
        ("_default_message_ttl", json!(59), "default_ttl_out_of_range"),
        ("_default_message_ttl", json!("60"), "attribute_not_an_integer"),
        ("_enable_encrypt_messages", json!("no"), "attribute_not_a_boolean"),
        ("_retry_policy", json!([]), "retry_policy_invalid"),
    ];
    for (name, value, error) in wrong {
        let path = format!("/metadata/{name}");
        let changes = json!([{ "op": "add", "path": path, "value": value }]);
        update(service, changes).await.expect_error(error);
    }
}

async fn refuses_a_result_above_the_limit(service: &Service) {
    service.create_queue("jobs", json!({ "a": "x".repeat(40_000) })).await;

    let value = "x".repeat(40_000);
    let changes = json!([{ "op": "add", "path": "/metadata/b", "value": value }]);
    update(service, changes).await.expect_error("metadata_too_large");

    assert!(stored(service).await.get("b").is_none());
}

async fn refuses_changes_that_are_no_list_of_objects(service: &Service) {
    service.create_queue("jobs", json!({})).await;
    for changes in [json!({}), json!(["add"]), json!([1]), json!([[]])] {
        update(service, changes).await.expect_error("input_invalid");
    }
}

async fn refuses_a_queue_that_does_not_exist(service: &Service) {
    let changes = json!([{ "op": "add", "path": "/metadata/a", "value": 1 }]);

    let reply = update(service, changes).await.expect_error("queue_does_not_exist");

    reply.saying("Queue jobs does not exist for project");
}

async fn refuses_another_media_type(service: &Service) {
    service.create_queue("jobs", json!({})).await;
    let input = json!({ "queue_name": "jobs", "changes": [] });
    let right = "application/openstack-messaging-v2.0-json-patch";
    for media_type in ["application/json", "text/plain", "application/json-patch+json"] {
        let mut request = service.request(QueueUpdate, &input);
        for (_, value) in &mut request.headers {
            if value == right {
                media_type.clone_into(value);
            }
        }
        let reply = service.send(QueueUpdate::INFO, request).await;
        reply.expect_error("media_type_unsupported").saying(right);
    }
}
