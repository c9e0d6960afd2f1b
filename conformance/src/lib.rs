//! Checks from outside whether a server speaks the messaging API.
//!
//! Nothing here knows the server: it is a URL. See `README.md` for how to point it at one.

pub mod case;
pub mod cases;
pub mod client;
pub mod recorded;
pub mod report;
pub mod run;
pub mod service;
