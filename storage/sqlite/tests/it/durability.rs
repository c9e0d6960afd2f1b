//! No post is acknowledged before the sync that covers it: seen from outside, by its system calls.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::posting::{message, open, post};

const FOLDER: &str = "SUKKAL_TEST_DURABILITY_FOLDER";
const POSTS: usize = 20;

#[tokio::test]
#[ignore = "runs under strace as the child of the test below"]
async fn posts_and_writes_down_each_answer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let store = open(folder, &[]).await.unwrap();
    let mut answers = File::create(folder.join("answers")).unwrap();

    for _ in 0..POSTS {
        post(&store, vec![message(1024)]).await.unwrap();
        answers.write_all(b"stored\n").unwrap();
    }
}

#[test]
fn no_answer_comes_before_the_sync_that_covers_it() {
    let can_trace = Command::new("strace").args(["-f", "true"]).stderr(Stdio::null()).status();
    if !can_trace.is_ok_and(|status| status.success()) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("trace");

    let status = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "durability::posts_and_writes_down_each_answer"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();

    assert!(status.success());
    let trace = std::fs::read_to_string(trace).unwrap();
    assert_eq!(answers_after_their_sync(&trace), POSTS);
}

/// Follows the calls; panics at an answer while something written to the log is not synced.
fn answers_after_their_sync(trace: &str) -> usize {
    let mut syncing = HashSet::new();
    let mut is_written = false;
    let mut is_synced = false;
    let mut answers = 0;
    for line in trace.lines() {
        let (process, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        let is_sync = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        if call.starts_with("pwrite64(") && call.contains("sukkal.db-wal>") {
            (is_written, is_synced) = (true, false);
        } else if is_sync && call.contains("sukkal.db-wal>") {
            if call.contains("<unfinished") {
                syncing.insert(process);
            } else if call.ends_with("= 0") {
                is_synced = is_written;
            }
        } else if call.contains("sync resumed>") && syncing.remove(process) {
            is_synced = is_written && call.ends_with("= 0");
        } else if call.starts_with("write(") && call.contains("/answers>") {
            assert!(is_synced, "answer {answers} came before its sync: {line}");
            (is_written, is_synced) = (false, false);
            answers += 1;
        }
    }
    answers
}
