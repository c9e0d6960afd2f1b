use serde_json::{Value, json};
use sukkal_spec::{QueueGetStats, QueueShare};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! { QueueShare:
    signs_what_was_asked_for,
    shares_messages_for_reading_when_nothing_is_asked_for,
    says_when_it_ends_in_one_spelling,
    shares_a_queue_that_does_not_exist_without_creating_it,
    refuses_other_parts_than_there_are,
    refuses_dates_that_are_none,
    refuses_what_is_over,
    refuses_lists_that_are_none,
    refuses_methods_that_would_blur_what_is_signed,
    refuses_members_it_does_not_know needs Http,
    needs_a_body needs Http,
    refuses_keys_it_does_not_have,
}

async fn share(service: &Service, mut input: Value) -> Reply {
    input["queue_name"] = json!("jobs");
    service.call(QueueShare, input).await
}

async fn signs_what_was_asked_for(service: &Service) {
    let input =
        json!({ "paths": ["subscriptions", "messages"], "methods": ["POST", "GET", "GET"] });
    let signed = share(service, input).await.expect_outcome("signed");

    let grant = signed.body();
    assert_eq!(
        grant["paths"],
        json!(["/v2/queues/jobs/messages", "/v2/queues/jobs/subscriptions"])
    );
    assert_eq!(grant["methods"], json!(["GET", "GET", "POST"]));
    assert_eq!(grant["project"], service.project());
    let signature = grant["signature"].as_str().unwrap_or_default();
    assert_eq!(signature.len(), 64, "{signature}");
    assert!(signature.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    let names: Vec<&String> =
        grant.as_object().into_iter().flat_map(|grant| grant.keys()).collect();
    assert_eq!(names, ["paths", "methods", "project", "expires", "signature"]);
}

async fn shares_messages_for_reading_when_nothing_is_asked_for(service: &Service) {
    for input in [
        json!({}),
        json!({ "paths": [], "methods": [] }),
        json!({ "paths": null, "methods": null, "expires": null }),
    ] {
        let signed = share(service, input).await.expect_outcome("signed");

        assert_eq!(signed.body()["paths"], json!(["/v2/queues/jobs/messages"]));
        assert_eq!(signed.body()["methods"], json!(["GET"]));
    }
}

async fn says_when_it_ends_in_one_spelling(service: &Service) {
    for (given, told) in [
        ("2100-01-01T00:00:00", "2100-01-01T00:00:00"),
        ("2100-01-01 00:00:00.123456", "2100-01-01T00:00:00"),
        ("2100-01-01T00:00:00+02:00", "2099-12-31T22:00:00"),
        ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00"),
        ("2100-01-01", "2100-01-01T00:00:00"),
    ] {
        let signed = share(service, json!({ "expires": given })).await.expect_outcome("signed");

        assert_eq!(signed.body()["expires"], told, "{given}");
    }
}

async fn shares_a_queue_that_does_not_exist_without_creating_it(service: &Service) {
    share(service, json!({})).await.expect_outcome("signed");

    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    stats.expect_outcome("unknown_queue");
}

async fn refuses_other_parts_than_there_are(service: &Service) {
    for paths in [json!(["stats"]), json!(["messages", "x"]), json!(["/v2/queues/jobs/messages"])] {
        let refused = share(service, json!({ "paths": paths })).await;
        refused.expect_error("shared_paths_unknown");
    }
}

async fn refuses_dates_that_are_none(service: &Service) {
    for expires in [json!(3600), json!("3600"), json!(true), json!(0.5), json!("-1")] {
        share(service, json!({ "expires": expires })).await.expect_error("expiry_not_a_date");
    }
    for expires in [
        json!("tomorrow"),
        json!(""),
        json!("0"),
        json!("2100-02-30"),
        json!("2100-01-01T00:00:00 and more"),
        json!("99999-01-01T00:00:00"),
        json!([]),
        json!({ "at": "2100-01-01" }),
    ] {
        share(service, json!({ "expires": expires })).await.expect_error("expiry_unreadable");
    }
}

async fn refuses_what_is_over(service: &Service) {
    for expires in ["1970-01-01T00:00:00", "2016-01-01", "0001-01-01T00:00:00"] {
        share(service, json!({ "expires": expires })).await.expect_error("expiry_in_the_past");
    }
}

async fn refuses_lists_that_are_none(service: &Service) {
    for input in [
        json!({ "methods": "GET" }),
        json!({ "methods": [1] }),
        json!({ "paths": "messages" }),
        json!({ "paths": [null] }),
    ] {
        share(service, input).await.expect_error("input_invalid");
    }
}

async fn refuses_methods_that_would_blur_what_is_signed(service: &Service) {
    let refused = share(service, json!({ "methods": ["GET\\nother"] })).await;

    refused.expect_error("grant_ambiguous");
}

async fn refuses_members_it_does_not_know(service: &Service) {
    let refused = share(service, json!({ "foo": 1, "methods": 5 })).await;

    let refused = refused.expect_error("members_unknown");
    assert_eq!(refused.body()["description"], "Unknown keys: {'foo'}");
}

async fn needs_a_body(service: &Service) {
    let mut request = service.request(QueueShare, &json!({ "queue_name": "jobs" }));
    for body in [None, Some(Vec::new()), Some(b"x".to_vec()), Some(b"[]".to_vec())] {
        request.body = body;
        let reply = service.send(<QueueShare as sukkal_spec::Operation>::INFO, request.clone());
        reply.await.expect_error("input_invalid");
    }
}

async fn refuses_keys_it_does_not_have(service: &Service) {
    let refused = share(service, json!({ "key_id": "nobody-has-this-one" })).await;

    refused.expect_error("signing_key_unknown");
}
