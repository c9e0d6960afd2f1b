use serde_json::{Value, json};
use sukkal_spec::{QueueDelete, QueueList, SubscriptionConfirm, SubscriptionCreate};

use super::{HOOK, OTHER, get, shown, subscribers};
use crate::case::cases;
use crate::service::Service;

cases! { SubscriptionCreate:
    keeps_everything_it_was_told,
    fills_in_lifetime_and_options,
    creates_the_queue,
    outlives_the_queue,
    ends_after_its_ttl needs Clock,
    returns_the_one_that_waits_for_confirmation needs Http,
    refuses_any_second_one_over_the_websocket needs WebSocket,
    refuses_a_second_one_once_confirmed,
    starts_anew_when_the_first_has_ended needs Clock,
    compares_subscribers_as_text,
    accepts_every_configured_scheme_in_any_case,
    refuses_other_schemes,
    refuses_a_subscriber_that_is_no_uri,
    refuses_a_subscriber_that_must_not_be_reached needs Extension,
    refuses_a_subscriber_that_is_missing_or_empty needs Http,
    refuses_a_subscriber_of_another_type,
    refuses_a_ttl_of_another_type,
    refuses_a_ttl_that_is_too_short,
    accepts_a_ttl_up_to_the_end_of_the_year_9999,
    refuses_a_ttl_beyond_the_year_9999,
    has_no_effect_when_it_is_refused,
    is_seen_by_its_project_alone,
}

fn input(more: Value) -> Value {
    let mut input = json!({ "queue_name": "jobs", "subscriber": HOOK });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    input
}

async fn keeps_everything_it_was_told(service: &Service) {
    let options = json!({ "post_data": "x", "mine": [1, { "deep": null }] });
    let reply = service
        .call(SubscriptionCreate, input(json!({ "ttl": 600, "options": options })))
        .await
        .expect_outcome("created");

    let id = reply.body()["subscription_id"].as_str().unwrap().to_owned();
    let wanted = json!({
        "id": id, "source": "jobs", "subscriber": HOOK, "ttl": 600, "age": 0,
        "options": options, "confirmed": false,
    });
    assert_eq!(shown(service, &id).await, wanted);
}

async fn fills_in_lifetime_and_options(service: &Service) {
    for (at, more) in [json!({}), json!({ "options": null })].into_iter().enumerate() {
        let mut input = input(more);
        input["subscriber"] = json!(format!("{HOOK}/{at}"));
        let reply = service.call(SubscriptionCreate, input).await.expect_outcome("created");

        let found = shown(service, reply.body()["subscription_id"].as_str().unwrap()).await;
        assert_eq!((&found["ttl"], &found["options"]), (&json!(3600), &json!({})));
    }
}

async fn creates_the_queue(service: &Service) {
    service.subscribe("jobs", HOOK).await;

    let queues = service.call(QueueList, json!({})).await;
    assert_eq!(queues.expect_outcome("listed").queue_names(), ["jobs"]);
}

async fn outlives_the_queue(service: &Service) {
    service.subscribe("jobs", HOOK).await;

    service.call(QueueDelete, json!({ "queue_name": "jobs" })).await.expect_outcome("deleted");

    assert_eq!(subscribers(service).await, [HOOK]);
}

async fn ends_after_its_ttl(service: &Service) {
    let reply = service.call(SubscriptionCreate, input(json!({ "ttl": 60 }))).await;
    let id = reply.body()["subscription_id"].as_str().unwrap().to_owned();
    service.advance_clock(59);
    assert_eq!(shown(service, &id).await["age"], 59);

    service.advance_clock(2);

    get(service, &id).await.expect_error("subscription_does_not_exist").saying(&id);
    assert!(subscribers(service).await.is_empty());
}

async fn returns_the_one_that_waits_for_confirmation(service: &Service) {
    let first = service.subscribe("jobs", HOOK).await;

    let again = input(json!({ "ttl": 600, "options": { "x": 1 } }));
    let reply = service.call(SubscriptionCreate, again).await;

    let reply = reply.expect_outcome("waits_for_confirmation");
    assert_eq!(reply.body()["subscription_id"], first.as_str());
    let found = shown(service, &first).await;
    assert_eq!((&found["ttl"], &found["options"]), (&json!(3600), &json!({})));
}

async fn refuses_any_second_one_over_the_websocket(service: &Service) {
    service.subscribe("jobs", HOOK).await;

    let reply = service.call(SubscriptionCreate, input(json!({}))).await;

    let reply = reply.expect_outcome("waits_for_confirmation");
    assert_eq!(reply.body(), "Subscription jobs not created.");
}

async fn refuses_a_second_one_once_confirmed(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let confirm = json!({ "queue_name": "jobs", "subscription_id": id, "confirmed": true });
    service.call(SubscriptionConfirm, confirm).await.expect_outcome("confirmed");

    let reply = service.call(SubscriptionCreate, input(json!({ "ttl": 600 }))).await;

    reply.expect_outcome("already_subscribed");
    assert_eq!(shown(service, &id).await["ttl"], 3600);
}

async fn starts_anew_when_the_first_has_ended(service: &Service) {
    service.call(SubscriptionCreate, input(json!({ "ttl": 60 }))).await;
    service.advance_clock(61);

    let reply = service.call(SubscriptionCreate, input(json!({ "ttl": 70 }))).await;

    reply.expect_outcome("created");
    assert_eq!(subscribers(service).await, [HOOK]);
}

