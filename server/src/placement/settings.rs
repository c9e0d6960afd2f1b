//! What the reserved attributes of a queue ask for, read once per record.

use serde_json::{Map, Value};

use crate::json;
use crate::notification::RetryPolicy;

/// The attributes that change how messages are posted and claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueSettings {
    /// Lifetime of messages that name none, in seconds.
    pub default_ttl: Option<i64>,
    /// Delay of messages that name none, in seconds; without it nothing is delayed.
    pub default_delay: Option<i64>,
    /// The largest document that posts messages, in bytes.
    pub max_post_size: Option<i64>,
    /// Where messages go that were claimed too often.
    pub dead_letter: Option<DeadLetterRule>,
    /// Whether messages are encrypted in the store.
    pub encrypts: bool,
    /// When telling subscribers is tried again.
    pub retry_policy: Option<RetryPolicy>,
}

/// When and where messages are moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterRule {
    /// How often a message is handed out.
    pub max_claim_count: i64,
    /// The name of the queue it goes to.
    pub queue_name: String,
    /// Its new lifetime there, in seconds.
    pub ttl: Option<i64>,
}

impl QueueSettings {
    /// The flavor of pools that the metadata asks for. What is no text is the name of no flavor.
    pub fn flavor(text: &[u8]) -> Option<String> {
        let metadata: Map<String, Value> = json::read(text).unwrap_or_default();
        match metadata.get("_flavor")? {
            Value::Null => None,
            Value::String(name) => Some(name.clone()).filter(|name| !name.is_empty()),
            other => Some(other.to_string()),
        }
    }

    /// Reads the attributes; what is missing, null, zero or of the wrong type counts as not set.
    pub fn from_metadata(text: &[u8]) -> Self {
        let metadata: Map<String, Value> = json::read(text).unwrap_or_default();
        let number = |name: &str| metadata.get(name).and_then(Value::as_i64);
        let positive = |name: &str| number(name).filter(|value| *value > 0);
        let target = metadata.get("_dead_letter_queue").and_then(Value::as_str);
        let dead_letter = target.filter(|name| is_queue_name(name)).and_then(|name| {
            Some(DeadLetterRule {
                max_claim_count: number("_max_claim_count")?,
                queue_name: name.to_owned(),
                ttl: positive("_dead_letter_queue_messages_ttl"),
            })
        });
        Self {
            default_ttl: positive("_default_message_ttl"),
            default_delay: positive("_default_message_delay"),
            max_post_size: positive("_max_messages_post_size"),
            dead_letter,
            retry_policy: RetryPolicy::among(&metadata),
            encrypts: metadata.get("_enable_encrypt_messages") == Some(&Value::Bool(true)),
        }
    }
}

/// Whether a text can be the name of a queue: 1 to 64 ASCII letters, digits, `_`, `-` and `.`.
pub fn is_queue_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
