use serde_json::{Value, json};
use sukkal_spec::{MessageGet, QueueCreate, QueueList, QueueUpdate};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! { QueueCreate:
    refuses_attributes_of_the_wrong_type,
    refuses_attributes_out_of_bounds,
    takes_attributes_at_their_bounds,
    takes_null_for_not_set,
    refuses_retry_policies_that_break_the_rules,
    takes_a_retry_policy,
    heeds_attributes_beside_values_of_128_levels needs Http,
}

async fn create(service: &Service, metadata: Value) -> Reply {
    service.call(QueueCreate, json!({ "queue_name": "jobs", "metadata": metadata })).await
}

async fn refuses_attributes_of_the_wrong_type(service: &Service) {
    let integers = [
        "_max_messages_post_size",
        "_default_message_ttl",
        "_default_message_delay",
        "_dead_letter_queue_messages_ttl",
        "_max_claim_count",
    ];
    for name in integers {
        for value in [json!("60"), json!(60.5), json!(true), json!([60]), json!({})] {
            let reply = create(service, json!({ name: value })).await;
            reply.expect_error("attribute_not_an_integer").saying(name);
        }
    }
    for value in [json!("true"), json!(1), json!([])] {
        let reply = create(service, json!({ "_enable_encrypt_messages": value })).await;
        reply.expect_error("attribute_not_a_boolean").saying("_enable_encrypt_messages");
    }
    let listed = service.call(QueueList, json!({})).await.expect_outcome("listed");
    assert!(listed.queue_names().is_empty());
}

async fn refuses_attributes_out_of_bounds(service: &Service) {
    let wrong = [
        ("_default_message_ttl", 59, "default_ttl_out_of_range"),
        ("_default_message_ttl", 1_209_601, "default_ttl_out_of_range"),
        ("_max_messages_post_size", 0, "post_size_out_of_range"),
        ("_max_messages_post_size", 262_145, "post_size_out_of_range"),
        ("_default_message_delay", -1, "default_delay_out_of_range"),
        ("_default_message_delay", 901, "default_delay_out_of_range"),
        ("_dead_letter_queue_messages_ttl", 59, "dead_letter_ttl_out_of_range"),
        ("_dead_letter_queue_messages_ttl", 1_209_601, "dead_letter_ttl_out_of_range"),
    ];
    for (name, value, error) in wrong {
        create(service, json!({ name: value })).await.expect_error(error);
    }
}

async fn takes_attributes_at_their_bounds(service: &Service) {
    let bounds = [
        ("_default_message_ttl", 60),
        ("_default_message_ttl", 1_209_600),
        ("_max_messages_post_size", 1),
        ("_max_messages_post_size", 262_144),
        ("_default_message_delay", 0),
        ("_default_message_delay", 900),
        ("_dead_letter_queue_messages_ttl", 60),
        ("_max_claim_count", 0),
        ("_max_claim_count", 1_000_000),
    ];
    for (at, (name, value)) in bounds.into_iter().enumerate() {
        service.create_queue(&format!("jobs-{at}"), json!({ name: value })).await;
    }
}

async fn takes_null_for_not_set(service: &Service) {
    let metadata = json!({
        "_default_message_ttl": null, "_max_messages_post_size": null, "_max_claim_count": null,
        "_default_message_delay": null, "_dead_letter_queue": null,
        "_dead_letter_queue_messages_ttl": null, "_enable_encrypt_messages": null,
    });

    create(service, metadata).await.expect_outcome("created");
}

async fn refuses_retry_policies_that_break_the_rules(service: &Service) {
    let wrong = [
        (json!([]), "retry_policy must be a dict."),
        (json!({ "minimum_delay": "5" }), "minimum_delay must be a integer."),
        (json!({ "retries_with_no_delay": true }), "retries_with_no_delay must be a integer."),
        (json!({ "retry_backoff_function": 1 }), "retry_backoff_function must be a string."),
        (json!({ "retry_backoff_function": "random" }), "invalid retry_backoff_function."),
        (json!({ "ignore_subscription_override": 1 }), "must be a boolean."),
        (json!({ "minimum_delay": 40 }), "minimum_delay must less than maximum_delay."),
        (json!({ "minimum_delay": 25 }), "invalid minimum_delay and maximum_delay."),
    ];
    for (policy, text) in wrong {
        let reply = create(service, json!({ "_retry_policy": policy })).await;
        reply.expect_error("retry_policy_invalid").saying(text);
    }
}

async fn takes_a_retry_policy(service: &Service) {
    let policy = json!({
        "retries_with_no_delay": 2, "minimum_delay": 5, "maximum_delay": 60,
        "retry_backoff_function": "exponential", "ignore_subscription_override": true, "other": 1,
    });

    create(service, json!({ "_retry_policy": policy })).await.expect_outcome("created");
}

async fn heeds_attributes_beside_values_of_128_levels(service: &Service) {
    let input =
        json!({ "queue_name": "jobs", "metadata": { "_default_message_ttl": 120, "deep": "@" } });
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    service.call_text(QueueCreate, input, &deep).await.expect_outcome("created");

    let first = service.post("jobs", ["a"]).await;
    let path = "/metadata/_default_message_ttl";
    let changes = json!([{ "op": "replace", "path": path, "value": 240 }]);
    let input = json!({ "queue_name": "jobs", "changes": changes });
    service.call(QueueUpdate, input).await.expect_outcome("updated");
    let second = service.post("jobs", ["b"]).await;

    for (id, ttl) in [(&first[0], 120), (&second[0], 240)] {
        let input = json!({ "queue_name": "jobs", "message_id": id });
        let shown = service.call(MessageGet, input).await.expect_outcome("shown");
        assert_eq!(shown.messages()[0]["ttl"], ttl);
    }
}
