use serde_json::{Value, json};
use sukkal_spec::{SubscriptionCreate, SubscriptionUpdate};

use super::{HOOK, shown};
use crate::case::cases;
use crate::service::Service;

cases! {
    SubscriptionCreate:
        refuses_options_that_are_no_object,
        refuses_options_of_the_wrong_type,
        refuses_retry_policies_that_break_their_rules,
        accepts_every_retry_policy_that_keeps_the_rules,
        refuses_to_make_a_trust_for_a_caller_without_rights;
    SubscriptionUpdate:
        checks_options_as_when_subscribing,
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
