//! Reply frames.

use bytes::Bytes;
use sukkal_spec::present::JsonText;
use sukkal_spec::raw::Raw;
use sukkal_spec::reply::websocket_error;
use sukkal_spec::{ApiError, OperationInfo};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::codec::{self, Encoding};
use super::envelope::{Envelope, text_member};

/// A reply that is ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The frame.
    pub frame: Message,
    /// Its status.
    pub status: u16,
}

/// Builds a reply around a body that `write` makes; `write` returns the status.
pub(crate) fn reply(
    envelope: Option<&Envelope>,
    encoding: Encoding,
    write: impl FnOnce(&mut JsonText) -> u16,
) -> Reply {
    let echoed =
        envelope.map_or(0, |envelope| envelope.body.as_ref().map_or(0, |body| body.bytes().len()));
    let mut out = JsonText::with_capacity(echoed + 512);
    out.open(b'{');
    out.member("request");
    out.open(b'{');
    echo(&mut out, "action", envelope.and_then(|envelope| envelope.action_text.as_ref()), "null");
    echo(&mut out, "body", envelope.and_then(|envelope| envelope.body.as_ref()), "{}");
    echo(&mut out, "headers", envelope.and_then(|envelope| envelope.headers.as_ref()), "{}");
    out.member("api");
    out.string("v2");
    out.close(b'}');
    out.member("body");
    let status = write(&mut out);
    out.member("headers");
    out.open(b'{');
    out.member("status");
    out.integer(i64::from(status));
    out.close(b'}');
    out.close(b'}');
    Reply { frame: frame(out.into_bytes(), encoding), status }
}

/// A reply that tells an error.
pub(crate) fn error(
    envelope: Option<&Envelope>,
    encoding: Encoding,
    info: Option<&OperationInfo>,
    error: &ApiError,
) -> Reply {
    let body = envelope.and_then(|envelope| envelope.body.as_ref());
    let lookup = |name: &str| text_member(body, name);
    reply(envelope, encoding, |out| websocket_error(info, error, &lookup, out))
}

fn echo(out: &mut JsonText, name: &str, raw: Option<&Raw>, absent: &str) {
    out.member(name);
    match raw {
        Some(raw) => out.raw(raw),
        None => out.literal(absent),
    }
}

fn frame(text: Vec<u8>, encoding: Encoding) -> Message {
    if encoding == Encoding::MessagePack
        && let Ok(packed) = codec::from_json(&text)
    {
        return Message::Binary(Bytes::from(packed));
    }
    let text = String::from_utf8(text)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Message::Text(Utf8Bytes::from(text))
}
