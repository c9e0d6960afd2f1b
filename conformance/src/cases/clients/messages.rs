use serde_json::{Value, json};
use sukkal_spec::{ClaimCreate, ClaimGet, MessageGet, MessageGetMany, MessageList, MessagePop};

use crate::case::cases;
use crate::service::Service;

cases! {
    MessageList: a_message_has_no_member_that_clients_do_not_know;
    MessagePost:
        a_message_without_a_ttl_takes_that_of_its_queue,
        a_message_without_a_delay_takes_that_of_its_queue;
}

/// The members of a message that a client with a closed constructor takes.
const MEMBERS: [&str; 8] =
    ["id", "href", "ttl", "age", "body", "claim_id", "claim_count", "checksum"];

fn check(messages: &[Value]) {
    assert!(!messages.is_empty());
    for message in messages {
        let members = message.as_object().unwrap();
        let unknown: Vec<&String> =
            members.keys().filter(|name| !MEMBERS.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for name in ["ttl", "age", "body"] {
            assert!(members.contains_key(name), "{name}");
        }
    }
}

async fn a_message_has_no_member_that_clients_do_not_know(service: &Service) {
    let ids = service.post("jobs", ["a", "b", "c"]).await;
    let all = json!({ "queue_name": "jobs", "echo": true });
    check(&service.call(MessageList, all).await.expect_outcome("listed").messages());
    let one = json!({ "queue_name": "jobs", "message_id": ids[0] });
    check(&service.call(MessageGet, one).await.expect_outcome("shown").messages());
    let many = json!({ "queue_name": "jobs", "message_ids": ids });
    check(&service.call(MessageGetMany, many).await.expect_outcome("shown").messages());
    let one = json!({ "queue_name": "jobs", "limit": 1 });
    let claimed = service.call(ClaimCreate, one).await.expect_outcome("claimed");
    check(&claimed.messages());
    let claim = json!({ "queue_name": "jobs", "claim_id": claimed.claim_id() });
    check(&service.call(ClaimGet, claim).await.expect_outcome("shown").messages());
    let pop = json!({ "queue_name": "jobs", "pop": 2 });
    check(&service.call(MessagePop, pop).await.expect_outcome("popped").messages());
}

async fn a_message_without_a_ttl_takes_that_of_its_queue(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_ttl": 120 })).await;
    let ids = service.post_messages("jobs", json!([{ "body": "a" }])).await;

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    let shown = service.call(MessageGet, input).await.expect_outcome("shown");

    assert_eq!(shown.messages()[0]["ttl"], 120);
}

async fn a_message_without_a_delay_takes_that_of_its_queue(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_delay": 60 })).await;
    service.post_messages("jobs", json!([{ "body": "a" }])).await;

    let input = json!({ "queue_name": "jobs" });
    service.call(ClaimCreate, input).await.expect_outcome("nothing_to_claim");
}
