//! Endpoints of webhooks that count what they receive.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Endpoints at paths of their own; they end when this is dropped.
pub(crate) struct Hooks {
    address: SocketAddr,
    seen: Arc<Seen>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    /// How often each endpoint got each number.
    counts: Mutex<HashMap<(usize, u64), u64>>,
    total: watch::Sender<u64>,
}

/// How often something arrived.
#[derive(Debug)]
pub(crate) struct Arrivals {
    pub(crate) deliveries: u64,
    /// Those that had arrived before.
    pub(crate) again: u64,
}

impl Hooks {
    /// Listens on a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let router = Router::new()
            .route("/well/{at}", post(receive))
            .route("/broken", post(async || StatusCode::INTERNAL_SERVER_ERROR))
            .with_state(Arc::clone(&seen));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen, serving }
    }

    /// The URL of an endpoint that takes everything.
    pub(crate) fn well(&self, at: usize) -> String {
        format!("http://{}/well/{at}", self.address)
    }

    /// The URL of an endpoint that takes nothing.
    pub(crate) fn broken(&self) -> String {
        format!("http://{}/broken", self.address)
    }

    /// How much has arrived so far, with repetitions.
    pub(crate) fn total(&self) -> u64 {
        *self.seen.total.borrow()
    }

    /// Waits until so much has arrived.
    pub(crate) async fn reach(&self, goal: u64) {
        self.seen.total.subscribe().wait_for(|total| *total >= goal).await.unwrap();
    }

    /// How many of these numbers an endpoint has not got.
    pub(crate) fn missing(&self, at: usize, numbers: &[u64]) -> usize {
        let counts = self.seen.counts.lock().unwrap();
        numbers.iter().filter(|number| !counts.contains_key(&(at, **number))).count()
    }

    pub(crate) fn arrivals(&self) -> Arrivals {
        let counts = self.seen.counts.lock().unwrap();
        let deliveries = counts.values().sum();
        Arrivals { deliveries, again: deliveries - counts.len() as u64 }
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(State(seen): State<Arc<Seen>>, Path(at): Path<usize>, body: Bytes) -> StatusCode {
    let notification: Value = serde_json::from_slice(&body).unwrap();
    let number = notification["body"].as_u64().unwrap();
    *seen.counts.lock().unwrap().entry((at, number)).or_default() += 1;
    seen.total.send_modify(|total| *total += 1);
    StatusCode::NO_CONTENT
}
