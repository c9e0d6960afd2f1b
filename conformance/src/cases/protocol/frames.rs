use serde_json::{Value, json};
use sukkal_spec::{MessageGetMany, MessagePost, Operation, QueueCreate, QueueGet};

use crate::case::cases;
use crate::service::{Reply, Service, Transport};

cases! { QueueGet:
    refuses_frames_that_cannot_be_decoded needs WebSocket,
    refuses_frames_that_are_no_object needs WebSocket,
    refuses_actions_it_does_not_know needs WebSocket,
    refuses_frames_without_the_headers_it_needs needs WebSocket,
    refuses_a_body_that_is_no_object needs WebSocket,
    refuses_a_project_id_that_is_too_long_in_frames needs WebSocket,
    repeats_the_request needs WebSocket,
    ignores_members_it_does_not_know_in_frames needs WebSocket,
    goes_on_after_every_refusal needs WebSocket,
    answers_in_the_order_of_the_calls needs WebSocket,
    gives_deep_values_back needs WebSocket,
}

fn frame(service: &Service) -> Value {
    service.frame(QueueGet, json!({ "queue_name": "jobs" }))
}

async fn exchange(service: &Service, frame: Value) -> Reply {
    service.exchange_frame(QueueGet::INFO, frame).await
}

async fn raw(service: &Service, text: &str, bytes: &[u8]) -> Reply {
    if service.transport() == Transport::MessagePack {
        service.exchange_binary(QueueGet::INFO, bytes.to_vec()).await
    } else {
        service.exchange_text(QueueGet::INFO, text.to_owned()).await
    }
}

/// Texts that are no JSON beside bytes that are no MessagePack, or say what JSON cannot.
const BROKEN: [(&str, &[u8]); 9] = [
    ("", b""),
    ("{", b"\x81"),
    ("{} {}", b"\x80\x80"),
    ("nonsense", b"\xc1"),
    ("{\"a\": 1e400}", b"\x81\xa1a\xcb\x7f\xf0\0\0\0\0\0\0"),
    ("{\"a\": NaN}", b"\x81\xa1a\xcb\x7f\xf8\0\0\0\0\0\0"),
    ("{\"a\": 9223372036854775808}", b"\x81\xa1a\xcf\x80\0\0\0\0\0\0\0"),
    ("{\"a\": \"\\ud800\"}", b"\x81\xa1a\xa1\xff"),
    ("{1: 2}", b"\x81\x01\x02"),
];

async fn refuses_frames_that_cannot_be_decoded(service: &Service) {
    for (text, bytes) in BROKEN {
        let reply = raw(service, text, bytes).await.expect_error("frame_unreadable");
        let encoding = match service.transport() {
            Transport::MessagePack => "binary (MessagePack)",
            _ => "text (JSON)",
        };
        reply.saying(&format!("Can't decode {encoding} request."));
    }
}

async fn refuses_frames_that_are_no_object(service: &Service) {
    for other in [json!([]), json!("text"), json!(1), json!(null), json!([{}])] {
        exchange(service, other).await.expect_error("frame_not_an_object");
    }
}

async fn refuses_actions_it_does_not_know(service: &Service) {
    for action in [json!("nonsense"), json!("QUEUE_GET"), json!(""), json!(null)] {
        let mut other = frame(service);
        other["action"] = action;
        exchange(service, other).await.expect_error("action_unknown");
    }
    for action in [json!(1), json!([]), json!({}), json!(true)] {
        let mut other = frame(service);
        other["action"] = action;
        exchange(service, other).await.expect_error("action_unknown");
    }
}

async fn refuses_frames_without_the_headers_it_needs(service: &Service) {
    for headers in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "Client-ID": service.client() }),
        json!({ "X-Project-ID": "p" }),
        json!({ "client-id": service.client(), "x-project-id": "p" }),
        json!({ "Client-ID": 1, "X-Project-ID": "p" }),
        json!({ "Client-ID": service.client(), "X-Project-ID": "p", "Accept": 1 }),
    ] {
        let mut other = frame(service);
        other["headers"] = headers;
        exchange(service, other).await.expect_error("headers_invalid");
    }
    let mut other = frame(service);
    other.as_object_mut().unwrap().remove("headers");
    exchange(service, other).await.expect_error("headers_invalid");
}

async fn refuses_a_body_that_is_no_object(service: &Service) {
    for body in [json!(null), json!([]), json!("jobs"), json!(1), json!({})] {
        let mut other = frame(service);
        other["body"] = body;
        exchange(service, other).await.expect_error("input_invalid");
    }
    let mut other = frame(service);
    other.as_object_mut().unwrap().remove("body");
    exchange(service, other).await.expect_error("input_invalid");
}

async fn refuses_a_project_id_that_is_too_long_in_frames(service: &Service) {
    let long = service.in_project(&"p".repeat(257));

    let reply = long.call(QueueCreate, json!({ "queue_name": "jobs" })).await;

    reply.expect_error("project_too_long");
}

async fn repeats_the_request(service: &Service) {
    let answer = exchange(service, frame(service)).await.expect_outcome("shown");

    let request = answer.request().unwrap();
    assert_eq!(request["action"], "queue_get");
    assert_eq!(request["body"], json!({ "queue_name": "jobs" }));
    assert_eq!(request["headers"]["Client-ID"], service.client());
    assert_eq!(request["api"], "v2");
}

async fn ignores_members_it_does_not_know_in_frames(service: &Service) {
    let mut other = frame(service);
    other["id"] = json!(17);
    other["body"]["other"] = json!([1]);
    other["headers"]["X-Other"] = json!(1);

    exchange(service, other).await.expect_outcome("shown");
}

async fn goes_on_after_every_refusal(service: &Service) {
    raw(service, "{", b"\x81").await.expect_error("frame_unreadable");
    exchange(service, json!([])).await.expect_error("frame_not_an_object");

    exchange(service, frame(service)).await.expect_outcome("shown");
}

async fn answers_in_the_order_of_the_calls(service: &Service) {
    let calls = (0..50).map(|number| match number % 2 {
        0 => service
            .frame(MessagePost, json!({ "queue_name": "jobs", "messages": [{ "body": number }] })),
        _ => service.frame(QueueGet, json!({ "queue_name": "jobs", "number": number })),
    });
    let frames: Vec<Value> = calls.collect();

    let answers = service.exchange_all(QueueGet::INFO, &frames).await;

    for (frame, answer) in frames.iter().zip(&answers) {
        assert_eq!(answer.request().unwrap()["body"], frame["body"]);
    }
}

async fn gives_deep_values_back(service: &Service) {
    let depth = if service.transport() == Transport::MessagePack { 125 } else { 120 };
    let body = (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let http = service.over_http();
    let ids = http.post_messages("jobs", json!([{ "body": body }])).await;

    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    let shown = service.call(MessageGetMany, input).await.expect_outcome("shown");

    assert_eq!(shown.message_bodies(), [body]);
}
