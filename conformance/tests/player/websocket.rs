//! Exchanges over WebSocket.

use std::time::Duration;

use serde_json::{Value, json};
use sukkal_conformance::recorded::Options;
use tokio_tungstenite::tungstenite::Message;

use crate::fake::FakeWebSocket;
use crate::{options, recording, summary};

fn text(value: &Value) -> Message {
    Message::text(value.to_string())
}

fn packed(value: &Value) -> Message {
    Message::binary(rmp_serde::to_vec_named(value).unwrap())
}

fn sent(encoding: &str, message: Value) -> Value {
    json!({"connection": "a", "encoding": encoding, "message": message})
}

fn expected(encoding: &str, message: Value) -> Value {
    json!({"encoding": encoding, "message": message})
}

async fn against(
    answers: Vec<Vec<Message>>,
    exchanges: &[(&str, Value, Value)],
) -> (FakeWebSocket, Options) {
    let server = FakeWebSocket::start(answers).await;
    let mut options = options("http://127.0.0.1:1", recording("base", exchanges));
    options.websocket = Some(server.url());
    options.timeout = Duration::from_secs(5);
    (server, options)
}

fn answer(body: Value) -> Value {
    json!({"request": {"action": "a"}, "body": body, "headers": {"status": 200}})
}

#[tokio::test]
async fn answers_and_pushes_are_kept_apart() {
    let push = json!({"body": "pushed"});
    let (server, options) = against(
        vec![
            vec![text(&push), text(&answer(json!({"id": "abc"})))],
            vec![packed(&answer(json!("abc")))],
        ],
        &[
            (
                "ws",
                sent("json", json!({"action": "a"})),
                expected("json", answer(json!({"id": "${id1}"}))),
            ),
            ("ws-push", json!({"connection": "a"}), expected("json", push.clone())),
            (
                "ws",
                sent("msgpack", json!({"x": "${id1}"})),
                expected("msgpack", answer(json!("${id1}"))),
            ),
            ("ws-close", json!({"connection": "a"}), json!({})),
        ],
    )
    .await;

    assert_eq!(summary(&options).await, ["passed"; 4]);
    assert_eq!(
        server.received()[..2],
        [text(&json!({"action": "a"})), packed(&json!({"x": "abc"}))]
    );
}

#[tokio::test]
async fn notices_every_kind_of_wrong_frame() {
    let right = answer(json!(1));
    let wrong = [
        (text(&answer(json!(2))), "message/body: expected 1, got 2"),
        (packed(&right), "encoding: "),
        (
            text(&json!({"request": {}, "body": 1, "headers": {"status": 200}})),
            "message/request/action (missing)",
        ),
        (Message::text("nonsense"), "WebSocket: a text frame is not JSON"),
        (Message::binary(vec![0x92]), "WebSocket: a binary frame is not MessagePack"),
    ];
    for (frame, reason) in wrong {
        let exchanges = [("ws", sent("json", json!({})), expected("json", right.clone()))];
        let (_server, options) = against(vec![vec![frame]], &exchanges).await;

        let summary = summary(&options).await;

        assert!(summary[0].starts_with(reason), "{}", summary[0]);
    }
}

#[tokio::test]
async fn a_push_is_no_answer() {
    let exchanges = [("ws", sent("json", json!({})), expected("json", answer(json!(1))))];
    let (_server, mut options) = against(vec![vec![text(&json!({"body": 1}))]], &exchanges).await;
    options.timeout = Duration::from_millis(50);

    assert_eq!(summary(&options).await, ["no reply within 50 ms"]);
}

#[tokio::test]
async fn raw_frames_are_sent_as_they_are() {
    let raw =
        |encoding: &str, raw: &str| json!({"connection": "a", "encoding": encoding, "raw": raw});
    let right = answer(json!(1));
    let (server, options) = against(
        vec![vec![text(&right)], vec![packed(&right)]],
        &[
            ("ws", raw("text", "{not json"), expected("json", right.clone())),
            ("ws", raw("binary", "c1FF00"), expected("msgpack", right.clone())),
        ],
    )
    .await;

    assert_eq!(summary(&options).await, ["passed", "passed"]);
    assert_eq!(
        server.received()[..2],
        [Message::text("{not json"), Message::binary(vec![0xc1, 0xff, 0x00])]
    );
}

#[tokio::test]
async fn a_server_that_hangs_up_fails_the_exchange() {
    let exchanges = [("ws", sent("json", json!({})), expected("json", answer(json!(1))))];
    let (_server, options) = against(Vec::new(), &exchanges).await;

    assert_eq!(summary(&options).await, ["the server closed the connection"]);
}

#[tokio::test]
async fn connections_of_different_names_are_different() {
    let right = answer(json!(1));
    let open = json!({"connection": "a"});
    let on_b = json!({"connection": "b", "encoding": "json", "message": {}});
    let exchanges = [
        ("ws-open", open.clone(), json!({})),
        ("ws-close", open, json!({})),
        ("ws", on_b, expected("json", right.clone())),
    ];
    let (_server, options) = against(vec![vec![text(&right)]], &exchanges).await;

    assert_eq!(summary(&options).await, ["passed"; 3]);
}

#[tokio::test]
async fn without_a_websocket_url_nothing_of_the_scenario_is_played() {
    let exchanges = [("ws", sent("json", json!({})), expected("json", answer(json!(1))))];
    let (server, mut options) = against(Vec::new(), &exchanges).await;
    options.websocket = None;

    assert_eq!(summary(&options).await, ["needs the URL of the WebSocket API"]);
    assert!(server.received().is_empty());
}
