use serde_json::{Value, json};
use sukkal_spec::{MessageGet, MessageList, MessagePost, QueueGetStats};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! { MessagePost:
    creates_the_queue_with_the_first_message,
    stores_all_messages_or_none,
    takes_the_ttl_of_the_queue_when_none_is_named,
    lives_an_hour_when_nobody_names_a_ttl,
    takes_a_delay_only_where_the_queue_has_one needs Clock,
    refuses_a_delay_that_is_no_integer_or_out_of_bounds,
    ignores_a_delay_where_the_queue_has_none,
    refuses_a_ttl_out_of_bounds,
    refuses_messages_of_the_wrong_form,
    refuses_an_empty_list,
    refuses_documents_above_the_limit,
    refuses_documents_above_the_limit_of_the_queue,
    takes_more_messages_than_a_page_holds,
    refuses_a_client_id_that_is_no_uuid,
}

async fn post(service: &Service, messages: Value) -> Reply {
    let input = json!({ "queue_name": "jobs", "messages": messages });
    service.call(MessagePost, input).await
}

async fn shown(service: &Service, id: &str) -> Value {
    let input = json!({ "queue_name": "jobs", "message_id": id });
    let reply = service.call(MessageGet, input).await.expect_outcome("shown");
    reply.messages().remove(0)
}

async fn total(service: &Service) -> Option<i64> {
    service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await.counts()[2]
}

async fn creates_the_queue_with_the_first_message(service: &Service) {
    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    stats.expect_outcome("unknown_queue");

    let posted = post(service, json!([{ "body": 1 }, { "body": 2 }])).await;

    assert_eq!(posted.expect_outcome("posted").message_ids().len(), 2);
    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.expect_outcome("counted").counts(), [Some(0), Some(2), Some(2)]);
}

async fn stores_all_messages_or_none(service: &Service) {
    let reply = post(service, json!([{ "body": 1 }, { "body": 2, "ttl": 59 }])).await;

    reply.expect_error("limit_exceeded");
    assert_eq!(total(service).await, Some(0));
}

async fn takes_the_ttl_of_the_queue_when_none_is_named(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_ttl": 120 })).await;

    let ids = service.post_messages("jobs", json!([{ "body": 1 }, { "body": 2, "ttl": 99 }])).await;

    assert_eq!(shown(service, &ids[0]).await["ttl"], 120);
    assert_eq!(shown(service, &ids[1]).await["ttl"], 99);
}

async fn lives_an_hour_when_nobody_names_a_ttl(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;

    assert_eq!(shown(service, &ids[0]).await["ttl"], 3600);
}

async fn takes_a_delay_only_where_the_queue_has_one(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_delay": 30 })).await;
    let messages = json!([{ "body": "now", "delay": 0 }, { "body": "late", "delay": 100 }]);
    service.post_messages("jobs", messages).await;
    let list = json!({ "queue_name": "jobs", "echo": true });

    let first = service.call(MessageList, list.clone()).await.expect_outcome("listed");
    assert_eq!(first.message_bodies(), ["now"]);

    service.advance_clock(99);
    let first = service.call(MessageList, list.clone()).await.expect_outcome("listed");
    assert_eq!(first.message_bodies(), ["now"]);
    service.advance_clock(2);
    let both = service.call(MessageList, list).await.expect_outcome("listed");
    assert_eq!(both.message_bodies(), ["now", "late"]);
}

async fn refuses_a_delay_that_is_no_integer_or_out_of_bounds(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_delay": 30 })).await;

    for delay in [json!("30"), json!(true), json!(1.5), json!([1])] {
        let reply = post(service, json!([{ "body": 1, "delay": delay }])).await;
        reply.expect_error("delay_not_an_integer");
    }
    for delay in [-1, 901, i64::MAX] {
        let reply = post(service, json!([{ "body": 1, "delay": delay }])).await;
        reply.expect_error("delay_out_of_range");
    }
    assert_eq!(total(service).await, Some(0));
}

async fn ignores_a_delay_where_the_queue_has_none(service: &Service) {
    for delay in [json!(500), json!("soon"), json!(-1)] {
        post(service, json!([{ "body": 1, "delay": delay }])).await.expect_outcome("posted");
    }

    let list = json!({ "queue_name": "jobs", "echo": true });
    let listed = service.call(MessageList, list).await.expect_outcome("listed");
    assert_eq!(listed.messages().len(), 3);
}

async fn refuses_a_ttl_out_of_bounds(service: &Service) {
    for ttl in [59, 0, -60, 1_209_601, i64::MAX, i64::MIN] {
        let reply = post(service, json!([{ "body": 1, "ttl": ttl }])).await;
        let reply = reply.expect_error("limit_exceeded");
        reply.saying("The TTL for a message may not exceed 1209600 seconds");
    }
}

async fn refuses_messages_of_the_wrong_form(service: &Service) {
    let wrong = [
        json!("text"),
        json!({ "body": 1 }),
        json!([1]),
        json!([[]]),
        json!([{ "ttl": 60 }]),
        json!([{}]),
        json!([{ "body": 1, "ttl": "60" }]),
        json!([{ "body": 1, "ttl": 60.0 }]),
        json!([{ "body": 1, "ttl": true }]),
        json!([{ "body": 1, "ttl": null }]),
    ];
    for messages in wrong {
        let reply = post(service, messages).await;
        reply.expect_error("input_invalid");
    }
    assert_eq!(total(service).await, Some(0));
}

async fn refuses_an_empty_list(service: &Service) {
    post(service, json!([])).await.expect_error("input_invalid").saying("No messages to enqueu.");
}

async fn refuses_documents_above_the_limit(service: &Service) {
    let fits = "x".repeat(262_144 - 1_000);
    post(service, json!([{ "body": fits }])).await.expect_outcome("posted");

    let large = "x".repeat(262_145);
    post(service, json!([{ "body": large }])).await.expect_error("document_too_large");
}

async fn refuses_documents_above_the_limit_of_the_queue(service: &Service) {
    service.create_queue("jobs", json!({ "_max_messages_post_size": 200 })).await;
    post(service, json!([{ "body": "small" }])).await.expect_outcome("posted");

    let reply = post(service, json!([{ "body": "x".repeat(300) }])).await;

    reply.expect_error("messages_too_large_for_queue").saying("current queue is 200");
}

async fn takes_more_messages_than_a_page_holds(service: &Service) {
    let messages: Vec<Value> = (0..200).map(|number| json!({ "body": number })).collect();

    let posted = post(service, json!(messages)).await.expect_outcome("posted");

    assert_eq!(posted.message_ids().len(), 200);
    assert_eq!(total(service).await, Some(200));
}

async fn refuses_a_client_id_that_is_no_uuid(service: &Service) {
    let input = json!({ "queue_name": "jobs", "messages": [{ "body": 1 }] });
    let reply = service.as_client("nonsense").call(MessagePost, input).await;

    reply.expect_error("client_id_malformed");
}
