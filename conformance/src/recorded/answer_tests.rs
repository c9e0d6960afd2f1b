use super::*;
use crate::client::Encoding;

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> HttpReply {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    HttpReply { status, headers, body: body.as_bytes().to_vec() }
}

fn recorded(lines: Value) -> Recorded<Value, HttpAnswer> {
    serde_json::from_value(lines).unwrap()
}

fn judge(recording: Value, got: &HttpReply) -> Result<Equal, Box<Difference>> {
    choose(&recorded(recording), got, &Bindings::default())
}

#[test]
fn a_status_header_or_body_that_differs_is_found() {
    let recording = json!({"request": null, "response":
        {"status": 201, "headers": {"location": "/q?a=1&b=2"}, "body": {"x": 1}}});
    let good = reply(201, &[("location", "/q?b=2&a=1"), ("x-more", "1")], r#"{"x": 1}"#);

    assert!(judge(recording.clone(), &good).is_ok());
    for (got, place) in [
        (reply(200, &[("location", "/q?a=1&b=2")], r#"{"x": 1}"#), "status"),
        (reply(201, &[], r#"{"x": 1}"#), "headers/location (missing)"),
        (reply(201, &[("location", "/q?a=1")], r#"{"x": 1}"#), "headers/location"),
        (reply(201, &[("location", "/q?a=1&b=2")], ""), "body"),
        (reply(201, &[("location", "/q?a=1&b=2")], r#"{"x": 2}"#), "body/x"),
    ] {
        assert_eq!(judge(recording.clone(), &got).unwrap_err().place, place);
    }
}

#[test]
fn allow_is_a_set_and_content_type_ignores_parameters() {
    let recording = json!({"request": null, "response": {"status": 405,
        "headers": {"allow": "GET, OPTIONS", "content-type": "application/json"}, "body": null}});

    let good = reply(
        405,
        &[("allow", "OPTIONS,GET"), ("content-type", "application/json; charset=utf-8")],
        "",
    );
    let bad = reply(405, &[("allow", "GET, PUT"), ("content-type", "application/json")], "");

    assert!(judge(recording.clone(), &good).is_ok());
    assert_eq!(judge(recording, &bad).unwrap_err().place, "headers/allow/1");
}

#[test]
fn an_alternative_is_as_good_and_bindings_come_from_it() {
    let recording = json!({"request": null,
        "response": {"status": 200, "body": {"claim": "${id1}"}},
        "alternatives": [{"status": 200, "body": {"message": "${id2}"}}]});

    let equal = judge(recording.clone(), &reply(200, &[], r#"{"message": "m"}"#)).unwrap();

    assert_eq!(equal.alternative, Some(0));
    assert_eq!(equal.comparison.bindings.fill("${id2}").unwrap(), "m");
    assert!(equal.comparison.bindings.fill("${id1}").is_err());
    assert_eq!(
        judge(recording, &reply(200, &[], r#"{"x": 1}"#)).unwrap_err().place,
        "body/x (not expected)"
    );
}

#[test]
fn the_alternative_with_the_same_text_is_preferred() {
    let recording = json!({"request": null, "response": {"status": 404, "body": {"title": "a"}},
        "alternatives": [{"status": 404, "body": {"title": "b"}}]});

    let equal = judge(recording.clone(), &reply(404, &[], r#"{"title": "b"}"#)).unwrap();
    let different = judge(recording, &reply(404, &[], r#"{"title": "c"}"#)).unwrap();

    assert_eq!((equal.alternative, equal.comparison.texts.different.len()), (Some(0), 0));
    assert_eq!((different.alternative, different.comparison.texts.different.len()), (None, 1));
}

#[test]
fn texts_of_a_success_must_be_equal() {
    let recording = json!({"request": null, "response": {"status": 200, "body": {"title": "a"}}});

    assert!(judge(recording, &reply(200, &[], r#"{"title": "b"}"#)).is_err());
}

fn frame_difference(expected: Value, got: Value) -> Result<Comparison, Box<Difference>> {
    let answer = FrameAnswer { encoding: Encoding::Json, message: expected };
    let mut comparison = Comparison::new(&Bindings::default());
    answer
        .compare(&Frame { encoding: Encoding::Json, message: got }, &mut comparison)
        .map(|()| comparison)
}

#[test]
fn a_plain_text_body_of_an_error_frame_may_differ() {
    let frame = |status: u16, body: Value| json!({"request": {"action": "x"}, "body": body, "headers": {"status": status}});

    let texts = frame_difference(frame(409, json!("a")), frame(409, json!("b"))).unwrap().texts;

    assert_eq!((texts.compared, texts.different.len()), (1, 1));
    assert!(frame_difference(frame(409, json!("a")), frame(400, json!("a"))).is_err());
    assert!(frame_difference(frame(200, json!("a")), frame(200, json!("b"))).is_err());
    assert!(frame_difference(frame(409, json!("a")), frame(409, json!({"error": "a"}))).is_err());
}

#[test]
fn the_echo_of_an_error_frame_must_be_equal() {
    let frame = |action: &str| json!({"request": {"action": action, "error": action}, "body": {"error": "x"}, "headers": {"status": 400}});

    assert!(frame_difference(frame("a"), frame("a")).is_ok());
    assert_eq!(
        frame_difference(frame("a"), frame("b")).unwrap_err().place,
        "message/request/action"
    );
}

#[test]
fn an_answer_in_another_encoding_is_another_answer() {
    let answer = FrameAnswer { encoding: Encoding::Msgpack, message: json!({}) };
    let frame = Frame { encoding: Encoding::Json, message: json!({}) };

    let difference =
        answer.compare(&frame, &mut Comparison::new(&Bindings::default())).unwrap_err();

    assert_eq!(difference.place, "encoding");
}

#[test]
fn a_hook_is_compared_by_type_and_body() {
    let answer =
        HookAnswer { content_type: "application/json".to_owned(), body: json!({"body": "x"}) };
    let delivery = |content_type: &str, body: &str| Delivery {
        path: "/one".to_owned(),
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
    };
    let compare = |got| answer.compare(&got, &mut Comparison::new(&Bindings::default()));

    assert!(compare(delivery("application/json; charset=utf-8", r#"{"body": "x"}"#)).is_ok());
    assert!(compare(delivery("text/plain", r#"{"body": "x"}"#)).is_err());
    assert!(compare(delivery("application/json", r#"{"body": "y"}"#)).is_err());
}
