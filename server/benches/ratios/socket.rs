//! The WebSocket against our own HTTP, and many requests in flight against one.
//!
//! The load generator masks its one frame once and only reads the frames that come back, as the HTTP one does
//! with its request: what is compared are the servers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::load::{CLIENT, PROJECT, rate, request};
use crate::subject::{Subject, document};
use crate::{Plan, Table};

pub(crate) async fn measure(plan: Plan) {
    let subject = Subject::start("sqlite:").await;
    let http = request("POST", "/v2/queues/q/messages", Some(&document(1)));
    let mut table = Table::default();
    for _ in 0..plan.rounds {
        table.add("http", rate(subject.http, 32, &http, plan.seconds).await);
        table.add("32 sockets", sockets(subject.websocket, 32, 1, plan.seconds).await);
        table.add("1 socket", sockets(subject.websocket, 1, 1, plan.seconds).await);
        table.add("64 in flight", sockets(subject.websocket, 1, 64, plan.seconds).await);
    }
    table.ratio("WebSocket post, 32 connections / HTTP post", "32 sockets", "http", "1.2");
    table.ratio("One socket, 64 in flight / one in flight", "64 in flight", "1 socket", "5");
    println!(
        "(medians: http {:.0}/s, 32 sockets {:.0}/s, one socket {:.0}/s, 64 in flight {:.0}/s)",
        table.median("http"),
        table.median("32 sockets"),
        table.median("1 socket"),
        table.median("64 in flight")
    );
}

/// A masked text frame that posts one message of about 1 KiB.
fn frame() -> Vec<u8> {
    let inner = document(1);
    let messages = inner.trim_start_matches('{');
    let text = format!(
        "{{\"action\": \"message_post\", \"headers\": {{\"Client-ID\": \"{CLIENT}\", \"X-Project-ID\": \"{PROJECT}\"}}, \"body\": {{\"queue_name\": \"w\", {messages}}}"
    );
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut bytes = vec![0x81, 0x80 | 126];
    bytes.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&mask);
    bytes.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// A socket after its handshake.
struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    async fn open(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let hello = "GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(hello.as_bytes()).await.unwrap();
        let mut buffer = Vec::with_capacity(256 << 10);
        while !buffer.windows(4).any(|four| four == b"\r\n\r\n") {
            assert!(stream.read_buf(&mut buffer).await.unwrap() > 0, "closed");
        }
        assert!(buffer.starts_with(b"HTTP/1.1 101"));
        buffer.clear();
        Self { stream, buffer }
    }

    /// Waits for at least one reply; returns how many have arrived.
    async fn replies(&mut self) -> usize {
        let mut count = 0;
        loop {
            let mut at = 0;
            while let Some(end) = self.frame_end(at) {
                let payload = &self.buffer[at..end];
                assert!(
                    payload.ends_with(b"{\"status\": 201}}"),
                    "{}",
                    String::from_utf8_lossy(payload)
                );
                at = end;
                count += 1;
            }
            self.buffer.drain(..at);
            if count > 0 {
                return count;
            }
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "closed");
        }
    }

    fn frame_end(&self, at: usize) -> Option<usize> {
        let head = self.buffer.get(at..at + 4)?;
        let (begin, length) = match head[1] {
            126 => (at + 4, usize::from(u16::from_be_bytes([head[2], head[3]]))),
            short => (at + 2, usize::from(short)),
        };
        (self.buffer.len() >= begin + length).then_some(begin + length)
    }
}

async fn sockets(address: SocketAddr, count: usize, in_flight: usize, length: Duration) -> f64 {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..count {
        tasks.push(tokio::spawn(async move {
            let mut socket = Socket::open(address).await;
            let frames = frame().repeat(in_flight);
            let one = frames.len() / in_flight;
            socket.stream.write_all(&frames).await.unwrap();
            let mut done = 0;
            while begun.elapsed() < length {
                let ready = socket.replies().await;
                done += ready;
                socket.stream.write_all(&frames[..one * ready]).await.unwrap();
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
