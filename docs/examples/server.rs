//! A server as a process, for the tests of both examples: the standard library is all it needs.

#![allow(dead_code, reason = "each test uses the part it needs")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A server on a free port; it is killed when it is dropped.
pub struct Server {
    child: Child,
    address: String,
}

/// What a server answered.
pub struct Answer {
    status: u16,
    body: String,
}

fn command(binary: &str, arguments: &[&str]) -> Command {
    let free = "127.0.0.1:0";
    let mut command = Command::new(binary);
    command.args(["--http", free, "--ws", "", "--admin", ""]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

impl Server {
    /// Starts a binary and waits for the line of its log that says where it serves.
    pub fn start(binary: &str, arguments: &[&str]) -> Self {
        let mut child = command(binary, arguments).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut before = String::new();
        let address = log.find_map(|line| {
            let plain = without_colours(&line);
            let found = plain.split(' ').find_map(|word| word.strip_prefix("http="));
            before.push_str(&plain);
            before.push('\n');
            found.map(str::to_owned)
        });
        let Some(address) = address else { panic!("it does not serve:\n{before}") };
        // A log that nobody reads would stop the server in the end.
        thread::spawn(move || log.for_each(drop));
        Self { child, address }
    }

    /// Starts a binary that must not start, and returns what it says.
    pub fn refused(binary: &str, arguments: &[&str]) -> String {
        let output = command(binary, arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Sends a request, with a body if there is one, and reads the answer.
    pub fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Project-ID: example\r\n\
             Client-ID: 3381af92-2b9e-11e3-b191-71861300734c\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
            self.address
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
        Answer { status, body }
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Answer {
    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line without the escape sequences of terminals.
fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut parts = line.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}
