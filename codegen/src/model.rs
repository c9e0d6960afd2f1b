//! The specification as values, after reading and before rendering.

mod access;
mod binding;
mod outcome;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use access::{Access, Who};
pub(crate) use binding::{
    DefaultRefusals, ErrorOverride, HttpBinding, MaxBody, Refusal, WebSocketBinding,
};
pub(crate) use outcome::{Content, Each, HttpOutcome, Made, Member, NextLink};

use crate::likeness::Words;
use crate::schema::Schema;

/// Everything that was read.
#[derive(Debug)]
pub struct Spec {
    /// The operations, sorted by resource and name.
    pub operations: Vec<Operation>,
    /// The shared types, by name.
    pub types: BTreeMap<String, TypeDef>,
    /// The kinds of errors, in file order.
    pub kinds: IndexMap<String, Kind>,
    /// The errors, in file order.
    pub errors: IndexMap<String, ErrorDef>,
    /// The limits, in file order.
    pub limits: IndexMap<String, Limit>,
    /// Refusal rules that hold where an operation has none of its own.
    pub refusals: DefaultRefusals,
    /// What documents say about the service as a whole.
    pub service: Service,
    /// What the service sends by itself, in file order.
    pub pushes: IndexMap<String, Push>,
    /// Who may call what, and what exists only by configuration.
    pub access: Access,
}

/// What documents say about the service as a whole.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub title: String,
    pub version: String,
    pub description: String,
    /// One description per resource, in the order of documents.
    pub resources: IndexMap<String, String>,
    /// By resource: which word stands for which in operations that are written after another.
    #[serde(default)]
    pub words: BTreeMap<String, Words>,
}

/// What the service sends by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub to: Vec<Receiver>,
    pub summary: String,
    pub description: String,
    /// The schema as written.
    pub schema: Value,
    pub examples: Vec<Value>,
}

/// Who receives what the service sends by itself.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Receiver {
    /// A connection of a client.
    Websocket,
    /// The URL of a subscriber.
    Subscriber,
}

/// A shared type and how bindings show it.
#[derive(Debug)]
pub struct TypeDef {
    /// The file it stands in.
    pub file: String,
    /// Its schema.
    pub schema: Schema,
    /// The schema as written, for documents.
    pub written: Value,
    /// Views by transport.
    pub views: BTreeMap<String, Vec<Member>>,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// The file it stands in, relative to the folder of the specification.
    pub file: String,
    /// As written.
    pub written: WrittenOperation,
    /// The input schema; always an object.
    pub input: Schema,
    /// The outcomes, in file order.
    pub outcomes: IndexMap<String, Schema>,
}

impl Operation {
    /// The name, `noun_verb`.
    pub fn name(&self) -> &str {
        &self.written.operation
    }

    /// The properties of the input, in file order.
    pub fn fields(&self) -> &IndexMap<String, Schema> {
        self.input.properties()
    }
}

/// An operation file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenOperation {
    pub operation: String,
    pub resource: String,
    pub summary: String,
    pub description: String,
    #[serde(default)]
    pub policy: Option<String>,
    #[serde(default)]
    pub available_with: Vec<String>,
    #[serde(default)]
    pub requires: Vec<String>,
    #[serde(default)]
    pub pipelined: bool,
    #[serde(default, rename = "x-extension")]
    pub extension: bool,
    #[serde(default)]
    pub context: Context,
    pub input: Value,
    pub outcomes: IndexMap<String, Value>,
    #[serde(default)]
    pub errors: Vec<String>,
    #[serde(default)]
    pub http: Option<HttpBinding>,
    #[serde(default)]
    pub websocket: Option<WebSocketBinding>,
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// What a call must say about its caller.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Context {
    #[serde(default)]
    pub project: Need,
    #[serde(default)]
    pub client_id: Need,
    #[serde(default)]
    pub token: Need,
}

/// How much of one fact about the caller is asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Nothing.
    #[default]
    Absent,
    /// It must be there; HTTP also checks its form.
    Required,
    /// It must be there and well-formed on every transport.
    Checked,
}

/// A kind of error: its status and title per transport.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub http: u16,
    pub websocket: u16,
    pub title: String,
}

/// One error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorDef {
    pub kind: String,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub fields: IndexMap<String, FieldKind>,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub group: Option<String>,
    #[serde(default)]
    pub carries: Option<String>,
    #[serde(default)]
    pub link: Option<Value>,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default, rename = "x-extension")]
    pub extension: bool,
    pub about: String,
}

/// The type of an error field.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    String,
    Integer,
}

/// One bound.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    pub unit: String,
    pub about: String,
    #[serde(default)]
    pub minimum: i64,
    #[serde(default)]
    pub maximum: Option<Configured>,
    #[serde(default)]
    pub default: Option<Configured>,
}

/// A number that configuration may change, or a fixed one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configured {
    #[serde(default)]
    pub config: Option<String>,
    pub value: i64,
    #[serde(default)]
    pub least: i64,
    #[serde(default)]
    pub about: Option<String>,
}

/// One example: input, outcome and its exact wire form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub name: String,
    #[serde(default)]
    pub given: Value,
    pub input: Value,
    pub outcome: String,
    #[serde(default)]
    pub http: Option<HttpExample>,
    #[serde(default)]
    pub websocket: Option<WebSocketExample>,
}

/// The wire form of an example over HTTP.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpExample {
    /// Method, path and query.
    pub request: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    pub status: u16,
}

/// The wire form of an example over the WebSocket.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebSocketExample {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    pub status: u16,
}

#[cfg(test)]
mod tests;
