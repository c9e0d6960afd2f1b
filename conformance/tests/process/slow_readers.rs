//! Clients that ask for much and read nothing.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::Outcome;
use crate::api::Api;
use crate::link::{CLIENT, Link, head};
use crate::server::{Server, Setup, until};

/// How much memory one such client may cost, in KiB.
const MOST_KIB: u64 = 16 << 10;
/// How late a server with limits of one second may be.
const SOON: Duration = Duration::from_secs(8);
const LIST: &str = "/v2/queues/q/messages?limit=20&echo=true";
/// Several times what fits between the two.
const REQUESTS: usize = 400;

pub(crate) async fn a_client_that_never_reads_its_answers_is_cut_off() -> Outcome {
    let (_directory, server) = start().await;
    let request = head("GET", LIST, "");

    assert_cut_off(&server, server.http, "http", request.as_bytes(), b"").await;
    Ok(())
}

pub(crate) async fn a_socket_that_never_reads_its_answers_is_cut_off() -> Outcome {
    let (_directory, server) = start().await;
    let handshake = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let call = json!({
        "action": "message_list",
        "headers": { "Client-ID": CLIENT, "X-Project-ID": "process" },
        "body": { "queue_name": "q", "limit": 20, "echo": true },
    });
    let call = call.to_string();
    let length = u16::try_from(call.len()).unwrap();
    let frame = [&[0x81, 0xfe][..], &length.to_be_bytes(), &[0; 4], call.as_bytes()].concat();

    assert_cut_off(&server, server.websocket, "websocket", &frame, handshake.as_bytes()).await;
    Ok(())
}

/// A server with a page of messages of 1 MiB, which waits for nothing longer than a second.
async fn start() -> (TempDir, Server) {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path()).set("http.idle_timeout=1");
    let server = setup.set("websocket.ping_interval=1").start();
    let mut api = Api::open(server.http).await.unwrap();
    let text = "x".repeat(50 << 10);
    let body = json!({ "messages": [{ "ttl": 3600, "body": text }] }).to_string();
    for _ in 0..20 {
        let answer = api.answer("POST", "/v2/queues/q/messages", &body).await;
        assert_eq!(answer.status, 201);
    }
    (directory, server)
}

async fn assert_cut_off(
    server: &Server,
    address: SocketAddr,
    listener: &str,
    request: &[u8],
    first: &[u8],
) {
    let before = server.resident_kib();
    let mut link = Link::open(address).await.unwrap();
    link.send(first).await.unwrap();
    let begun = Instant::now();
    let all = async {
        for _ in 0..REQUESTS {
            link.stream.write_all(request).await?;
        }
        std::io::Result::Ok(())
    };
    // The server takes no more, or has taken all and answers no more.
    let _ = timeout(Duration::from_secs(1), all).await;
    let during = server.resident_kib();
    let gone = async || (open_connections(server, listener).await == 0).then_some(());
    let gone = until(SOON, gone).await;

    assert!(during < before + MOST_KIB, "{before} KiB became {during} KiB");
    assert!(gone.is_some(), "still connected after {:?}", begun.elapsed());
}

/// How many connections of a listener are open, by its metrics.
async fn open_connections(server: &Server, listener: &str) -> u64 {
    let mut admin = Api::open(server.admin).await.unwrap();
    let metrics = admin.answer("GET", "/metrics", "").await.text();
    let name = format!("sukkal_connections_open{{listener=\"{listener}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}
