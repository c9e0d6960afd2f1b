//! Servers whose notifications are measured.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::load::{Connection, request};

/// A server over a store in a folder that outlives it.
pub(crate) struct Subject {
    pub http: SocketAddr,
    pub websocket: SocketAddr,
    process: Child,
}

impl Subject {
    /// Starts a server that may reach the loopback, with more words on its command line.
    pub(crate) async fn start(folder: &Path, uri: &str, options: &[&str]) -> Self {
        let [http, websocket] = [free_port(), free_port()];
        // Thousands of sockets need more descriptors than a shell gives by default.
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_sukkal"))
            .args(["serve", "--store", uri, "--admin", "", "--set", "egress.allow=127.0.0.1"])
            .args(["--http", &http.to_string(), "--ws", &websocket.to_string()])
            .arg("--data-dir")
            .arg(folder)
            .stdout(Stdio::null());
        for option in options {
            command.args(["--set", option]);
        }
        let process = command.spawn().unwrap();
        while tokio::net::TcpStream::connect(http).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { http, websocket, process }
    }

    /// Subscribes an endpoint to a queue for an hour.
    pub(crate) async fn subscribe(&self, queue: &str, subscriber: &str) {
        let body = json!({ "subscriber": subscriber, "ttl": 3600 }).to_string();
        let path = format!("/v2/queues/{queue}/subscriptions");
        let mut connection = Connection::open(self.http).await;
        let (status, answer) = connection.call(&request("POST", &path, Some(&body))).await;
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.process.id().to_string();
        Command::new("sh").args(["-c", &format!("kill {pid}")]).status().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request that posts messages with these bodies.
pub(crate) fn post(queue: &str, bodies: &[Value]) -> Vec<u8> {
    let messages: Vec<Value> =
        bodies.iter().map(|body| json!({ "ttl": 3600, "body": body })).collect();
    let document = json!({ "messages": messages }).to_string();
    request("POST", &format!("/v2/queues/{queue}/messages"), Some(&document))
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
