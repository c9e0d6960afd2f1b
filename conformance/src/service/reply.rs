//! An answer, read the same way whatever carried it.

use std::collections::BTreeSet;

use serde_json::Value;
use sukkal_spec::{ERROR_NAMES, OperationInfo};

use super::Transport;
use super::error::{says, telling};
use crate::client::{Encoding, Frame, HttpReply};

/// The answer to one call.
#[derive(Clone, Debug)]
pub struct Reply {
    info: &'static OperationInfo,
    transport: Transport,
    status: u64,
    body: Value,
    http: Option<HttpReply>,
    request: Option<Value>,
}

impl Reply {
    pub(super) fn from_http(info: &'static OperationInfo, reply: HttpReply) -> Self {
        let body = if reply.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&reply.body)
                .unwrap_or_else(|_| String::from_utf8_lossy(&reply.body).into())
        };
        let status = reply.status.into();
        Self { info, transport: Transport::Http, status, body, http: Some(reply), request: None }
    }

    pub(super) fn from_frame(
        info: &'static OperationInfo,
        transport: Transport,
        frame: Frame,
    ) -> Self {
        let wanted =
            if transport == Transport::MessagePack { Encoding::Msgpack } else { Encoding::Json };
        assert_eq!(frame.encoding, wanted, "the answer comes in the encoding of the call");
        let status = frame.message["headers"]["status"].as_u64().unwrap_or_default();
        let body = frame.message["body"].clone();
        let request = frame.message.get("request").cloned();
        Self { info, transport, status, body, http: None, request }
    }

    /// The transport that carried it.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Asserts the status that the transport promises for an outcome.
    #[track_caller]
    pub fn expect_outcome(self, name: &str) -> Self {
        let outcome = self.info.outcomes.iter().find(|outcome| outcome.name == name);
        let Some(outcome) = outcome else { panic!("{} has no outcome \"{name}\"", self.info.name) };
        let promised =
            if self.transport == Transport::Http { outcome.http } else { outcome.websocket };
        assert_eq!(
            Some(self.status),
            promised.map(u64::from),
            "{name} expected, not {}",
            self.body
        );
        self
    }

    /// Asserts status, title and text that the transport promises for an error.
    #[track_caller]
    pub fn expect_error(self, name: &str) -> Self {
        let telling = telling(self.info, self.transport, name);
        let texts = self.texts();
        assert!(
            telling.statuses.iter().any(|status| u64::from(*status) == self.status),
            "{name} expected, not {}: {}",
            self.status,
            self.body
        );
        if telling.empty {
            assert_eq!(self.body, Value::Null, "{name} has no body");
            return self;
        }
        if self.transport == Transport::Http {
            let title = self.body["title"].as_str().unwrap_or_default();
            assert!(telling.titles.contains(&title), "{name} expected, not {}", self.body);
        } else {
            assert!(!texts.is_empty(), "{name} says something, not {}", self.body);
        }
        let right = |template: &&str| texts.iter().any(|text| says(template, text));
        assert!(
            telling.texts.is_empty() || telling.texts.iter().any(right),
            "{name} expected, not {}",
            self.body
        );
        self
    }

    /// Asserts that an error text contains this.
    #[track_caller]
    pub fn saying(self, text: &str) -> Self {
        assert!(self.texts().iter().any(|found| found.contains(text)), "{text}: {}", self.body);
        self
    }

    /// Asserts that the document could not be read at all.
    #[track_caller]
    pub fn expect_unreadable(self) -> Self {
        let http = self.transport == Transport::Http;
        self.expect_error(if http { "input_invalid" } else { "frame_unreadable" })
    }

    fn texts(&self) -> Vec<&str> {
        let members = ["description", "exception", "error"];
        members.iter().filter_map(|name| self.body[name].as_str()).collect()
    }

    /// The names of the outcomes, or else of the errors, that the answer can stand for. An error whose text is known
    /// counts before those that may say anything.
    pub fn endings(&self) -> BTreeSet<&'static str> {
        let promised = self.info.outcomes.iter().filter(|outcome| {
            let status =
                if self.transport == Transport::Http { outcome.http } else { outcome.websocket };
            status.map(u64::from) == Some(self.status)
        });
        let outcomes: BTreeSet<_> = promised.map(|outcome| outcome.name).collect();
        if !outcomes.is_empty() {
            return outcomes;
        }
        let texts = self.texts();
        let [mut known, mut vague] = [BTreeSet::new(), BTreeSet::new()];
        for name in ERROR_NAMES {
            let telling = telling(self.info, self.transport, name);
            if !telling.statuses.iter().any(|status| u64::from(*status) == self.status) {
                continue;
            }
            if telling.texts.is_empty() {
                vague.insert(*name);
            } else if telling.texts.iter().any(|right| texts.iter().any(|text| says(right, text))) {
                known.insert(*name);
            }
        }
        if known.is_empty() { vague } else { known }
    }

    /// The status as it came.
    pub fn status(&self) -> u64 {
        self.status
    }

    /// The body as it came.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The request as the answer repeats it; WebSocket only.
    pub fn request(&self) -> Option<&Value> {
        self.request.as_ref()
    }

    /// A header in lower case; HTTP only.
    pub fn header(&self, name: &str) -> Option<String> {
        self.http.as_ref()?.header(name)
    }

    /// The messages: of a list, or the only one.
    pub fn messages(&self) -> Vec<Value> {
        match &self.body["messages"] {
            Value::Array(messages) => messages.clone(),
            Value::Null if self.body["id"].is_string() => vec![self.body.clone()],
            message @ Value::Object(_) if message["id"].is_string() => vec![message.clone()],
            _ => Vec::new(),
        }
    }

    /// The bodies of the messages.
    pub fn message_bodies(&self) -> Vec<Value> {
        self.messages().iter().map(|message| message["body"].clone()).collect()
    }

    /// The ids of the messages: posted, or shown.
    pub fn message_ids(&self) -> Vec<String> {
        let posted = self.body["resources"].as_array().or(self.body["message_ids"].as_array());
        match posted {
            Some(names) => names.iter().filter_map(Value::as_str).map(last_segment).collect(),
            None => {
                let messages = self.messages();
                messages.iter().filter_map(|each| each["id"].as_str()).map(str::to_owned).collect()
            }
        }
    }

    /// The id of a new claim.
    #[track_caller]
    pub fn claim_id(&self) -> String {
        let told = match self.header("location") {
            Some(location) => Some(last_segment(&location)),
            None => self.body["claim_id"].as_str().map(str::to_owned),
        };
        match told {
            Some(id) => id,
            None => panic!("the answer names a claim, not {}", self.body),
        }
    }

    /// The names of the queues of a list.
    pub fn queue_names(&self) -> Vec<&str> {
        let queues = self.body["queues"].as_array().map_or(&[][..], Vec::as_slice);
        queues.iter().filter_map(|queue| queue["name"].as_str()).collect()
    }

    /// How many messages are claimed, how many free, and how many there are.
    pub fn counts(&self) -> [Option<i64>; 3] {
        ["claimed", "free", "total"].map(|name| self.body["messages"][name].as_i64())
    }

    /// Where the next page begins: what the answer names, or else the last one shown.
    pub fn next_marker(&self) -> Option<String> {
        let link = self.body["links"][0]["href"].as_str();
        if let Some(query) = link.and_then(|href| href.split_once('?')).map(|(_, query)| query) {
            let marker = query.split('&').find_map(|each| each.strip_prefix("marker="));
            return marker.map(str::to_owned);
        }
        let last = self.queue_names().last().map(|name| (*name).to_owned());
        last.or(self.message_ids().pop())
    }
}

fn last_segment(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}
