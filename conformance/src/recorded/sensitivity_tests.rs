//! Every recorded answer must equal itself, and must no longer do so once anything in it is changed.

use serde_json::{Value, json};

use super::answer::{Answer, choose};
use super::exchange::{Action, FrameAnswer, HttpAnswer, Recorded};
use super::placeholder::{Form, Placeholder};
use super::template::Bindings;
use super::vectors::Vectors;
use crate::client::{Frame, HttpReply};

const ANYTHING: &str = "${any}";

fn sample_of(name: &str) -> Value {
    match Placeholder::parse(name).unwrap() {
        Placeholder::Given(name) => json!(name),
        Placeholder::Named(name, Form::Signature) => json!(format!("abc{}", name.len())),
        Placeholder::Named(_, Form::Expiry) => json!("2026-01-31T12:00:00"),
        Placeholder::Named(name, _) => json!(name),
        Placeholder::Free(Form::Age) => json!(3),
        Placeholder::Free(Form::Number) => json!(0.5),
        Placeholder::Free(Form::Time) => json!("2026-01-31T12:00:00Z"),
        Placeholder::Free(Form::RequestId) => json!("req-3381af92-2b9e-11e3-b191-71861300734c"),
        Placeholder::Free(_) => json!("some text"),
    }
}

fn sample_text(text: &str) -> Value {
    let Some((before, rest)) = text.split_once("${") else { return json!(text) };
    let (name, after) = rest.split_once('}').unwrap();
    if before.is_empty() && after.is_empty() {
        return sample_of(name);
    }
    let value = sample_of(name);
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    sample_text(&format!("{before}{value}{after}"))
}

fn sample(value: &Value) -> Value {
    match value {
        Value::String(text) => sample_text(text),
        Value::Array(items) => items.iter().map(sample).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), sample(value))).collect(),
        ),
        plain => plain.clone(),
    }
}

/// All variants of a sample with one part replaced or one member left out, but not where anything will do.
fn changed(recorded: &Value, sample: &Value) -> Vec<Value> {
    if recorded == ANYTHING {
        return Vec::new();
    }
    let mut variants = vec![json!({"changed": true})];
    match (recorded, sample) {
        (Value::Array(recorded), Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                for variant in changed(&recorded[at], item) {
                    let mut items = items.clone();
                    items[at] = variant;
                    variants.push(Value::Array(items));
                }
            }
        }
        (Value::Object(recorded), Value::Object(members)) => {
            for (name, member) in members {
                let mut shorter = members.clone();
                shorter.remove(name);
                variants.push(Value::Object(shorter));
                for variant in changed(&recorded[name], member) {
                    let mut members = members.clone();
                    members[name] = variant;
                    variants.push(Value::Object(members));
                }
            }
        }
        _ => {}
    }
    variants
}

fn given() -> Bindings {
    let mut bindings = Bindings::default();
    for name in ["project", "hook", "pool_uri1", "pool_uri2"] {
        bindings.set(name, name);
    }
    bindings
}

fn is_equal<Q, A: Answer>(recorded: &Recorded<Q, A>, got: &A::Got) -> bool {
    choose(recorded, got, &given()).is_ok()
}

fn reply(answer: &HttpAnswer, headers: &[(String, String)], body: &Value) -> HttpReply {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    HttpReply { status: answer.status, headers: headers.to_vec(), body }
}

fn check_http<Q>(id: &str, recorded: &Recorded<Q, HttpAnswer>) -> usize {
    let answer = &recorded.response;
    let text = |value: &String| sample_text(value).as_str().unwrap().to_owned();
    let headers: Vec<_> =
        answer.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let body = sample(&answer.body);
    let same = reply(answer, &headers, &body);
    assert!(is_equal(recorded, &same), "{id} {same:?}");
    let mut wrong: Vec<HttpReply> =
        changed(&answer.body, &body).iter().map(|body| reply(answer, &headers, body)).collect();
    wrong.push(HttpReply { status: 599, ..same });
    for at in 0..headers.len() {
        let mut fewer = headers.clone();
        fewer.remove(at);
        wrong.push(reply(answer, &fewer, &body));
        if answer.headers[&headers[at].0] == ANYTHING {
            continue;
        }
        let mut other = headers.clone();
        other[at].1.push_str("~x");
        wrong.push(reply(answer, &other, &body));
    }
    for reply in &wrong {
        assert!(
            !is_equal(recorded, reply),
            "{id} {reply:?} {}",
            String::from_utf8_lossy(&reply.body)
        );
    }
    wrong.len()
}

fn check_frame<Q>(id: &str, recorded: &Recorded<Q, FrameAnswer>) -> usize {
    let FrameAnswer { encoding, message } = &recorded.response;
    let sample = sample(message);
    assert!(
        is_equal(recorded, &Frame { encoding: *encoding, message: sample.clone() }),
        "{id} {sample}"
    );
    let wrong = changed(message, &sample);
    for message in &wrong {
        let frame = Frame { encoding: *encoding, message: message.clone() };
        assert!(!is_equal(recorded, &frame), "{id} {message}");
    }
    wrong.len()
}

#[test]
fn every_recorded_answer_equals_itself_and_nothing_changed() {
    let vectors = Vectors::embedded().unwrap();

    let tried: usize = vectors
        .exchanges()
        .map(|exchange| match &exchange.action {
            Action::Http(recorded) => check_http(&exchange.id, recorded),
            Action::Ws(recorded) => check_frame(&exchange.id, recorded),
            Action::WsPush(recorded) => check_frame(&exchange.id, recorded),
            _ => 0,
        })
        .sum();

    assert!(tried > 8000, "{tried}");
}
