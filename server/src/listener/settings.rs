//! The bounds of one listener.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;

use crate::config::Config;

/// The read and write buffer of a connection never grows beyond this, in bytes.
const LARGEST_BUFFER: usize = 64 << 10;
/// The number of headers the protocol library takes without setting memory aside for each request.
const FREE_HEADERS: usize = 100;

/// The bounds of one listener.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The most open connections, at least 1.
    pub max_connections: usize,
    /// The largest request line with headers, in bytes; more is answered with 431.
    pub max_header_bytes: usize,
    /// The most headers of a request; more is answered with 431.
    pub max_headers: usize,
    /// How long a client may take from connecting, or from the first byte of a request, to the end
    /// of the headers.
    pub header_read_timeout: Duration,
    /// How long a connection may stay without a request, or without taking its answer.
    pub idle_timeout: Duration,
}

impl Settings {
    /// The bounds of the HTTP listener.
    pub fn http(config: &Config) -> Self {
        Self {
            max_connections: config.http.max_connections,
            max_header_bytes: config.http.max_header_bytes,
            max_headers: config.http.max_headers,
            header_read_timeout: config.http.header_read_timeout,
            idle_timeout: config.http.idle_timeout,
        }
    }

    /// The bounds of the WebSocket listener until a handshake is done.
    pub fn websocket(config: &Config) -> Self {
        Self {
            max_connections: config.websocket.max_connections,
            header_read_timeout: config.websocket.handshake_timeout,
            idle_timeout: config.websocket.handshake_timeout,
            ..Self::http(config)
        }
    }

    /// The bounds of the admin listener.
    pub fn admin(config: &Config) -> Self {
        Self { max_connections: config.admin.max_connections, ..Self::http(config) }
    }

    /// The protocol library set up with these bounds. Its own timeout for headers stays off: it
    /// counts idle time too, and sets memory aside for each request.
    pub(super) fn protocol(&self) -> http1::Builder {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_header_size(self.max_header_bytes)
            .max_buf_size(self.max_header_bytes.max(LARGEST_BUFFER));
        if self.max_headers != FREE_HEADERS {
            http.max_headers(self.max_headers);
        }
        http
    }
}
