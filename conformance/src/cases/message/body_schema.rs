use serde_json::{Value, json};
use sukkal_spec::{MessageList, MessagePost, QueueCreate, QueueUpdate};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    MessagePost:
        takes_bodies_that_fit_the_schema_of_the_queue needs Extension,
        says_where_a_body_does_not_fit_the_schema needs Extension;
    QueueCreate:
        refuses_metadata_with_a_broken_schema needs Extension;
    QueueUpdate:
        checks_posts_with_the_schema_that_was_set_last needs Extension,
}

fn priced() -> Value {
    let price = json!({ "type": "integer", "minimum": 1 });
    json!({ "type": "object", "required": ["price"], "properties": { "price": price } })
}

async fn post(service: &Service, bodies: Value) -> Reply {
    let bodies = bodies.as_array().unwrap().iter();
    let messages: Vec<Value> = bodies.map(|body| json!({ "body": body })).collect();
    service.call(MessagePost, json!({ "queue_name": "sales", "messages": messages })).await
}

async fn takes_bodies_that_fit_the_schema_of_the_queue(service: &Service) {
    service.create_queue("sales", json!({ "_message_schema": priced() })).await;

    post(service, json!([{ "price": 1 }, { "price": 2, "more": null }]))
        .await
        .expect_outcome("posted");
}

async fn says_where_a_body_does_not_fit_the_schema(service: &Service) {
    service.create_queue("sales", json!({ "_message_schema": priced() })).await;
    for (body, place) in [
        (json!({ "price": 0 }), "/messages/1/body/price: "),
        (json!({ "price": "1" }), "/messages/1/body/price: "),
        (json!({}), "/messages/1/body: \"price\" is a required property"),
        (json!("text"), "/messages/1/body: "),
    ] {
        let reply = post(service, json!([{ "price": 1 }, body])).await;

        reply.expect_error("call_refused").saying(place);
    }
    let list = json!({ "queue_name": "sales", "echo": true });
    let listed = service.call(MessageList, list).await.expect_outcome("listed");
    assert!(listed.messages().is_empty(), "{}", listed.body());
}

async fn refuses_metadata_with_a_broken_schema(service: &Service) {
    for (schema, place) in [
        (json!({ "type": "integr" }), "/_message_schema/type: "),
        (json!(5), "/_message_schema: a schema is an object or a boolean"),
        (json!({ "$ref": "http://127.0.0.1:9/" }), "/_message_schema/$ref: a reference must stay"),
    ] {
        let input = json!({ "queue_name": "sales", "metadata": { "_message_schema": schema } });
        let reply = service.call(QueueCreate, input).await;

        reply.expect_error("call_refused").saying(place);
    }
}

async fn checks_posts_with_the_schema_that_was_set_last(service: &Service) {
    service.create_queue("sales", json!({ "_message_schema": priced() })).await;
    post(service, json!(["text"])).await.expect_error("call_refused");
    let change = |schema: Value| {
        let path = "/metadata/_message_schema";
        let changes = json!([{ "op": "replace", "path": path, "value": schema }]);
        json!({ "queue_name": "sales", "changes": changes })
    };

    service.call(QueueUpdate, change(json!(5))).await.expect_error("call_refused");
    post(service, json!(["text"])).await.expect_error("call_refused");
    service.call(QueueUpdate, change(json!({ "type": "string" }))).await.expect_outcome("updated");

    post(service, json!(["text"])).await.expect_outcome("posted");
    post(service, json!([{ "price": 1 }])).await.expect_error("call_refused");
}
