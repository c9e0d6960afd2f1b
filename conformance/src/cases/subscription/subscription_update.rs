use serde_json::{Value, json};
use sukkal_spec::{SUBSCRIPTION_UPDATE_INFO, SubscriptionConfirm, SubscriptionUpdate};

use super::{HOOK, OTHER, UNKNOWN, get, shown, subscribers};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { SubscriptionUpdate:
    changes_what_is_named_and_leaves_the_rest,
    takes_a_null_as_not_named,
    starts_the_lifetime_anew needs Clock,
    frees_the_old_subscriber,
    keeps_its_own_subscriber,
    refuses_a_subscriber_with_another_subscription,
    refuses_to_change_nothing,
    refuses_a_document_without_members needs Http,
    refuses_what_creating_refuses,
    breaks_no_rule_even_of_one_that_does_not_exist,
    is_refused_for_a_subscription_that_does_not_exist,
    is_refused_for_one_of_another_queue,
    cannot_confirm,
    asks_another_subscriber_anew,
}

async fn update(service: &Service, id: &str, more: Value) -> Reply {
    let mut input = json!({ "queue_name": "jobs", "subscription_id": id });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    service.call(SubscriptionUpdate, input).await
}

async fn changes_what_is_named_and_leaves_the_rest(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    let ways = [
        ("ttl", json!(600)),
        ("options", json!({ "subject": "news" })),
        ("subscriber", json!(OTHER)),
    ];
    for (name, value) in ways {
        let mut wanted = shown(service, &id).await;
        wanted[name] = value.clone();
        update(service, &id, json!({ name: value })).await.expect_outcome("updated");
        assert_eq!(shown(service, &id).await, wanted);
    }
}

async fn takes_a_null_as_not_named(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    let change = json!({ "subscriber": null, "ttl": 600, "options": null });
    update(service, &id, change).await.expect_outcome("updated");

    let found = shown(service, &id).await;
    assert_eq!((&found["subscriber"], &found["ttl"]), (&json!(HOOK), &json!(600)));
}

async fn starts_the_lifetime_anew(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    service.advance_clock(3000);

    update(service, &id, json!({ "ttl": 1000 })).await.expect_outcome("updated");

    service.advance_clock(999);
    assert_eq!(shown(service, &id).await["age"], 3999);
    service.advance_clock(2);
    get(service, &id).await.expect_error("subscription_does_not_exist");
}

async fn frees_the_old_subscriber(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    update(service, &id, json!({ "subscriber": OTHER })).await.expect_outcome("updated");

    service.subscribe("jobs", HOOK).await;
    assert_eq!(subscribers(service).await, [OTHER, HOOK]);
}

async fn keeps_its_own_subscriber(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    update(service, &id, json!({ "subscriber": HOOK, "ttl": 600 })).await.expect_outcome("updated");

    assert_eq!(shown(service, &id).await["ttl"], 600);
}

async fn refuses_a_subscriber_with_another_subscription(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    service.subscribe("jobs", OTHER).await;

    let reply = update(service, &id, json!({ "subscriber": OTHER, "ttl": 600 })).await;

    reply.expect_error("subscriber_is_taken");
    assert_eq!(shown(service, &id).await["ttl"], 3600);
}

async fn refuses_to_change_nothing(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for change in [json!({ "confirmed": true }), json!({ "ttl": null }), json!({ "x": 1 })] {
        update(service, &id, change).await.expect_error("subscription_unchanged").saying(&id);
    }
}

async fn refuses_a_document_without_members(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let input = json!({ "queue_name": "jobs", "subscription_id": id });
    for body in [None, Some(""), Some(" { } "), Some("[]")] {
        let mut request = service.request(SubscriptionUpdate, &input);
        request.body = body.map(|body| body.as_bytes().to_vec());
        let reply = service.send(SUBSCRIPTION_UPDATE_INFO, request).await;
        reply.expect_error("input_invalid").saying("No subscription to create.");
    }
}

async fn refuses_what_creating_refuses(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for (change, error) in [
        (json!({ "subscriber": "" }), "subscriber_type_unsupported"),
        (json!({ "subscriber": "fake" }), "subscriber_type_unsupported"),
        (json!({ "subscriber": "http://[" }), "subscriber_malformed"),
        (json!({ "subscriber": "http://192.168.0.1/" }), "subscriber_not_allowed"),
        (json!({ "subscriber": 5 }), "input_invalid"),
        (json!({ "ttl": 0 }), "limit_exceeded"),
        (json!({ "ttl": 59 }), "limit_exceeded"),
        (json!({ "ttl": "60" }), "input_invalid"),
        (json!({ "ttl": i64::MAX }), "subscription_ttl_too_long"),
    ] {
        update(service, &id, change).await.expect_error(error);
    }
    let found = shown(service, &id).await;
    assert_eq!((&found["subscriber"], &found["ttl"]), (&json!(HOOK), &json!(3600)));
}

async fn breaks_no_rule_even_of_one_that_does_not_exist(service: &Service) {
    let reply = update(service, UNKNOWN[0], json!({ "ttl": 59 })).await;
    reply.expect_error("limit_exceeded");
}

async fn is_refused_for_a_subscription_that_does_not_exist(service: &Service) {
    for id in UNKNOWN {
        let reply = update(service, id, json!({ "ttl": 600 })).await;
        reply.expect_error("subscription_does_not_exist").saying(id);
    }
}

async fn is_refused_for_one_of_another_queue(service: &Service) {
    let id = service.subscribe("other", HOOK).await;

    let reply = update(service, &id, json!({ "ttl": 600 })).await;

    reply.expect_error("subscription_does_not_exist");
}

async fn cannot_confirm(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let change = json!({ "confirmed": true, "id": "x", "ttl": 600 });
    update(service, &id, change).await.expect_outcome("updated");
    assert_eq!(shown(service, &id).await["confirmed"], false);

    let confirm = json!({ "queue_name": "jobs", "subscription_id": id, "confirmed": true });
    service.call(SubscriptionConfirm, confirm).await.expect_outcome("confirmed");
    update(service, &id, json!({ "confirmed": false, "ttl": 700 })).await.expect_outcome("updated");
    assert_eq!(shown(service, &id).await["confirmed"], true);
}

async fn asks_another_subscriber_anew(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let confirm = json!({ "queue_name": "jobs", "subscription_id": id, "confirmed": true });
    service.call(SubscriptionConfirm, confirm).await.expect_outcome("confirmed");
    update(service, &id, json!({ "subscriber": HOOK })).await.expect_outcome("updated");
    assert_eq!(shown(service, &id).await["confirmed"], true);

    update(service, &id, json!({ "subscriber": OTHER })).await.expect_outcome("updated");

    assert_eq!(shown(service, &id).await["confirmed"], false);
}
