//! How transports carry an operation, as written.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::outcome::{HttpOutcome, WebSocketOutcome};

/// How HTTP carries an operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpBinding {
    #[serde(default, rename = "x-extension")]
    pub extension: bool,
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
    pub closed: bool,
    #[serde(default)]
    pub takes_forms: bool,
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

impl HttpBinding {
    /// The names of the variables of the path, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// How the WebSocket carries an operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSocketBinding {
    #[serde(default, rename = "x-extension")]
    pub extension: bool,
    pub action: String,
    #[serde(default)]
    pub anonymous: bool,
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
#[serde(try_from = "Value")]
pub struct WireField {
    field: String,
    wire: String,
}

impl WireField {
    /// The input field.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The name on the wire.
    pub fn wire(&self) -> &str {
        &self.wire
    }
}

impl TryFrom<Value> for WireField {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let renamed = match value {
            Value::String(name) => return Ok(Self { field: name.clone(), wire: name }),
            Value::Object(renamed) => renamed,
            _ => {
                return Err(
                    "a field is a name, or one entry: its name and that on the wire".to_owned()
                );
            }
        };
        let mut entries = renamed.into_iter();
        match (entries.next(), entries.next()) {
            (Some((field, Value::String(wire))), None) => Ok(Self { field, wire }),
            _ => Err("a renamed field has one entry: its name and that on the wire".to_owned()),
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

/// An entry of the home document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    pub rel: String,
    pub order: u32,
    #[serde(default)]
    pub template: Option<String>,
    #[serde(default)]
    pub href: Option<String>,
    #[serde(default)]
    pub available_with: Vec<String>,
    #[serde(default)]
    pub allow: Vec<String>,
    #[serde(default)]
    pub vars: IndexMap<String, String>,
}
