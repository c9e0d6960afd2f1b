use serde_json::{Value, json};
use sukkal_spec::{ClaimCreate, ClaimGet, MessageGet, MessageList, MessagePop, MessagePost};

use crate::case::cases;
use crate::service::Service;

cases! { MessagePost:
    shows_what_a_queue_encrypted_to_every_reader,
    shows_encrypted_dead_letters needs Clock,
    counts_the_plaintext_of_an_encrypted_post,
}

async fn vault(service: &Service, more: Value) {
    let mut metadata = json!({ "_enable_encrypt_messages": true });
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    service.create_queue("vault", metadata).await;
}

async fn shows_what_a_queue_encrypted_to_every_reader(service: &Service) {
    vault(service, json!({})).await;
    let bodies = [json!("a"), json!({ "é": [1, null] }), json!(""), json!("("), json!(2)];
    let messages: Vec<Value> = bodies.iter().map(|body| json!({ "body": body })).collect();
    let ids = service.post_messages("vault", json!(messages)).await;

    let list = json!({ "queue_name": "vault", "echo": true });
    let listed = service.call(MessageList, list).await.expect_outcome("listed");
    let get = json!({ "queue_name": "vault", "message_id": ids[1] });
    let got = service.call(MessageGet, get).await.expect_outcome("shown");
    let claim = json!({ "queue_name": "vault", "limit": 3 });
    let claimed = service.call(ClaimCreate, claim).await.expect_outcome("claimed");
    let held = json!({ "queue_name": "vault", "claim_id": claimed.claim_id() });
    let held = service.call(ClaimGet, held).await.expect_outcome("shown");
    let pop = json!({ "queue_name": "vault", "pop": 2 });
    let popped = service.call(MessagePop, pop).await.expect_outcome("popped");

    assert_eq!(listed.message_bodies(), bodies);
    assert_eq!(got.message_bodies(), bodies[1..2]);
    assert_eq!(claimed.message_bodies(), bodies[..3]);
    assert_eq!(held.message_bodies(), bodies[..3]);
    assert_eq!(popped.message_bodies(), bodies[3..]);
}

async fn shows_encrypted_dead_letters(service: &Service) {
    service.create_queue("dead", json!({})).await;
    vault(service, json!({ "_max_claim_count": 1, "_dead_letter_queue": "dead" })).await;
    service.post("vault", ["a"]).await;
    let claim = json!({ "queue_name": "vault", "ttl": 60 });
    service.call(ClaimCreate, claim.clone()).await.expect_outcome("claimed");
    service.advance_clock(61);
    service.call(ClaimCreate, claim).await.expect_outcome("nothing_to_claim");

    let bodies = super::super::claim::letters(service).await.message_bodies();

    assert_eq!(bodies, ["a"]);
}

async fn counts_the_plaintext_of_an_encrypted_post(service: &Service) {
    vault(service, json!({ "_max_messages_post_size": 200 })).await;

    service.post_messages("vault", json!([{ "body": "x".repeat(50) }])).await;

    let messages = json!([{ "body": "x".repeat(200) }]);
    let large = json!({ "queue_name": "vault", "messages": messages });
    service.call(MessagePost, large).await.expect_error("messages_too_large_for_queue");
}
