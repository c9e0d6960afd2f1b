//! How transports present the outcomes of an operation, as written.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

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
#[serde(try_from = "Value")]
pub enum Member {
    /// The field of that name.
    Field(String),
    /// A member of this name, made in another way.
    Made(String, Made),
}

/// How a member is made that is not simply a field.
#[derive(Clone, Debug)]
pub enum Made {
    /// A text with variables; a part in brackets is left out when its variable is absent.
    Template(String),
    /// An array with one text per element of a list field.
    Each(Each),
    /// The value of another field.
    Value(OtherField),
    /// The link to the next page.
    Next(NextLink),
    /// Always null.
    Null,
}

/// One text per element of a list field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    pub each: String,
    pub r#as: String,
}

/// The value of a field under another name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherField {
    pub value: String,
}

/// The link to the next page of a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextLink {
    pub next: String,
    pub query: Vec<String>,
    #[serde(default)]
    pub force: IndexMap<String, String>,
}

impl TryFrom<Value> for Member {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let entries = match value {
            Value::String(name) => return Ok(Self::Field(name)),
            Value::Object(entries) => entries,
            _ => return Err("a member is a name or an object with one entry".to_owned()),
        };
        let mut entries = entries.into_iter();
        match (entries.next(), entries.next()) {
            (Some((name, how)), None) => {
                let made = Made::try_from(how).map_err(|message| format!("{name}: {message}"))?;
                Ok(Self::Made(name, made))
            }
            _ => Err("a member that is made has one entry".to_owned()),
        }
    }
}

impl TryFrom<Value> for Made {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let has = |key: &str| value.get(key).is_some();
        let made = match &value {
            Value::Null => Ok(Self::Null),
            Value::String(template) => Ok(Self::Template(template.clone())),
            _ if has("each") => serde_json::from_value(value).map(Self::Each),
            _ if has("value") => serde_json::from_value(value).map(Self::Value),
            _ if has("next") => serde_json::from_value(value).map(Self::Next),
            _ => return Err("needs a text, null, \"each\", \"value\" or \"next\"".to_owned()),
        };
        made.map_err(|error| error.to_string())
    }
}
