//! The examples of the specification, read from its files.

#![allow(dead_code, reason = "each test binary uses the part it needs")]

pub(crate) mod given;

use std::path::Path;

use serde_json::{Value, json};
use sukkal_conformance::service::Transport;
use sukkal_spec::{OPERATIONS, OperationInfo};

/// One example.
pub(crate) struct Example {
    pub(crate) info: &'static OperationInfo,
    pub(crate) name: String,
    pub(crate) given: Value,
    pub(crate) input: Value,
    pub(crate) outcome: String,
    pub(crate) http: Value,
    pub(crate) websocket: Value,
}

impl Example {
    pub(crate) fn shown_on(&self, transport: Transport) -> &Value {
        if transport == Transport::Http { &self.http } else { &self.websocket }
    }

    pub(crate) fn is_shown_on(&self, transport: Transport) -> bool {
        self.shown_on(transport).is_object()
    }
}

/// Every example of every operation.
pub(crate) fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-spec");
    let spec = sukkal_codegen::load(&folder).unwrap_or_else(|error| panic!("{error}"));
    let info = |name: &str| OPERATIONS.iter().copied().find(|info| info.name == name);
    let mut found = Vec::new();
    for operation in spec.operations {
        let Some(info) = info(operation.name()) else { continue };
        found.extend(operation.written.examples.into_iter().map(|example| Example {
            info,
            name: example.name,
            given: example.given,
            input: example.input,
            outcome: example.outcome,
            http: json!(example.http),
            websocket: json!(example.websocket),
        }));
    }
    found
}
