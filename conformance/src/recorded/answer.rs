//! Comparing whole answers and choosing between the recorded one and its alternatives.

use serde::Serialize;
use serde_json::{Value, json};

use super::compare::{Comparison, Difference};
use super::exchange::{FrameAnswer, HookAnswer, HttpAnswer, Recorded};
use super::hook::Delivery;
use super::template::Bindings;
use crate::client::{Frame, HttpReply};

/// An answer equal to the recorded one or to an alternative.
#[derive(Debug)]
pub(super) struct Equal {
    pub(super) comparison: Comparison,
    /// Which alternative it is, counted from 0; `None` for the recorded answer itself.
    pub(super) alternative: Option<usize>,
}

/// Something recorded that can be compared with what came.
pub(super) trait Answer: Serialize {
    type Got;

    fn compare(&self, got: &Self::Got, comparison: &mut Comparison) -> Result<(), Box<Difference>>;
}

/// Compares with the recorded answer, then with each alternative, preferring one whose texts are equal too.
///
/// Fails with the difference from the recorded answer.
pub(super) fn choose<Q, A: Answer>(
    recorded: &Recorded<Q, A>,
    got: &A::Got,
    bindings: &Bindings,
) -> Result<Equal, Box<Difference>> {
    let compare = |answer: &A| {
        let mut comparison = Comparison::new(bindings);
        answer.compare(got, &mut comparison).map(|()| comparison)
    };
    let first =
        compare(&recorded.response).map(|comparison| Equal { comparison, alternative: None });
    let others = recorded.alternatives.iter().enumerate().filter_map(|(at, answer)| {
        compare(answer).ok().map(|comparison| Equal { comparison, alternative: Some(at) })
    });
    let mut best = first;
    for other in others {
        let is_better = match &best {
            Err(_) => true,
            Ok(best) => {
                other.comparison.texts.different.len() < best.comparison.texts.different.len()
            }
        };
        if is_better {
            best = Ok(other);
        }
    }
    best
}

impl Answer for HttpAnswer {
    type Got = HttpReply;

    fn compare(&self, got: &HttpReply, comparison: &mut Comparison) -> Result<(), Box<Difference>> {
        if self.status != got.status {
            return Err(Difference::at("status", &json!(self.status), &json!(got.status)));
        }
        for (name, expected) in &self.headers {
            compare_header(name, expected, got, comparison)?;
        }
        let body = body_of(&got.body);
        if self.status >= 400 {
            comparison.error_body("body", &self.body, &body)
        } else {
            comparison.value("body", &self.body, &body)
        }
    }
}

impl Answer for FrameAnswer {
    type Got = Frame;

    fn compare(&self, got: &Frame, comparison: &mut Comparison) -> Result<(), Box<Difference>> {
        if self.encoding != got.encoding {
            return Err(Difference::at("encoding", &json!(self.encoding), &json!(got.encoding)));
        }
        let status = self.message.pointer("/headers/status").and_then(Value::as_u64).unwrap_or(0);
        let (Some(expected_body), Some(got_body)) =
            (self.message.get("body"), got.message.get("body"))
        else {
            return comparison.value("message", &self.message, &got.message);
        };
        if status < 400 {
            return comparison.value("message", &self.message, &got.message);
        }
        let (mut expected, mut rest) = (self.message.clone(), got.message.clone());
        expected["body"] = Value::Null;
        rest["body"] = Value::Null;
        comparison.value("message", &expected, &rest)?;
        match expected_body {
            Value::String(_) => comparison.text("message/body", expected_body, got_body),
            _ => comparison.error_body("message/body", expected_body, got_body),
        }
    }
}

impl Answer for HookAnswer {
    type Got = Delivery;

    fn compare(&self, got: &Delivery, comparison: &mut Comparison) -> Result<(), Box<Difference>> {
        let content_type = media_type(&got.content_type);
        if media_type(&self.content_type) != content_type {
            return Err(Difference::at(
                "content-type",
                &json!(self.content_type),
                &json!(content_type),
            ));
        }
        comparison.value("body", &self.body, &body_of(&got.body))
    }
}

/// What a body is to the comparison: `null` if empty, else JSON, else text.
pub(super) fn body_of(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn compare_header(
    name: &str,
    expected: &str,
    got: &HttpReply,
    comparison: &mut Comparison,
) -> Result<(), Box<Difference>> {
    let place = format!("headers/{name}");
    let expected_value = json!(expected);
    let Some(value) = got.header(name) else {
        return Err(Difference::at(&format!("{place} (missing)"), &expected_value, &Value::Null));
    };
    match name {
        "content-type" => {
            comparison.value(&place, &json!(media_type(expected)), &json!(media_type(&value)))
        }
        "allow" => comparison.value(&place, &json!(sorted(expected)), &json!(sorted(&value))),
        "location" => comparison.link(&place, &expected_value, &json!(value)),
        _ => comparison.value(&place, &expected_value, &json!(value)),
    }
}

/// The type without its parameters.
fn media_type(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn sorted(list: &str) -> Vec<&str> {
    let mut items: Vec<&str> = list.split(',').map(str::trim).collect();
    items.sort_unstable();
    items
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
