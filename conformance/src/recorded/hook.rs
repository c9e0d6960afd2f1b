//! A small HTTP server on the loopback that receives what the server under test POSTs.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

const MAX_WAITING: usize = 256;
const MAX_BODY: usize = 1024 * 1024;

/// One POST received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) path: String,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

/// The running server; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct HookServer {
    base: String,
    received: mpsc::Receiver<Delivery>,
    waiting: VecDeque<Delivery>,
    _tasks: JoinSet<()>,
}

impl HookServer {
    /// Listens on a free port.
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let (sender, received) = mpsc::channel(MAX_WAITING);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, sender));
        Ok(Self { base, received, waiting: VecDeque::new(), _tasks: tasks })
    }

    /// The base URL, without a slash at the end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Waits for a POST to a URL of this server; `None` if none came in time.
    pub(super) async fn next(&mut self, url: &str, limit: Duration) -> Option<Delivery> {
        let path = url.strip_prefix(&self.base)?;
        if let Some(at) = self.waiting.iter().position(|delivery| delivery.path == path) {
            return self.waiting.remove(at);
        }
        let receiving = async {
            while let Some(delivery) = self.received.recv().await {
                if delivery.path == path {
                    return Some(delivery);
                }
                self.waiting.push_back(delivery);
            }
            None
        };
        timeout(limit, receiving).await.ok().flatten()
    }
}

async fn accept(listener: TcpListener, sender: mpsc::Sender<Delivery>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, sender.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, sender: mpsc::Sender<Delivery>) {
    let service = service_fn(|request| receive(request, sender.clone()));
    // A broken connection delivers nothing, which the player notices by itself.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn receive(
    request: Request<Incoming>,
    sender: mpsc::Sender<Delivery>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let is_post = request.method() == hyper::Method::POST;
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let status = match body {
        Ok(body) if is_post => {
            let body = body.to_bytes().to_vec();
            match sender.try_send(Delivery { path, content_type, body }) {
                Ok(()) => StatusCode::OK,
                Err(_) => StatusCode::SERVICE_UNAVAILABLE,
            }
        }
        Ok(_) => StatusCode::METHOD_NOT_ALLOWED,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{HttpClient, HttpRequest};

    const LIMIT: Duration = Duration::from_secs(5);

    async fn post(hook: &HookServer, path: &str) -> u16 {
        let request = HttpRequest {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: vec![("Content-Type".to_owned(), "a/b".to_owned())],
            body: Some(path.as_bytes().to_vec()),
        };
        HttpClient::new(hook.base(), LIMIT).unwrap().send(&request).await.unwrap().status
    }

    #[tokio::test]
    async fn hands_out_deliveries_by_path() {
        let mut hook = HookServer::start().await.unwrap();
        let url = format!("{}/two", hook.base());

        assert_eq!(post(&hook, "/one").await, 200);
        assert_eq!(post(&hook, "/two").await, 200);

        let delivery = hook.next(&url, LIMIT).await.unwrap();
        assert_eq!(
            (delivery.content_type.as_str(), delivery.body.as_slice()),
            ("a/b", b"/two".as_slice())
        );
        assert_eq!(hook.next(&url, Duration::ZERO).await, None);
        let other = format!("{}/one", hook.base());
        assert_eq!(hook.next(&other, Duration::ZERO).await.unwrap().path, "/one");
    }
}
