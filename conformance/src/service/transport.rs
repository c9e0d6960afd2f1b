//! What carries calls.

use std::fmt;

use crate::client::Encoding;

/// A transport, and the encoding where it has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP.
    Http,
    /// WebSocket, JSON in text frames.
    Json,
    /// WebSocket, MessagePack in binary frames.
    MessagePack,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Self; 3] = [Self::Http, Self::Json, Self::MessagePack];

    /// The encoding of frames.
    pub(super) fn encoding(self) -> Encoding {
        if self == Self::MessagePack { Encoding::Msgpack } else { Encoding::Json }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Json => "websocket",
            Self::MessagePack => "messagepack",
        })
    }
}
