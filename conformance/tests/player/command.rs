//! The command: exit codes and files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::fake::{FakeHttp, reply};

const VECTORS: &str = r#"{"id": "s/01", "group": "g", "profile": "base", "scenario": "s", "kind": "http", "request": {"method": "GET", "path": "/good", "headers": {}, "body": null}, "response": {"status": 200, "headers": {}, "body": null}}
{"id": "t/01", "group": "h", "profile": "base", "scenario": "t", "kind": "http", "request": {"method": "GET", "path": "/bad", "headers": {}, "body": null}, "response": {"status": 200, "headers": {}, "body": null}}
"#;

struct Run {
    directory: TempDir,
    server: FakeHttp,
}

impl Run {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("v.jsonl"), VECTORS).unwrap();
        let server = FakeHttp::start(|request| match request.target() {
            "GET /good" => reply(200, &[], ""),
            _ => reply(500, &[], ""),
        })
        .await;
        Self { directory, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn command(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sukkal-conformance"));
        command
            .args(["--skip-cases", "--http", &self.server.url(), "--vectors"])
            .arg(self.directory.path())
            .args(more);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn fails_if_anything_selected_fails() {
    let run = Run::new().await;

    assert_eq!(run.command(&[]).await.status.code(), Some(1));
    assert_eq!(run.command(&["--group", "g"]).await.status.code(), Some(0));
    assert_eq!(run.command(&["--exclude-group", "h"]).await.status.code(), Some(0));
    assert_eq!(run.command(&["--scenario", "t"]).await.status.code(), Some(1));
}

#[tokio::test]
async fn playing_nothing_at_all_is_no_success() {
    let run = Run::new().await;

    assert_eq!(run.command(&["--profile", "topics"]).await.status.code(), Some(1));
}

#[tokio::test]
async fn with_an_expectation_only_its_ids_count() {
    let run = Run::new().await;
    let (passed, both) = (run.path("passed.txt"), run.path("both.txt"));
    fs::write(&both, "s/01\nt/01\n").unwrap();

    run.command(&["--list-passed", text(&passed)]).await;

    assert_eq!(fs::read_to_string(&passed).unwrap(), "s/01\n");
    assert_eq!(run.command(&["--expect", text(&passed)]).await.status.code(), Some(0));
    let regressed = run.command(&["--expect", text(&both)]).await;
    assert_eq!(regressed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&regressed.stdout).contains("REGRESSION t/01"));
}

#[tokio::test]
async fn an_expectation_of_unknown_ids_is_an_error() {
    let run = Run::new().await;
    let list = run.path("list.txt");
    fs::write(&list, "s/99\n").unwrap();

    assert_eq!(run.command(&["--expect", text(&list)]).await.status.code(), Some(2));
}

#[tokio::test]
async fn the_report_holds_every_result() {
    let run = Run::new().await;
    let path = run.path("report.json");

    let output = run.command(&["--report", text(&path)]).await;

    let report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(report["totals"]["passed"], 1);
    assert_eq!(report["exchanges"][1]["id"], "t/01");
    assert_eq!(report["exchanges"][1]["outcome"], "failed");
    assert_eq!(report["exchanges"][1]["got"]["status"], 500);
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .contains("FAILED     t/01: status: expected 200, got 500")
    );
}

#[tokio::test]
async fn cases_that_fail_are_told_and_reported() {
    let run = Run::new().await;
    let path = run.path("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sukkal-conformance"));
    command.args(["--http", &run.server.url(), "--skip-recorded", "--case", "versions::"]);
    command.args(["--name", "fake", "--report"]).arg(&path);

    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("FAILED     [http] versions::needs_no_header_at_all"), "{printed}");
    let report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let versions = &report["cases"]["fake"]["http"]["versions"];
    assert_eq!(versions["passed"], 0);
    assert!(versions["failed"]["versions::needs_no_header_at_all"].is_string(), "{versions}");
}

#[tokio::test]
async fn cases_without_what_they_need_are_ignored_and_say_why() {
    let run = Run::new().await;
    let path = run.path("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sukkal-conformance"));
    command.args(["--http", &run.server.url(), "--skip-recorded", "--report"]).arg(&path);
    command.args(["--case", "claim_get::tells_its_age"]);

    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();

    let report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let reason =
        &report["cases"]["server"]["http"]["claim_get"]["ignored"]["claim_get::tells_its_age"];
    assert_eq!(reason, "needs a clock");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("cases: 0 passed, 0 failed, 3 ignored"), "{printed}");
    assert_eq!(output.status.code(), Some(1), "running nothing at all is no success");
}
