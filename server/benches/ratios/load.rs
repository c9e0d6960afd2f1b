//! A small load generator: keep-alive connections, one request in flight each.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const PROJECT: &str = "bench";
pub(crate) const CLIENT: &str = "3381af92-2b9e-11e3-b191-71861300734c";

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(64 << 10) }
    }

    /// Sends a request and reads its answer; returns status and body.
    pub(crate) async fn call(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let (head, length) = loop {
            if let Some(found) = self.head() {
                break found;
            }
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "closed");
        };
        while self.buffer.len() < head + length {
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "closed");
        }
        let status = std::str::from_utf8(&self.buffer[9..12]).unwrap().parse().unwrap();
        (status, self.buffer[head..head + length].to_vec())
    }

    fn head(&self) -> Option<(usize, usize)> {
        let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let text = std::str::from_utf8(&self.buffer[..end]).unwrap();
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
        });
        Some((end + 4, length.unwrap_or(0)))
    }
}

/// A request to the API.
pub(crate) fn request(method: &str, path: &str, body: Option<&str>) -> Vec<u8> {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\nClient-ID: {CLIENT}\r\nX-Project-ID: {PROJECT}\r\n"
    );
    if let Some(body) = body {
        text.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        ));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text.into_bytes()
}

/// Requests per second of this many connections repeating one request.
pub(crate) async fn rate(
    address: SocketAddr,
    connections: usize,
    request: &[u8],
    length: Duration,
) -> f64 {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let request = request.to_vec();
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut done = 0_u64;
            while begun.elapsed() < length {
                let (status, body) = connection.call(&request).await;
                assert!(status < 300, "{status}: {}", String::from_utf8_lossy(&body));
                done += 1;
            }
            done
        }));
    }
    let mut total = 0;
    for task in tasks {
        total += task.await.unwrap();
    }
    total as f64 / begun.elapsed().as_secs_f64()
}
