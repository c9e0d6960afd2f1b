//! The contract of the service: what codegen makes of the specification, and the runtime it leans on.
//!
//! Types, decoders, limits, errors, operations and API traits are generated; the modules here are the
//! hand-written parts. No transport library and no store is visible here.
#![deny(missing_docs)]

pub mod binding;
pub mod context;
pub mod decode;
pub mod explain;
pub mod limit;
pub mod operation;
pub mod order;
pub mod present;
pub mod raw;
pub mod reply;

pub use binding::{ErrorInfo, KindInfo, OperationInfo};
pub use context::RequestContext;
pub use operation::{Call, Operation};
pub use order::Turn;
pub use raw::Raw;

/// The OpenAPI document of the HTTP face.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// The JSON Schema of request and reply frames, by action.
pub const ACTIONS_SCHEMA: &str = include_str!("../actions.schema.json");

/// The AsyncAPI document of the WebSocket and of what subscribers receive.
pub const ASYNCAPI: &str = include_str!("../asyncapi.json");

/// The specification as a page for people, which loads nothing.
pub const REFERENCE: &str = include_str!("../reference.html");

mod generated {
    #![allow(
        clippy::all,
        clippy::pedantic,
        missing_docs,
        unused_variables,
        unused_mut,
        unused_qualifications
    )]
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}

pub use generated::*;
