//! One output per module; this one names them.

mod api;
mod bindings;
mod decoders;
#[cfg(feature = "documents")]
pub(crate) mod documents;
mod errors;
mod home_document;
mod http_routes;
mod limits;
mod operations;
mod presenters;
mod rust;
mod templates;
mod types;
mod websocket_actions;

pub(crate) use rust::{is_structure, resolved};
pub(crate) use templates::{Part, parts};

use crate::{Artifact, Spec};

pub(crate) fn contract(spec: &Spec) -> Vec<Artifact> {
    let parts = [
        ("types.rs", types::render(spec)),
        ("limits.rs", limits::render(spec)),
        ("errors.rs", errors::render(spec)),
        ("decoders.rs", decoders::render(spec)),
        ("presenters.rs", presenters::render(spec)),
        ("bindings.rs", bindings::render(spec)),
        ("operations.rs", operations::render(spec)),
        ("api.rs", api::render(spec)),
    ];
    let mut all: Vec<Artifact> =
        parts.into_iter().map(|(path, text)| Artifact { path: path.to_owned(), text }).collect();
    let text = all
        .iter()
        .map(|part| format!("include!(concat!(env!(\"OUT_DIR\"), \"/{}\"));\n", part.path))
        .collect();
    all.push(Artifact { path: "contract.rs".to_owned(), text });
    all
}

pub(crate) fn transports(spec: &Spec) -> Vec<Artifact> {
    vec![
        Artifact { path: "http_routes.rs".to_owned(), text: http_routes::render(spec) },
        Artifact { path: "websocket_actions.rs".to_owned(), text: websocket_actions::render(spec) },
    ]
}

/// Whether codegen makes a document of this name.
pub(crate) fn is_generated(name: &str) -> bool {
    name == home_document::PUBLIC || name == home_document::OPERATORS
}

/// The home document of this name.
pub(crate) fn home_document(spec: &Spec, name: &str) -> String {
    home_document::render(spec, name)
}
