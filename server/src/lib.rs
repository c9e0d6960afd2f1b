//! The server: configuration, listeners and everything around the API.

pub mod admin;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cors;
pub mod listener;
pub mod log;
pub mod request_id;
mod run;
pub mod shutdown;
pub mod store;

pub use run::{RunError, run};

#[cfg(test)]
mod testing;
