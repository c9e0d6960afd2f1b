use serde_json::json;
use sukkal_spec::{MessageList, MessagePost};

use crate::case::cases;
use crate::service::Service;

cases! { MessagePost:
    takes_a_post_up_to_the_limit needs Limits,
    refuses_a_post_above_the_limit needs Limits,
    refuses_many_small_messages_above_the_limit needs Limits,
}

async fn takes_a_post_up_to_the_limit(service: &Service) {
    service.post_messages("jobs", json!([{ "body": "x".repeat(100) }])).await;
}

async fn refuses_a_post_above_the_limit(service: &Service) {
    let input = json!({ "queue_name": "jobs", "messages": [{ "body": "x".repeat(256) }] });
    service.call(MessagePost, input).await.expect_error("document_too_large").saying("256");

    nothing_is_there(service).await;
}

async fn refuses_many_small_messages_above_the_limit(service: &Service) {
    let messages: Vec<_> =
        (0..20).map(|number| json!({ "body": format!("message {number}") })).collect();
    let input = json!({ "queue_name": "jobs", "messages": messages });
    service.call(MessagePost, input).await.expect_error("document_too_large").saying("256");

    nothing_is_there(service).await;
}

async fn nothing_is_there(service: &Service) {
    let input = json!({ "queue_name": "jobs", "echo": true });
    let listed = service.call(MessageList, input).await.expect_outcome("listed");
    assert!(listed.messages().is_empty());
}
