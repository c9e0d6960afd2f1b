//! The server as a process of its own.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

/// How many lines of the log are kept.
const KEPT_LINES: usize = 400;
/// How long starting and ending may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to start a server.
#[derive(Clone)]
pub(crate) struct Setup {
    words: Vec<String>,
    before: Vec<String>,
}

/// A server that runs; it is killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Mutex<VecDeque<String>>>,
    pub(crate) http: SocketAddr,
    pub(crate) websocket: SocketAddr,
    pub(crate) admin: SocketAddr,
}

/// A start that failed.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: ExitStatus,
    pub(crate) text: String,
}

impl Setup {
    /// A server with its files in a folder, on free ports.
    pub(crate) fn new(data_dir: &Path) -> Self {
        let free = "127.0.0.1:0";
        let dir = data_dir.to_str().unwrap();
        let words = ["serve", "--data-dir", dir, "--http", free, "--ws", free, "--admin", free];
        let words = words.into_iter().map(str::to_owned).collect();
        Self { words, before: Vec::new() }.set("log.format=json")
    }

    /// The same on another store.
    pub(crate) fn store(self, uri: &str) -> Self {
        self.with(&["--store", uri])
    }

    /// The same with an option.
    pub(crate) fn set(self, option: &str) -> Self {
        self.with(&["--set", option])
    }

    /// The same with more words on the command line.
    pub(crate) fn with(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// The same started by another program, which must become the server.
    pub(crate) fn started_by(mut self, words: &[&str]) -> Self {
        self.before = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Starts it and waits until it serves.
    pub(crate) fn start(&self) -> Server {
        self.try_start().unwrap_or_else(|log| panic!("the server does not start:\n{log}"))
    }

    /// Starts it and waits until it serves, or returns the log if it does not.
    pub(crate) fn try_start(&self) -> Result<Server, String> {
        let mut child = self.spawn();
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let serving = follow(child.stderr.take().unwrap(), Arc::clone(&log));
        // The channel is closed with standard error when the process gives up.
        let Ok(line) = serving.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(text_of(&log));
        };
        let address = |name: &str| line[name].as_str().unwrap().parse().unwrap();
        let (http, websocket, admin) = (address("http"), address("websocket"), address("admin"));
        Ok(Server { child, log, http, websocket, admin })
    }

    /// Starts it and waits until it has given up.
    pub(crate) async fn refused(&self) -> Refusal {
        let mut child = self.spawn();
        let Some(status) = ended(&mut child).await else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the server did not give up");
        };
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        Refusal { status, text }
    }

    fn spawn(&self) -> Child {
        let binary = binary();
        let mut words = self.before.clone();
        words.push(binary.to_str().unwrap().to_owned());
        words.extend(self.words.iter().cloned());
        Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", words[0]))
    }
}

impl Server {
    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        signal(self.child.id(), "TERM");
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn wait(&mut self) -> ExitStatus {
        match ended(&mut self.child).await {
            Some(status) => status,
            None => panic!("the server does not end:\n{}", self.log()),
        }
    }

    /// Asks it to stop and waits for the end.
    pub(crate) async fn stop(mut self) {
        self.terminate();
        let status = self.wait().await;
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// The end of its log.
    pub(crate) fn log(&self) -> String {
        text_of(&self.log)
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.status_kib("VmRSS:")
    }

    /// Its resident memory without the pages of its binary, in KiB.
    pub(crate) fn own_kib(&self) -> u64 {
        self.status_kib("RssAnon:")
    }

    fn status_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that this one started.
pub(crate) fn signal(pid: u32, name: &str) {
    // Every shell can; the program of that name is not everywhere.
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(status.unwrap().success(), "kill -{name} {pid}");
}

/// Waits for something of another process, which nobody announces.
pub(crate) async fn until<T>(
    patience: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look().await {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

async fn ended(child: &mut Child) -> Option<ExitStatus> {
    until(PATIENCE, async || child.try_wait().unwrap()).await
}

fn text_of(log: &Mutex<VecDeque<String>>) -> String {
    log.lock().unwrap().iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// Keeps the end of the log and hands over the line that says where the server serves.
fn follow(stderr: ChildStderr, log: Arc<Mutex<VecDeque<String>>>) -> Receiver<Value> {
    let (serving, received): (Sender<Value>, _) = channel();
    thread::spawn(move || {
        let mut serving = Some(serving);
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            if value["message"] == "serving"
                && let Some(serving) = serving.take()
            {
                // Whoever waited may have given up.
                let _ = serving.send(value);
            }
            let mut log = log.lock().unwrap();
            if log.len() == KEPT_LINES {
                log.pop_front();
            }
            log.push_back(line);
        }
    });
    received
}

fn binary() -> PathBuf {
    let path = match std::env::var_os("SUKKAL_BINARY") {
        Some(path) => PathBuf::from(path),
        None => built(),
    };
    assert!(
        path.exists(),
        "{} is missing: run `cargo build -p sukkal-server` first, or set SUKKAL_BINARY",
        path.display()
    );
    path
}

/// A test lies in target/PROFILE/deps, the binary in target/PROFILE.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("sukkal")
}
