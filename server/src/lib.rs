//! The server: configuration, listeners and everything around the API.

pub mod background;
pub mod clock;
pub mod config;
pub mod cors;
pub mod listener;
pub mod log;
pub mod request_id;
pub mod shutdown;

#[cfg(test)]
mod testing;
