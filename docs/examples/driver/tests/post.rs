//! Posts through the binary, with this driver as its only one.

#[path = "../../server.rs"]
mod server;

use std::path::Path;

use server::Server;

fn server(folder: &Path) -> Server {
    let folder = folder.to_str().expect("a plain path");
    let words = ["--data-dir", folder, "--store", "journal:posts.journal"];
    Server::start(env!("CARGO_BIN_EXE_journal-driver"), &words)
}

#[test]
fn what_was_posted_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path());
    let messages = r#"{"messages": [{"body": {"job": 1}, "ttl": 300}, {"body": "two"}]}"#;
    first.call("POST", "/v2/queues/jobs/messages", messages).expect(201);
    first.call("POST", "/v2/queues/jobs/claims?limit=1", "{}").expect(201);
    first.kill();

    let second = server(folder.path());
    let free = second.call("GET", "/v2/queues/jobs/messages?echo=true", "").expect(200);
    let stats = second.call("GET", "/v2/queues/jobs/stats", "").expect(200);

    assert!(free.contains("\"two\"") && !free.contains("\"job\""), "{free}");
    assert!(stats.contains(r#""claimed": 1, "free": 1"#), "{stats}");
}

#[test]
fn a_file_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().expect("a plain path").to_owned();
    let _first = server(folder.path());

    let words = ["--data-dir", &path, "--store", "journal:posts.journal"];
    let told = Server::refused(env!("CARGO_BIN_EXE_journal-driver"), &words);

    assert!(told.contains("another process has it open"), "{told}");
}
