//! A Redis of one's own that syncs every write.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Ignored;
use crate::server::{signal, until};

/// Below the range from which clients get their ports.
static NEXT_PORT: AtomicU16 = AtomicU16::new(25_100);

/// A Redis that runs; it is killed when dropped.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl Redis {
    /// Starts one, if the program is there.
    pub(crate) async fn start() -> Result<Self, Ignored> {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let child = spawn(port, &directory).ok_or(Ignored("redis-server is not installed"))?;
        let redis = Self { child, port, directory };
        redis.wait().await;
        Ok(redis)
    }

    /// Where it is.
    pub(crate) fn uri(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again with the data it had.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port, &self.directory).expect("the program is still there");
        self.wait().await;
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for an answer in the protocol, not for an open port.
    async fn wait(&self) {
        let answers = async || self.ping().await.ok().filter(|reply| reply == b"+PONG\r\n");
        until(Duration::from_secs(30), answers).await.expect("Redis does not answer");
    }

    async fn ping(&self) -> std::io::Result<[u8; 7]> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut reply = [0; 7];
        stream.read_exact(&mut reply).await?;
        Ok(reply)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    loop {
        let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn spawn(port: u16, directory: &TempDir) -> Option<Child> {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--logfile", "log", "--dir"])
        .arg(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}
