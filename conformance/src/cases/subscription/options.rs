use serde_json::{Value, json};
use sukkal_spec::{SubscriptionCreate, SubscriptionList, SubscriptionUpdate};

use super::{HOOK, shown};
use crate::case::cases;
use crate::service::Service;

cases! {
    SubscriptionCreate:
        refuses_options_that_are_no_object,
        refuses_options_of_the_wrong_type,
        refuses_retry_policies_that_break_their_rules,
        accepts_every_retry_policy_that_keeps_the_rules,
        refuses_to_make_a_trust_for_a_caller_without_rights,
        refuses_headers_and_signatures_that_cannot_be_sent needs Extension,
        shows_no_secret_that_signs needs Extension;
    SubscriptionUpdate:
        checks_options_as_when_subscribing,
        keeps_a_secret_that_signs needs Extension,
}

async fn refused(service: &Service, options: Value, error: &str) {
    let input = json!({ "queue_name": "jobs", "subscriber": HOOK, "options": options });
    service.call(SubscriptionCreate, input).await.expect_error(error);
}

async fn refuses_options_that_are_no_object(service: &Service) {
    for options in [json!("x"), json!(5), json!(true), json!([{}])] {
        refused(service, options, "input_invalid").await;
    }
}

async fn refuses_options_of_the_wrong_type(service: &Service) {
    for name in ["post_data", "from", "subject", "trust_id"] {
        for value in [json!(5), json!({}), json!([]), json!(true)] {
            refused(service, json!({ name: value }), "subscription_option_invalid").await;
        }
    }
    for value in [json!("x"), json!(["a"]), json!({ "X-A": 5 }), json!({ "X-A": null })] {
        refused(service, json!({ "post_headers": value }), "subscription_option_invalid").await;
    }
}

async fn refuses_retry_policies_that_break_their_rules(service: &Service) {
    for policy in [
        json!(5),
        json!([]),
        json!({ "minimum_delay": "5" }),
        json!({ "retries_with_no_delay": true }),
        json!({ "retry_backoff_function": "guessing" }),
        json!({ "retry_backoff_function": 1 }),
        json!({ "ignore_subscription_override": "yes" }),
        json!({ "minimum_delay": 50, "maximum_delay": 40 }),
        json!({ "minimum_delay": 5, "maximum_delay": 14 }),
    ] {
        refused(service, json!({ "_retry_policy": policy }), "retry_policy_invalid").await;
    }
}

async fn accepts_every_retry_policy_that_keeps_the_rules(service: &Service) {
    let policies = [
        json!(null),
        json!({}),
        json!({ "minimum_delay": 5, "maximum_delay": 15 }),
        json!({ "retry_backoff_function": "geometric", "maximum_delay_retries": 2 }),
        json!({ "ignore_subscription_override": true, "mine": 1 }),
    ];
    for (at, policy) in policies.into_iter().enumerate() {
        let subscriber = format!("{HOOK}/{at}");
        let options = json!({ "_retry_policy": policy });
        let input = json!({ "queue_name": "jobs", "subscriber": subscriber, "options": options });
        service.call(SubscriptionCreate, input).await.expect_outcome("created");
    }
}

async fn refuses_to_make_a_trust_for_a_caller_without_rights(service: &Service) {
    let input = json!({ "queue_name": "jobs", "subscriber": "trust+http://a" });
    service.call(SubscriptionCreate, input).await.expect_error("subscription_without_trust");
}

async fn checks_options_as_when_subscribing(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for (options, error) in [
        (json!("x"), "input_invalid"),
        (json!({ "post_data": 5 }), "subscription_option_invalid"),
        (json!({ "_retry_policy": 5 }), "retry_policy_invalid"),
    ] {
        let input = json!({ "queue_name": "jobs", "subscription_id": id, "options": options });
        service.call(SubscriptionUpdate, input).await.expect_error(error);
    }
    assert_eq!(shown(service, &id).await["options"], json!({}));
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn refuses_headers_and_signatures_that_cannot_be_sent(service: &Service) {
    for options in [
        json!({ "post_headers": { "X-A": "1\r\nX-B: 2" } }),
        json!({ "post_headers": { "X A": "1" } }),
        json!({ "post_headers": { "Host": "elsewhere" } }),
        json!({ "post_headers": { "webhook-signature": "v1,x" } }),
        json!({ "signing": "yes" }),
        json!({ "signing_secret": "short" }),
        json!({ "signing_secret": true }),
        json!({ "signing_secret": [SECRET, 5] }),
    ] {
        refused(service, options, "subscription_option_invalid").await;
    }
}

async fn subscribe_with_secret(service: &Service) -> String {
    let options = json!({ "signing_secret": SECRET, "mine": 1 });
    let input = json!({ "queue_name": "jobs", "subscriber": HOOK, "options": options });
    let reply = service.call(SubscriptionCreate, input).await.expect_outcome("created");
    reply.body()["subscription_id"].as_str().unwrap().to_owned()
}

async fn shows_no_secret_that_signs(service: &Service) {
    let id = subscribe_with_secret(service).await;

    let wanted = json!({ "signing_secret": true, "mine": 1 });
    assert_eq!(shown(service, &id).await["options"], wanted);
    let listed = service.call(SubscriptionList, json!({ "queue_name": "jobs" })).await;
    assert_eq!(listed.expect_outcome("listed").body()["subscriptions"][0]["options"], wanted);
}

async fn keeps_a_secret_that_signs(service: &Service) {
    let id = subscribe_with_secret(service).await;
    let update = async |options: Value| {
        let input = json!({ "queue_name": "jobs", "subscription_id": id, "options": options });
        service.call(SubscriptionUpdate, input).await
    };

    let kept = json!({ "signing_secret": true, "mine": 2 });
    update(kept.clone()).await.expect_outcome("updated");
    assert_eq!(shown(service, &id).await["options"], kept);
    update(json!({})).await.expect_outcome("updated");
    update(kept).await.expect_error("subscription_option_invalid");
}
