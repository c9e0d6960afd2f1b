//! A Redis server of one's own: it syncs every write and goes with its handle.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use redis::{Cmd, FromRedisValue};
use sukkal_storage::{OpenOptions, Result, Store};
use tempfile::TempDir;

/// Below the range from which clients get their ports.
static NEXT_PORT: AtomicU16 = AtomicU16::new(23_000);

pub(crate) struct Server {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl Server {
    /// Starts a server; `None` if there is no program to start.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let child = spawn(port, &directory, arguments)?;
        let server = Self { child, port, directory };
        server.wait();
        Some(server)
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("the server ends");
    }

    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.port, &self.directory, &[]).expect("the program is still there");
        self.wait();
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(status.expect("kill").success());
    }

    pub(crate) async fn open(&self) -> Store {
        self.open_as("").await.expect("a store")
    }

    /// Opens a store with `user:password@` before the address.
    pub(crate) async fn open_as(&self, user: &str) -> Result<Store> {
        self.open_with(user, &[]).await
    }

    pub(crate) async fn open_with(&self, user: &str, options: &[(&str, &str)]) -> Result<Store> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let options = options.iter().map(own).collect();
        let options = OpenOptions { data_dir: ".".into(), now: 0, options };
        let uri = format!("redis://{user}127.0.0.1:{}/0", self.port);
        sukkal_storage_redis::open(&uri, &options).await
    }

    pub(crate) async fn command(&self, words: &[&str]) {
        let mut cmd = redis::cmd(words[0]);
        self.query::<redis::Value>(cmd.arg(&words[1..])).await;
    }

    /// The strings of a reply, sorted.
    pub(crate) async fn strings(&self, cmd: &Cmd) -> Vec<String> {
        let mut strings: Vec<String> = self.query(cmd).await;
        strings.sort();
        strings
    }

    pub(crate) async fn query<T: FromRedisValue>(&self, cmd: &Cmd) -> T {
        let client = redis::Client::open(("127.0.0.1", self.port)).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
        cmd.query_async(&mut connection).await.expect("a reply")
    }

    /// Waits for an answer in the protocol, not for an open port.
    fn wait(&self) {
        let client = redis::Client::open(("127.0.0.1", self.port)).expect("an address");
        let is_up = || {
            let mut connection = client.get_connection().ok()?;
            redis::cmd("PING").query::<String>(&mut connection).ok()
        };
        for _ in 0..600 {
            if is_up().is_some() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("the server does not answer");
    }
}

impl Drop for Server {
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

fn spawn(port: u16, directory: &TempDir, arguments: &[&str]) -> Option<Child> {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--logfile", "log", "--dir"])
        .arg(directory.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}
