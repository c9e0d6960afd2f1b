//! The options of a subscription that say how a webhook is made.

use serde_json::{Map, Value};

use super::keys::SharedSecret;

/// How many secrets one subscription may have, so that one can follow the other.
const SECRETS: usize = 4;

/// What a subscription says of its webhook. Anything of the wrong type counts as absent: it was refused when it came in.
#[derive(Debug, Default)]
pub struct WebhookOptions {
    /// The text that is sent in place of the message, which goes where the text says.
    pub post_data: Option<String>,
    /// Headers by name, in order.
    pub post_headers: Vec<(String, String)>,
    /// The trust whose token is sent.
    pub trust_id: Option<String>,
    /// Whether the keys of the service sign; the configuration decides if nothing is said.
    pub signing: Option<bool>,
    /// The secrets that sign, shared with the subscriber.
    pub secrets: Vec<SharedSecret>,
}

impl WebhookOptions {
    /// Reads the text of the options.
    pub fn read(options: &[u8]) -> Self {
        if options == b"{}" {
            return Self::default();
        }
        let mut options: Map<String, Value> = crate::json::read(options).unwrap_or_default();
        let mut text = |name: &str| match options.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        // An empty template counts as none.
        let post_data = text("post_data").filter(|text| !text.is_empty());
        let trust_id = text("trust_id");
        let headers = match options.remove("post_headers") {
            Some(Value::Object(headers)) => headers,
            _ => Map::new(),
        };
        let post_headers = headers.into_iter().filter_map(|(name, value)| match value {
            Value::String(value) => Some((name, value)),
            _ => None,
        });
        Self {
            post_data,
            trust_id,
            post_headers: post_headers.collect(),
            signing: options.get("signing").and_then(Value::as_bool),
            secrets: options.get("signing_secret").and_then(secrets).unwrap_or_default(),
        }
    }
}

/// Reads the secrets of a subscription: one, or a list. `None` if it is neither, or if one of them is no secret.
pub fn secrets(given: &Value) -> Option<Vec<SharedSecret>> {
    match given {
        Value::String(secret) => Some(vec![SharedSecret::read(secret).ok()?]),
        Value::Array(several) if (1..=SECRETS).contains(&several.len()) => {
            several.iter().map(|each| SharedSecret::read(each.as_str()?).ok()).collect()
        }
        _ => None,
    }
}
