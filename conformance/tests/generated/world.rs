//! A project with something in it, and everything that can be read of it.

use serde_json::{Map, Value, json};
use sukkal_conformance::service::{Reply, Service};
use sukkal_spec::{OPERATIONS, OperationInfo};

use crate::is_served;
use crate::specification::given::{filled_in, set_up};

/// A project in which an example can run.
pub(crate) struct World {
    pub(crate) service: Service,
    /// What the placeholders of the example stand for.
    pub(crate) values: Vec<(String, String)>,
}

impl World {
    /// A new project with what an example presumes.
    pub(crate) async fn new(service: Service, given: &Value) -> Self {
        let values = set_up(&service.over_http(), given).await;
        Self { service, values }
    }

    /// An input of the example, with the ids of this project.
    pub(crate) fn filled(&self, input: &Value) -> Value {
        filled_in(input, &self.values)
    }

    /// The answers of every operation that reads and whose fields are known.
    pub(crate) async fn read(&self, input: &Value) -> Vec<(&'static str, u64, Value)> {
        let known = self.filled(input);
        let service = self.service.over_http();
        let mut answers = Vec::new();
        for info in readers() {
            let Some(input) = reading(info, &known) else { continue };
            let reply = service.call_info(info, input).await;
            answers.push((info.name, reply.status(), plain(reply.body())));
        }
        answers
    }
}

/// The operations that change nothing.
fn readers() -> impl Iterator<Item = &'static OperationInfo> {
    OPERATIONS.iter().copied().filter(|info| {
        let reads = info.http.is_some_and(|binding| binding.method == "GET");
        // What the service says of itself is about no project, and health tells how long things took.
        reads && info.needs_project && info.resource != "node" && is_served(info)
    })
}

/// An input that shows as much as an operation can: every flag is set.
fn reading(info: &OperationInfo, known: &Value) -> Option<Value> {
    let schema: Value = serde_json::from_str(info.schema).expect("the schema is JSON");
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut input = Map::new();
    for name in required.iter().filter_map(Value::as_str) {
        input.insert(name.to_owned(), known.get(name)?.clone());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if field["type"] == "boolean" {
            input.insert(name.clone(), json!(true));
        }
    }
    Some(Value::Object(input))
}

/// An answer without what differs between two projects that hold the same: ids, what is made of them, and how long
/// something took, which no other number with a fraction is; and without attempts to tell subscribers, which workers make
/// when they please.
pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_ids(text)),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "attempts")
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        Value::Number(number) if number.is_f64() => Value::Null,
        other => other.clone(),
    }
}

/// What an answer says, without ids.
pub(crate) fn told(reply: &Reply) -> (u64, Value, Option<String>) {
    let location = reply.header("location").map(|text| without_ids(&text));
    (reply.status(), plain(reply.body()), location)
}

/// Words of at least 16 hexadecimal digits and dashes are ids.
fn without_ids(text: &str) -> String {
    let mut plain = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, plain: &mut String| {
        let digits = word.chars().filter(char::is_ascii_hexdigit).count();
        plain.push_str(if digits >= 16 { "ID" } else { word });
        word.clear();
    };
    for letter in text.chars() {
        if letter.is_ascii_hexdigit() || letter == '-' {
            word.push(letter);
        } else {
            flush(&mut word, &mut plain);
            plain.push(letter);
        }
    }
    flush(&mut word, &mut plain);
    plain
}
