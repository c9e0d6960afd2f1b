//! What operators and their tools ask: metrics, probes, status, and the documents of the API.
//!
//! Nothing here asks who calls: the listener is for this machine, or a network of its own.

mod documents;
mod metrics;
mod status;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use sukkal_storage::Store;
use tokio::net::TcpListener;
use tokio::time::Instant;

pub use documents::Document;
pub use metrics::start_metrics;

use crate::listener::{self, Settings};
use crate::placement::Placement;
use crate::shutdown::Shutdown;

/// What the admin listener tells about.
pub struct Admin {
    /// The stores, by the names the status shows.
    pub stores: Vec<(String, Store)>,
    /// Where queues lie: with pooling, the status shows the pools.
    pub placement: Placement,
    /// The listeners, by the names the status shows.
    pub listeners: Vec<(&'static str, SocketAddr)>,
    /// The metrics of the process.
    pub metrics: PrometheusHandle,
    /// Documents to serve as they are.
    pub documents: Vec<Document>,
    /// Whether the server stops: then it is not ready.
    pub shutdown: Shutdown,
    /// When the server started.
    pub started: Instant,
}

impl Admin {
    /// The routes: `/metrics`, `/live`, `/ready`, `/status`, and the path of each document.
    pub fn router(self) -> Router {
        let documents = documents::routes(&self.documents);
        let metrics = self.metrics.clone();
        let admin = Arc::new(self);
        let (ready, shown) = (Arc::clone(&admin), admin);
        Router::new()
            .route(
                "/live",
                get(|| async { json(StatusCode::OK, &serde_json::json!({ "status": "live" })) }),
            )
            .route("/ready", get(move || async move { ready.ready().await }))
            .route("/status", get(move || async move { shown.status().await }))
            .route("/metrics", get(move || async move { text(metrics.render()) }))
            .merge(documents)
    }

    /// Serves the routes until the server stops.
    pub async fn serve(self, tcp: TcpListener, settings: Settings) {
        let shutdown = self.shutdown.clone();
        let service = TowerToHyperService::new(self.router());
        listener::serve("admin", tcp, settings, |_| service.clone(), shutdown).await;
    }
}

fn json(status: StatusCode, value: &serde_json::Value) -> axum::response::Response {
    (status, [(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn text(metrics: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics)
}

#[cfg(test)]
mod tests;
