//! Connections in memory and a clock that jumps: nothing here waits for real.

mod bodies;
mod bounds;
mod lifetime;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Notify, mpsc};

use super::*;

const SETTINGS: Settings = Settings {
    max_connections: 8,
    max_header_bytes: 8192,
    max_headers: 100,
    header_read_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_secs(75),
};

const REQUEST: &[u8] = b"GET /quick HTTP/1.1\r\nHost: here\r\n\r\n";

/// Hands out one end of what is sent to it.
struct InMemory(mpsc::UnboundedReceiver<DuplexStream>);

impl Acceptor for InMemory {
    type Io = DuplexStream;

    async fn accept(&mut self) -> std::io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, SocketAddr::from(([127, 0, 0, 1], 1)))),
            None => std::future::pending().await,
        }
    }
}

/// A listener whose path `/slow` answers when told, `/large` with a megabyte, all others at once.
struct Server {
    connections: mpsc::UnboundedSender<DuplexStream>,
    shutdown: Shutdown,
    arrived: Arc<Notify>,
    release: Arc<Notify>,
}

impl Server {
    fn start(settings: Settings) -> Self {
        let (connections, queue) = mpsc::unbounded_channel();
        let server = Self {
            connections,
            shutdown: Shutdown::new(),
            arrived: Arc::default(),
            release: Arc::default(),
        };
        let (arrived, release) = (Arc::clone(&server.arrived), Arc::clone(&server.release));
        let make = move |_| {
            let (arrived, release) = (Arc::clone(&arrived), Arc::clone(&release));
            service_fn(move |request: Request<Incoming>| {
                let (arrived, release) = (Arc::clone(&arrived), Arc::clone(&release));
                async move { Ok::<_, Infallible>(answer(request, &arrived, &release).await) }
            })
        };
        tokio::spawn(serve("test", InMemory(queue), settings, make, server.shutdown.clone()));
        server
    }

    fn connect(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(4096);
        self.connections.send(server).unwrap();
        client
    }
}

async fn answer(
    request: Request<Incoming>,
    arrived: &Notify,
    release: &Notify,
) -> Response<Full<Bytes>> {
    let body = match request.uri().path() {
        "/slow" => {
            arrived.notify_one();
            release.notified().await;
            Bytes::from_static(b"slow")
        }
        "/large" => Bytes::from(vec![b'x'; 1 << 20]),
        _ => Bytes::from_static(b"quick"),
    };
    Response::new(Full::new(body))
}

/// Reads one answer with a short body.
async fn read_answer(client: &mut DuplexStream) -> String {
    let mut text = String::new();
    while !(text.ends_with("quick") || text.ends_with("slow")) {
        let mut buffer = [0; 1024];
        let count = client.read(&mut buffer).await.unwrap();
        assert!(count > 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    text
}

/// Reads until the other side closes.
async fn read_rest(client: &mut DuplexStream) -> String {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}
