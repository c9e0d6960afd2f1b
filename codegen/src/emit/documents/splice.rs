//! JSON Schemas in an OpenAPI document, as they are.
//!
//! The schema type of the OpenAPI model drops keywords that it does not know. So the model is built
//! with a reference in the place of each schema, and the reference is replaced in its JSON.

use serde_json::{Map, Value};
use utoipa::openapi::{Ref, RefOr, Schema};

const SCHEME: &str = "splice:";

/// The schemas that wait for their places.
#[derive(Default)]
pub(super) struct Splices(Vec<Value>);

impl Splices {
    /// Keeps a schema; what it returns stands in its place.
    pub(super) fn hold(&mut self, schema: Value) -> RefOr<Schema> {
        self.0.push(schema);
        RefOr::Ref(Ref::new(format!("{SCHEME}{}", self.0.len() - 1)))
    }

    /// Puts every schema into its place, and extensions, which come in any order, last and sorted.
    pub(super) fn put(&self, value: Value) -> Value {
        match value {
            Value::Array(elements) => elements.into_iter().map(|each| self.put(each)).collect(),
            Value::Object(members) => match self.held(&members) {
                Some(schema) => schema.clone(),
                None => {
                    let (mut extensions, plain): (Vec<_>, Vec<_>) =
                        members.into_iter().partition(|(key, _)| key.starts_with("x-"));
                    extensions.sort_by(|a, b| a.0.cmp(&b.0));
                    let all = plain.into_iter().chain(extensions);
                    Value::Object(all.map(|(key, each)| (key, self.put(each))).collect())
                }
            },
            other => other,
        }
    }

    fn held(&self, members: &Map<String, Value>) -> Option<&Value> {
        let number = members.get("$ref")?.as_str()?.strip_prefix(SCHEME)?;
        self.0.get(number.parse::<usize>().ok()?)
    }
}
