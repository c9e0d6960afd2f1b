//! The WebSocket: from an upgrade request to a connection.

mod actions;
mod codec;
mod connection;
mod envelope;
mod grant;
mod reply;
mod upgrade;

pub(crate) use upgrade::upgrade;
