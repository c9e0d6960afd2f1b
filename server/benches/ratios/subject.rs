//! Servers to measure, and posting to them.
//!
//! What is measured is the published binary in a process of its own, with its own allocator; the bare handler and the
//! load generator live in this one.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::load::{Connection, rate, request};
use crate::{Plan, Table, null};

/// A server on free ports over a store.
pub(crate) struct Subject {
    pub http: SocketAddr,
    pub websocket: SocketAddr,
    process: Child,
    _directory: tempfile::TempDir,
}

impl Subject {
    /// Starts a server over the store of this URI and waits until it answers.
    pub(crate) async fn start(uri: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [http, websocket] = [free_port(), free_port()];
        let process = Command::new(env!("CARGO_BIN_EXE_sukkal"))
            .args(["serve", "--store", uri, "--admin", ""])
            .args(["--http", &http.to_string(), "--ws", &websocket.to_string()])
            .arg("--data-dir")
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while tokio::net::TcpStream::connect(http).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut connection = Connection::open(http).await;
        assert_eq!(connection.call(&request("GET", "/v2/ping", None)).await.0, 204);
        Self { http, websocket, process, _directory: directory }
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A document with this many messages of about 1 KiB.
pub(crate) fn document(messages: usize) -> String {
    let body = "x".repeat(1000);
    let one = format!("{{\"ttl\": 3600, \"body\": {{\"payload\": \"{body}\"}}}}");
    format!("{{\"messages\": [{}]}}", vec![one; messages].join(", "))
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Posting one and ten messages a request, against the bare handler.
pub(crate) async fn post(plan: Plan) {
    let bare = null::serve().await;
    let subject = Subject::start("sqlite:").await;
    let path = "/v2/queues/q/messages";
    let one = request("POST", path, Some(&document(1)));
    let ten = request("POST", path, Some(&document(10)));
    let mut table = Table::default();
    for _ in 0..plan.rounds {
        for (name, address) in [("null", bare), ("sqlite", subject.http)] {
            table.add(&format!("{name} 1"), rate(address, 32, &one, plan.seconds).await);
            table.add(&format!("{name} 10"), rate(address, 32, &ten, plan.seconds).await);
        }
    }
    let what = |count: &str| {
        format!("POST {count} of 1 KiB, 32 connections, synced SQLite / bare handler")
    };
    table.ratio(&what("1 message"), "sqlite 1", "null 1", "0.25, aim 0.40");
    table.ratio(&what("10 messages"), "sqlite 10", "null 10", "0.12");
    println!(
        "(medians: null {:.0}/s and {:.0}/s, sqlite {:.0}/s and {:.0}/s)",
        table.median("null 1"),
        table.median("null 10"),
        table.median("sqlite 1"),
        table.median("sqlite 10")
    );
}
