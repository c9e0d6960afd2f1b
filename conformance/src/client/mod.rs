//! Small clients that send exactly what they are told and report exactly what came back.
//!
//! Neither client knows an operation of the API, follows redirects or repeats a request.

mod http;
mod http1;
mod websocket;

pub use http::{HttpClient, HttpReply, HttpRequest};
pub use websocket::{Encoding, Frame, WebSocketClient};

use std::io;

/// Why a client got no usable reply.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The given URL is not one this client can use.
    #[error("the URL {url:?} cannot be used: {reason}")]
    Url { url: String, reason: &'static str },
    /// The request holds a line break where HTTP allows none.
    #[error("the {0} of the request contains a line break")]
    LineBreak(&'static str),
    /// The connection failed or was refused.
    #[error("connection failed: {0}")]
    Io(#[from] io::Error),
    /// Nothing complete arrived in time.
    #[error("no reply within {0} ms")]
    TimedOut(u128),
    /// The peer does not speak HTTP/1.1 as expected.
    #[error("malformed HTTP reply: {0}")]
    MalformedReply(String),
    /// The reply is larger than this client reads.
    #[error("the reply is larger than {0} bytes")]
    TooLarge(usize),
    /// The WebSocket protocol was broken or the handshake refused.
    #[error("WebSocket: {0}")]
    WebSocket(String),
    /// The peer closed the WebSocket connection.
    #[error("the server closed the connection")]
    Closed,
}
