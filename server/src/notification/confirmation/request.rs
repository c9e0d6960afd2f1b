//! What a subscriber is sent to agree, or to learn that it no longer does.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use sukkal_storage::{EntryKind, Kind, QueueKey};

/// What stands as it is in the value of a parameter.
pub(super) const VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A signed request to confirm a subscription.
#[derive(Clone, Debug)]
pub struct ConfirmationRequest {
    /// Where HTTP of the service takes the answer, if that is configured.
    pub http_url: Option<String>,
    /// The same path at the WebSockets of the service, if they are configured.
    pub websocket_url: Option<String>,
    /// `Confirm` or `Unsubscribe`.
    pub kind: EntryKind,
    /// The queue or topic.
    pub queue: QueueKey,
    /// The signature.
    pub signature: String,
    /// The methods that were signed.
    pub methods: String,
    /// The path that was signed.
    pub path: String,
    /// When it ends, as it was signed.
    pub expires: String,
    /// The key that signed, if it is one of the ring.
    pub key_id: Option<String>,
    /// When it was signed, if such a key signed.
    pub issued: Option<String>,
}

/// The document, its members in the order that clients know.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "WSGISubscribeURL", skip_serializing_if = "Option::is_none")]
    http_url: Option<&'a str>,
    #[serde(rename = "WebSocketSubscribeURL", skip_serializing_if = "Option::is_none")]
    websocket_url: Option<&'a str>,
    #[serde(rename = "Message_Type")]
    message_type: &'a str,
    #[serde(rename = "Message")]
    message: &'a str,
    #[serde(rename = "URL-Signature")]
    signature: &'a str,
    #[serde(rename = "URL-Methods")]
    methods: &'a str,
    #[serde(rename = "URL-Paths")]
    paths: &'a str,
    #[serde(rename = "X-Project-ID")]
    project: &'a str,
    #[serde(rename = "URL-Expires")]
    expires: &'a str,
    #[serde(rename = "SubscribeBody")]
    subscribe_body: Answer,
    #[serde(rename = "UnsubscribeBody")]
    unsubscribe_body: Answer,
    queue_name: &'a str,
    #[serde(rename = "URL-Key-Id", skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a str>,
    #[serde(rename = "URL-Issued", skip_serializing_if = "Option::is_none")]
    issued: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer {
    confirmed: bool,
}

impl ConfirmationRequest {
    /// The request as a webhook gets it: JSON text.
    pub fn json(&self) -> Bytes {
        let document = Document {
            http_url: self.http_url.as_deref(),
            websocket_url: self.websocket_url.as_deref(),
            message_type: match self.kind {
                EntryKind::Unsubscribe => "UnsubscribeConfirmation",
                _ => "SubscriptionConfirmation",
            },
            message: &self.message(),
            signature: &self.signature,
            methods: &self.methods,
            paths: &self.path,
            project: &self.queue.project,
            expires: &self.expires,
            subscribe_body: Answer { confirmed: true },
            unsubscribe_body: Answer { confirmed: false },
            queue_name: &self.queue.name,
            key_id: self.key_id.as_deref(),
            issued: self.issued.as_deref(),
        };
        serde_json::to_vec(&document).expect("a document of texts is JSON").into()
    }

    fn message(&self) -> String {
        let log = match self.queue.kind {
            Kind::Queue => "queue",
            Kind::Topic => "topic",
        };
        let name = &self.queue.name;
        match self.kind {
            EntryKind::Unsubscribe => format!(
                "You have unsubscribed successfully to the {log}: {name}, you can resubscribe it by using confirmed=True."
            ),
            _ => format!("You have chosen to subscribe to the {log}: {name}"),
        }
    }

    /// The URL of a page with everything it needs to answer as its parameters.
    pub fn page_url(&self, page: &str) -> String {
        let mut parameters = vec![
            ("Signature", self.signature.as_str()),
            ("Methods", &self.methods),
            ("Paths", &self.path),
            ("Project", &self.queue.project),
            ("Expires", &self.expires),
            ("Url", self.http_url.as_deref().unwrap_or_default()),
            ("Queue", &self.queue.name),
        ];
        if let (Some(key_id), Some(issued)) = (&self.key_id, &self.issued) {
            parameters.extend([("Key-Id", key_id.as_str()), ("Issued", issued)]);
        }
        let mut url = page.to_owned();
        for (at, (name, value)) in parameters.into_iter().enumerate() {
            let begins = at == 0 && !page.contains('?');
            url.push(if begins { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, VALUE));
        }
        url
    }
}
