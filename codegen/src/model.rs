//! The specification as values, after reading and before rendering.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

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

/// How HTTP carries an operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpBinding {
    pub method: String,
    pub path: String,
    #[serde(default)]
    pub head: Option<u16>,
    #[serde(default)]
    pub query: Vec<WireField>,
    #[serde(default)]
    pub query_rest: Option<String>,
    #[serde(default)]
    pub body: Vec<String>,
    #[serde(default)]
    pub body_requires: Vec<String>,
    #[serde(default)]
    pub allowed: IndexMap<String, Allowed>,
    #[serde(default)]
    pub payload: Option<String>,
    #[serde(default)]
    pub media_type: Option<String>,
    #[serde(default)]
    pub max_body: Option<MaxBody>,
    #[serde(default)]
    pub unbound: Vec<String>,
    #[serde(default)]
    pub when: Option<When>,
    #[serde(default)]
    pub owns_path: Option<Misfit<HttpText>>,
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    #[serde(default)]
    pub errors: IndexMap<String, ErrorOverride>,
    #[serde(default)]
    pub unavailable: Option<String>,
    pub outcomes: IndexMap<String, HttpOutcome>,
    #[serde(default)]
    pub home: Vec<Home>,
}

/// How the WebSocket carries an operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSocketBinding {
    pub action: String,
    #[serde(default)]
    pub body_optional: bool,
    #[serde(default)]
    pub max_body: Option<MaxBody>,
    #[serde(default)]
    pub unbound: Vec<String>,
    #[serde(default)]
    pub when: Option<When>,
    #[serde(default)]
    pub owns_action: Option<Misfit<WebSocketText>>,
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    #[serde(default)]
    pub errors: IndexMap<String, ErrorOverride>,
    #[serde(default)]
    pub unavailable: Option<String>,
    pub outcomes: IndexMap<String, WebSocketOutcome>,
}

/// A field by its own name, or by another one on the wire.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum WireField {
    /// The same name.
    Same(String),
    /// field → wire name, one entry.
    Renamed(IndexMap<String, String>),
}

impl WireField {
    /// The input field.
    pub fn field(&self) -> &str {
        match self {
            Self::Same(name) => name,
            Self::Renamed(map) => map.keys().next().map_or("", String::as_str),
        }
    }

    /// The name on the wire.
    pub fn wire(&self) -> &str {
        match self {
            Self::Same(name) => name,
            Self::Renamed(map) => map.values().next().map_or("", String::as_str),
        }
    }
}

/// The only strings a list may hold on this transport.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    pub values: Vec<String>,
    pub kind: String,
    pub text: String,
}

/// The largest body a route reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxBody {
    pub limit: String,
    pub kind: String,
    pub text: String,
}

/// Chooses between operations that share a method and path, or an action.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub has: String,
}

/// What the owner of a shared path answers when none or several fit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misfit<T> {
    pub none: T,
    pub several: T,
}

/// A kind and a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpText {
    pub kind: String,
    pub text: String,
}

/// A text in one of the two error shapes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSocketText {
    pub kind: String,
    pub exception: String,
}

/// Which refusal of the schema gives which text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    #[serde(default)]
    pub at: String,
    pub keyword: String,
    pub kind: String,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub exception: Option<String>,
}

/// Refusal rules per transport, used after an operation's own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultRefusals {
    pub http: Vec<Refusal>,
    pub websocket: Vec<Refusal>,
}

/// Changes how one error looks on one route or action.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorOverride {
    #[serde(default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub exception: Option<String>,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub empty: bool,
}

/// How HTTP presents an outcome.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpOutcome {
    pub status: u16,
    #[serde(default)]
    pub location: Option<String>,
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    #[serde(default)]
    pub media_type: Option<String>,
    #[serde(default)]
    pub body: Option<Vec<Member>>,
    #[serde(default)]
    pub payload: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub literal: Option<Value>,
    #[serde(default)]
    pub generated: Option<String>,
}

/// How the WebSocket presents an outcome.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSocketOutcome {
    pub status: u16,
    #[serde(default)]
    pub body: Option<Vec<Member>>,
    #[serde(default)]
    pub payload: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub literal: Option<Value>,
    #[serde(default)]
    pub generated: Option<String>,
}

/// What the body of a reply is made of.
#[derive(Clone, Debug)]
pub enum Content {
    /// No body.
    Empty,
    /// An object of these members.
    Members(Vec<Member>),
    /// The value of one field.
    Payload(String),
    /// A JSON string.
    Text(String),
    /// A fixed document.
    Literal(Value),
    /// A document that codegen makes: `home_document`.
    Generated(String),
}

macro_rules! content_of {
    ($outcome:ty) => {
        impl $outcome {
            /// What the body is made of; the first key given counts, `check` refuses several.
            pub fn content(&self) -> Content {
                if let Some(members) = &self.body {
                    Content::Members(members.clone())
                } else if let Some(field) = &self.payload {
                    Content::Payload(field.clone())
                } else if let Some(text) = &self.text {
                    Content::Text(text.clone())
                } else if let Some(document) = &self.literal {
                    Content::Literal(document.clone())
                } else if let Some(document) = &self.generated {
                    Content::Generated(document.clone())
                } else {
                    Content::Empty
                }
            }

            /// How many of the keys that make a body are given.
            pub fn content_keys(&self) -> usize {
                usize::from(self.body.is_some())
                    + usize::from(self.payload.is_some())
                    + usize::from(self.text.is_some())
                    + usize::from(self.literal.is_some())
                    + usize::from(self.generated.is_some())
            }
        }
    };
}

content_of!(HttpOutcome);
content_of!(WebSocketOutcome);

/// One member of a presented object.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Member {
    /// The field of that name.
    Field(String),
    /// One entry: name → how it is made.
    Made(IndexMap<String, Made>),
}

/// How a member is made that is not simply a field.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Made {
    /// A text with variables; a part in brackets is left out when its variable is absent.
    Template(String),
    /// An array with one text per element of a list field.
    Each { each: String, r#as: String },
    /// The value of another field.
    Value { value: String },
    /// The link to the next page.
    Next {
        next: String,
        query: Vec<String>,
        #[serde(default)]
        force: IndexMap<String, String>,
    },
    /// Always null.
    Null(()),
}

/// An entry of the home document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    pub rel: String,
    pub order: u32,
    pub template: String,
    #[serde(default)]
    pub allow: Vec<String>,
    #[serde(default)]
    pub vars: IndexMap<String, String>,
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
    pub http: Option<Value>,
    #[serde(default)]
    pub websocket: Option<Value>,
}
