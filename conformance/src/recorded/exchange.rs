//! The shape of one recorded exchange.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::client::Encoding;

/// One line of a file: what to send and what should come back.
#[derive(Debug, Clone, Deserialize)]
pub struct Exchange {
    /// Unique over all files, like `claim-get/03`.
    pub id: String,
    /// The subject, equal to the name of the file.
    pub group: String,
    /// The settings the server needs: `base`, `pooled` or `topics`.
    pub profile: String,
    /// Exchanges of one scenario are played in order with one project.
    pub scenario: String,
    #[serde(flatten)]
    pub(super) action: Action,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Action {
    Http(Recorded<HttpSent, HttpAnswer>),
    Ws(Recorded<FrameSent, FrameAnswer>),
    WsPush(Recorded<Connection, FrameAnswer>),
    WsOpen { request: Connection },
    WsClose { request: Connection },
    Hook(Recorded<HookSent, HookAnswer>),
}

/// A request with its answer and the answers that are as good.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Recorded<Q, A> {
    pub(super) request: Q,
    pub(super) response: A,
    #[serde(default = "Vec::new")]
    pub(super) alternatives: Vec<A>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpSent {
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) body_fill: Option<BodyFill>,
}

/// A long body: `prefix`, `char` repeated `count` times, `suffix`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BodyFill {
    pub(super) prefix: String,
    #[serde(rename = "char")]
    pub(super) character: char,
    pub(super) count: usize,
    pub(super) suffix: String,
}

#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    pub(super) connection: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameSent {
    pub(super) connection: String,
    pub(super) encoding: FrameForm,
    #[serde(default)]
    pub(super) message: Option<Value>,
    #[serde(default)]
    pub(super) raw: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FrameForm {
    Json,
    Msgpack,
    Text,
    Binary,
}

#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameAnswer {
    pub(super) encoding: Encoding,
    pub(super) message: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HookSent {
    pub(super) url: String,
}

#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HookAnswer {
    #[serde(rename = "content-type")]
    pub(super) content_type: String,
    pub(super) body: Value,
}

impl Action {
    /// The word the files use for this kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Ws(_) => "ws",
            Self::WsPush(_) => "ws-push",
            Self::WsOpen { .. } => "ws-open",
            Self::WsClose { .. } => "ws-close",
            Self::Hook(_) => "hook",
        }
    }

    /// Whether a WebSocket connection is needed.
    pub(super) fn is_websocket(&self) -> bool {
        matches!(self, Self::Ws(_) | Self::WsPush(_) | Self::WsOpen { .. } | Self::WsClose { .. })
    }
}
