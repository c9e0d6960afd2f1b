//! Documents that are served as they are.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::header::CONTENT_TYPE;

/// A document that is served as it is.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its path, beginning with a slash: literal, and none of the routes of the listener itself.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

/// One route per document; of two at one path the later one counts.
pub(super) fn routes(documents: &[Document]) -> Router {
    let by_path: BTreeMap<_, _> = documents.iter().map(|each| (each.path.clone(), each)).collect();
    by_path.into_iter().fold(Router::new(), |router, (path, document)| {
        let Document { content_type, bytes, .. } = document.clone();
        router.route(&path, get(move || async move { ([(CONTENT_TYPE, content_type)], bytes) }))
    })
}
