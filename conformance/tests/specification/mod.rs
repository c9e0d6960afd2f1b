//! The examples of the specification, read from its files.

#![allow(dead_code, reason = "each test binary uses the part it needs")]

pub(crate) mod given;

use std::fs;
use std::path::Path;

use serde_json::Value;
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-spec/operations");
    let of = |info: &'static OperationInfo| {
        let path = folder.join(info.resource).join(format!("{}.yaml", info.name));
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written: Value = serde_norway::from_str(&text).expect("the specification is YAML");
        let examples = written["examples"].as_array().cloned().unwrap_or_default();
        examples.into_iter().map(move |example| Example {
            info,
            name: example["name"].as_str().unwrap_or_default().to_owned(),
            given: example["given"].clone(),
            input: example["input"].clone(),
            outcome: example["outcome"].as_str().unwrap_or_default().to_owned(),
            http: example["http"].clone(),
            websocket: example["websocket"].clone(),
        })
    };
    OPERATIONS.iter().copied().flat_map(of).collect()
}
