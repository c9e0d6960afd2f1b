//! The server: configuration, listeners and everything around the API.

pub mod admin;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod controller;
pub mod cors;
pub mod egress;
pub mod encryption;
pub mod error;
mod health;
mod json;
pub mod listener;
pub mod log;
pub mod metrics;
pub mod notification;
pub mod placement;
pub mod request_id;
mod run;
mod running;
pub mod shutdown;
pub mod signature;
pub mod stage;
pub mod store;
pub mod transport;

pub use run::{RunError, run};
pub use running::Running;
pub use stage::Stages;

#[cfg(test)]
mod testing;
