//! Posts through the binary, with the stage at work.

#[path = "../../server.rs"]
mod server;

use server::Server;

const PIPELINES: [&str; 4] =
    ["--set", "storage.message_pipeline=mask", "--set", "storage.queue_pipeline=mask"];

fn server(arguments: &[&str]) -> Server {
    let words = [&["--store", "memory:"], arguments].concat();
    Server::start(env!("CARGO_BIN_EXE_mask-stage"), &words)
}

#[test]
fn what_a_queue_masks_is_not_stored() {
    let server = server(&PIPELINES);
    server.call("PUT", "/v2/queues/orders", r#"{"_mask": ["card"]}"#).expect(201);
    let messages = r#"{"messages": [{"body": {"id": 1, "card": "4111"}}]}"#;
    server.call("POST", "/v2/queues/orders/messages", messages).expect(201);

    let listed = server.call("GET", "/v2/queues/orders/messages?echo=true", "").expect(200);

    assert!(listed.contains(r#""body": {"id":1,"card":"***"}"#), "{listed}");
}

#[test]
fn what_cannot_be_masked_is_refused() {
    let server = server(&PIPELINES);
    server.call("PUT", "/v2/queues/orders", r#"{"_mask": ["card"]}"#).expect(201);
    let messages = r#"{"messages": [{"body": {}}, {"body": "4111"}]}"#;

    let refused = server.call("POST", "/v2/queues/orders/messages", messages).expect(400);
    let metadata = server.call("PUT", "/v2/queues/other", r#"{"_mask": "card"}"#).expect(400);

    assert!(refused.contains("/messages/1/body: must be an object"), "{refused}");
    assert!(metadata.contains("/_mask: must be a list of names"), "{metadata}");
}

#[test]
fn a_name_that_is_not_registered_stops_the_server() {
    let words = ["--store", "memory:", "--set", "storage.message_pipeline=masks"];

    let told = Server::refused(env!("CARGO_BIN_EXE_mask-stage"), &words);

    assert!(told.contains("no stage is called \"masks\"; the nearest is \"mask\""), "{told}");
}
