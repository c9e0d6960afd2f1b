//! Endpoints: fast ones that note when something arrives, and one that never answers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::value::RawValue;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// One arrival: the endpoint, the JSON text of the body of the message, and when.
pub(crate) type Arrival = (u32, Box<str>, Instant);

/// Fast endpoints at paths of their own on one port.
#[derive(Clone)]
pub(crate) struct Hooks {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    arrivals: Mutex<Vec<Arrival>>,
    count: watch::Sender<usize>,
}

#[derive(serde::Deserialize)]
struct Notification<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
}

impl Hooks {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let hooks = Self { address, seen };
        let serving = hooks.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let seen = Arc::clone(&serving.seen);
                let service = service_fn(move |request| receive(Arc::clone(&seen), request));
                tokio::spawn(async move {
                    // A connection that breaks off shows in what is missing.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        hooks
    }

    /// The URL of an endpoint.
    pub(crate) fn url(&self, at: u32) -> String {
        format!("http://{}/{at}", self.address)
    }

    /// Waits until so much has arrived since the last [`take`](Self::take).
    pub(crate) async fn reach(&self, count: usize) {
        self.seen.count.subscribe().wait_for(|seen| *seen >= count).await.unwrap();
    }

    /// What has arrived since the last time.
    pub(crate) fn take(&self) -> Vec<Arrival> {
        let taken = std::mem::take(&mut *self.seen.arrivals.lock().unwrap());
        self.seen.count.send_replace(0);
        taken
    }
}

async fn receive(
    seen: Arc<Seen>,
    request: Request<Incoming>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let at = request.uri().path().trim_start_matches('/').parse().unwrap_or_default();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let notification: Notification<'_> = serde_json::from_slice(&body).unwrap();
    let mut arrivals = seen.arrivals.lock().unwrap();
    arrivals.push((at, notification.body.get().into(), Instant::now()));
    let count = arrivals.len();
    drop(arrivals);
    seen.count.send_replace(count);
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// A port that takes connections and never answers.
pub(crate) async fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.unwrap());
        }
    });
    address
}
