//! JSON Schemas of what is sent and of what is shown, per transport.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::emit::is_structure;
use crate::model::{Content, Made, Member, Operation, Spec};
use crate::schema::{Form, Schema};

/// Makes the schemas of one document and remembers which shared types they name.
pub(super) struct Bodies<'a> {
    spec: &'a Spec,
    side: &'static str,
    prefix: &'static str,
    inputs: BTreeSet<&'a str>,
    waiting: BTreeMap<String, (&'a str, bool)>,
}

impl<'a> Bodies<'a> {
    /// Begins a document of one transport, whose shared types stand under this prefix.
    pub(super) fn new(spec: &'a Spec, side: &'static str, prefix: &'static str) -> Self {
        let mut inputs = BTreeSet::new();
        for operation in &spec.operations {
            operation.fields().values().for_each(|field| named(spec, field, &mut inputs));
        }
        Self { spec, side, prefix, inputs, waiting: BTreeMap::new() }
    }

    /// A reference to a schema of this document.
    pub(super) fn pointer(&self, name: &str) -> Value {
        json!({ "$ref": format!("{}{name}", self.prefix) })
    }

    /// A schema as written, pointing to the shared types of this document.
    pub(super) fn sent(&mut self, written: &Value) -> Value {
        self.pointed(written, false)
    }

    /// An object of some fields of the input; those in `required`, or required anyway, must be there.
    pub(super) fn sent_object<'f>(
        &mut self,
        operation: &Operation,
        fields: impl Iterator<Item = &'f str>,
        required: &[String],
    ) -> Value {
        let mut properties = Map::new();
        let mut must = Vec::new();
        for name in fields {
            let written = self.sent(&operation.written.input["properties"][name]);
            properties.insert(name.to_owned(), written);
            if operation.input.requires(name) || required.iter().any(|each| each == name) {
                must.push(name);
            }
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if !must.is_empty() {
            schema["required"] = json!(must);
        }
        schema
    }

    /// What a binding makes of an outcome; `None` where there is no body.
    pub(super) fn shown(
        &mut self,
        operation: &'a Operation,
        outcome: &str,
        content: &Content,
    ) -> Option<Value> {
        let spec = self.spec;
        let owner = &operation.outcomes[outcome];
        let written = match &operation.written.outcomes[outcome] {
            reference if reference.get("$ref").is_some() => {
                let target = reference["$ref"].as_str().and_then(|text| text.rsplit("#/").next());
                &spec.types.get(target?)?.written
            }
            plain => plain,
        };
        Some(match content {
            Content::Empty => return None,
            Content::Members(members) => self.shown_object(owner, written, members),
            Content::Payload(name) => self.pointed(&written["properties"][name], true),
            Content::Text(_) => json!({ "type": "string" }),
            Content::Literal(document) => json!({ "type": "object", "const": document }),
            Content::Generated(_) => json!({ "type": "object" }),
        })
    }

    fn shown_object(&mut self, owner: &Schema, written: &Value, members: &[Member]) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for member in members {
            let (name, source, schema) = match member {
                Member::Field(name) => (name, Some(name), self.property(written, name)),
                Member::Made(name, Made::Value(other)) => {
                    (name, Some(&other.value), self.property(written, &other.value))
                }
                Member::Made(name, Made::Null) => (name, None, json!({ "type": "null" })),
                Member::Made(name, Made::Template(text)) if !text.contains('{') => {
                    (name, None, json!({ "type": "string", "const": text }))
                }
                Member::Made(name, Made::Template(_)) => (name, None, json!({ "type": "string" })),
                Member::Made(name, Made::Each(_)) => {
                    (name, None, json!({ "type": "array", "items": { "type": "string" } }))
                }
                Member::Made(name, Made::Next(_)) => (name, None, links()),
            };
            let field =
                source.and_then(|source| owner.properties().get(source).map(|s| (source, s)));
            if field.is_none_or(|(source, schema)| owner.requires(source) || schema.nullable) {
                required.push(name.clone());
            }
            properties.insert(name.clone(), schema);
        }
        json!({ "type": "object", "required": required, "properties": properties })
    }

    fn property(&mut self, written: &Value, name: &str) -> Value {
        self.pointed(&written["properties"][name], true)
    }

    /// The shared types that were named, and those that they name.
    pub(super) fn types(mut self) -> Map<String, Value> {
        let mut done: BTreeMap<String, Value> = BTreeMap::new();
        while let Some((label, (name, shown))) = self.waiting.pop_first() {
            if done.contains_key(&label) {
                continue;
            }
            let def = &self.spec.types[name];
            let schema = match def.views.get(self.side) {
                Some(view) if shown => {
                    let mut made = self.shown_object(&def.schema, &def.written, view);
                    if let Some(description) = &def.schema.description {
                        made["description"] = json!(description);
                    }
                    made
                }
                _ => self.pointed(&def.written, shown),
            };
            done.insert(label, schema);
        }
        done.into_iter().collect()
    }

    /// Rewrites references to point into this document.
    fn pointed(&mut self, value: &Value, shown: bool) -> Value {
        match value {
            Value::Object(members) => {
                let rewritten = members.iter().map(|(key, each)| {
                    let each = match each {
                        Value::String(target) if key == "$ref" => self.reference(target, shown),
                        each => self.pointed(each, shown),
                    };
                    (key.clone(), each)
                });
                Value::Object(rewritten.collect())
            }
            Value::Array(elements) => {
                elements.iter().map(|each| self.pointed(each, shown)).collect()
            }
            other => other.clone(),
        }
    }

    fn reference(&mut self, target: &str, shown: bool) -> Value {
        let name = target.rsplit("#/").next().unwrap_or_default();
        let Some((name, def)) = self.spec.types.get_key_value(name) else { return json!(target) };
        // A structure that is both sent and shown may look different.
        let both = shown && is_structure(&def.schema) && self.inputs.contains(name.as_str());
        let label = if both { format!("{name}Shown") } else { name.clone() };
        let reference = json!(format!("{}{label}", self.prefix));
        self.waiting.insert(label, (name, shown));
        reference
    }
}

fn named<'a>(spec: &'a Spec, schema: &'a Schema, found: &mut BTreeSet<&'a str>) {
    match &schema.form {
        Form::Array { items, .. } => named(spec, items, found),
        Form::Object { properties, .. } => {
            properties.values().for_each(|each| named(spec, each, found));
        }
        Form::Ref(name) if found.insert(name) => {
            if let Some(def) = spec.types.get(name) {
                named(spec, &def.schema, found);
            }
        }
        _ => {}
    }
}

fn links() -> Value {
    json!({
        "type": "array",
        "maxItems": 1,
        "description": "Where the next page begins; empty when this page is empty.",
        "items": {
            "type": "object",
            "required": ["rel", "href"],
            "properties": {
                "rel": { "type": "string", "const": "next" },
                "href": { "type": "string" }
            }
        }
    })
}