async fn compares_subscribers_as_text(service: &Service) {
    service.subscribe("jobs", HOOK).await;
    service.subscribe("jobs", &HOOK.to_uppercase()).await;
    service.subscribe("other", HOOK).await;

    assert_eq!(subscribers(service).await, [HOOK, &HOOK.to_uppercase()]);
}

async fn accepts_every_configured_scheme_in_any_case(service: &Service) {
    let plain = ["http:a", "https://[::1]:8080/x?y=1#z", "mailto:a@example.com", "HTTPS://b"];
    for subscriber in plain {
        service.subscribe("jobs", subscriber).await;
    }
    for subscriber in ["trust+http://a", "trust+https://a"] {
        let options = json!({ "trust_id": "abc" });
        let input = json!({ "queue_name": "jobs", "subscriber": subscriber, "options": options });
        service.call(SubscriptionCreate, input).await.expect_outcome("created");
    }
}

async fn refuses_other_schemes(service: &Service) {
    for subscriber in ["fake", "ftp://a", "websocket:x", "//a", ":", " http://a"] {
        let reply =
            service.call(SubscriptionCreate, input(json!({ "subscriber": subscriber }))).await;
        let reply = reply.expect_error("subscriber_type_unsupported");
        reply.saying("['http', 'https', 'mailto', 'trust+http', 'trust+https']");
    }
}

async fn refuses_a_subscriber_that_is_no_uri(service: &Service) {
    for subscriber in ["http://[::1", "http://[x]/", "http:"] {
        let reply =
            service.call(SubscriptionCreate, input(json!({ "subscriber": subscriber }))).await;
        reply.expect_error("subscriber_malformed");
    }
}

async fn refuses_a_subscriber_that_must_not_be_reached(service: &Service) {
    for subscriber in [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/",
        "https://0x0a000001/",
        "http://[::ffff:10.0.0.1]:8080/",
        "http://localhost/",
        "http://metadata.google.internal./",
        "http://user:word@example.com/",
    ] {
        let reply =
            service.call(SubscriptionCreate, input(json!({ "subscriber": subscriber }))).await;
        reply.expect_error("subscriber_not_allowed");
    }
}

async fn refuses_a_subscriber_that_is_missing_or_empty(service: &Service) {
    let reply = service.call(SubscriptionCreate, json!({ "queue_name": "jobs", "ttl": 60 })).await;
    reply.expect_error("subscriber_missing");
    let reply = service.call(SubscriptionCreate, json!({ "queue_name": "jobs" })).await;
    reply.expect_error("input_invalid").saying("Missing parameter subscriber in body.");
    let reply = service.call(SubscriptionCreate, input(json!({ "subscriber": "" }))).await;
    reply.expect_error("subscriber_type_unsupported");
}

async fn refuses_a_subscriber_of_another_type(service: &Service) {
    for subscriber in [json!(null), json!(5), json!([HOOK]), json!({})] {
        let reply =
            service.call(SubscriptionCreate, input(json!({ "subscriber": subscriber }))).await;
        reply.expect_error("input_invalid");
    }
}

async fn refuses_a_ttl_of_another_type(service: &Service) {
    for ttl in [json!("60"), json!(60.5), json!(true), json!(null), json!([60])] {
        let reply = service.call(SubscriptionCreate, input(json!({ "ttl": ttl }))).await;
        reply.expect_error("input_invalid");
    }
}

async fn refuses_a_ttl_that_is_too_short(service: &Service) {
    for ttl in [59, 0, -1, i64::MIN] {
        let reply = service.call(SubscriptionCreate, input(json!({ "ttl": ttl }))).await;
        reply.expect_error("limit_exceeded").saying("at least 60 seconds long");
    }
}

async fn accepts_a_ttl_up_to_the_end_of_the_year_9999(service: &Service) {
    // The default of an orchestration service, and the longest of another.
    for (subscriber, ttl) in [(HOOK, 220_367_260_800_i64), (OTHER, 1 << 36)] {
        let more = json!({ "subscriber": subscriber, "ttl": ttl });
        let reply = service.call(SubscriptionCreate, input(more)).await.expect_outcome("created");
        let id = reply.body()["subscription_id"].as_str().unwrap().to_owned();
        assert_eq!(shown(service, &id).await["ttl"], ttl);
    }
    assert_eq!(subscribers(service).await, [HOOK, OTHER]);
}

async fn refuses_a_ttl_beyond_the_year_9999(service: &Service) {
    for ttl in [253_402_300_800, i64::MAX / 1000, i64::MAX] {
        let reply = service.call(SubscriptionCreate, input(json!({ "ttl": ttl }))).await;
        reply.expect_error("subscription_ttl_too_long");
    }
}

async fn has_no_effect_when_it_is_refused(service: &Service) {
    for (more, error) in [
        (json!({ "ttl": 59 }), "limit_exceeded"),
        (json!({ "subscriber": "fake" }), "subscriber_type_unsupported"),
        (json!({ "options": "x" }), "input_invalid"),
    ] {
        service.call(SubscriptionCreate, input(more)).await.expect_error(error);
    }

    let queues = service.call(QueueList, json!({})).await;
    assert!(queues.queue_names().is_empty());
    assert!(subscribers(service).await.is_empty());
}

async fn is_seen_by_its_project_alone(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let stranger = service.in_project(&format!("{}-other", service.project()));

    get(&stranger, &id).await.expect_error("subscription_does_not_exist");
    assert!(subscribers(&stranger).await.is_empty());
}
