//! A mail server in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// A mail server and the folder it puts mail into. It ends when this is dropped.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    process: Child,
}

/// An interpreter that has the package of the mail server.
pub(crate) fn python() -> Result<&'static Path, &'static str> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let has_package = |name: &&&str| {
            let mut asked = Command::new(name);
            asked.args(["-c", "import aiosmtpd"]).stderr(Stdio::null());
            asked.status().is_ok_and(|status| status.success())
        };
        ["python3", "/usr/bin/python3"].iter().find(has_package).map(PathBuf::from)
    });
    found.as_deref().ok_or("no Python here has the package aiosmtpd")
}

impl MailServer {
    /// Starts one, `plain`, `starttls` or `tls`, with a certificate for `localhost`.
    pub(crate) fn start(mode: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        if mode != "plain" {
            certify(folder.path());
        }
        // Free a moment ago; nothing else here asks for that one.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|tcp| tcp.local_addr());
        let port = port.expect("a free port").port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/smtpd.py");
        let mut process = Command::new(python().expect("it was found"))
            .arg(script)
            .arg(folder.path())
            .args([mode, &port.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says something");
        assert_eq!(line.trim(), "ready");
        Self { port, folder, process }
    }

    /// The file of the authority that its certificate is from.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// What is known of mail number `n`, from 1, and its text; it must have come.
    pub(crate) fn mail(&self, n: usize) -> (Value, String) {
        let path = self.folder.path().join(format!("{n:04}"));
        let told = std::fs::read(path.with_extension("json")).expect("it came");
        let text = std::fs::read_to_string(path.with_extension("eml")).expect("it came");
        (serde_json::from_slice(&told).expect("JSON"), text)
    }

    /// How much mail came.
    pub(crate) fn count(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder").flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes an authority, and a certificate of it for `localhost` and 127.0.0.1.
fn certify(folder: &Path) {
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj '/CN=Tests' -keyout ca.key -out ca.crt \
        && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
        -keyout tls.key -out tls.csr \
        && printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' > names \
        && openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out tls.crt";
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output();
    let made = made.expect("a shell runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
