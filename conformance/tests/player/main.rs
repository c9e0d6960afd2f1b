//! Plays small recordings against servers that answer rightly and wrongly: the player must notice.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod command;
mod deployment;
mod fake;
mod http;
mod websocket;

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use sukkal_conformance::recorded::{Options, Outcome, Report, Vectors, play};

/// Makes a recording of one scenario from its exchanges, each given as kind, request and response.
fn recording(profile: &str, exchanges: &[(&str, Value, Value)]) -> Vectors {
    let lines: Vec<String> = exchanges
        .iter()
        .enumerate()
        .map(|(at, (kind, request, response))| {
            json!({
                "id": format!("s/{:02}", at + 1), "group": "g", "profile": profile, "scenario": "s",
                "kind": kind, "request": request, "response": response,
            })
            .to_string()
        })
        .collect();
    Vectors::parse([("recording", lines.join("\n").as_str())]).unwrap()
}

fn options(http: &str, vectors: Vectors) -> Options {
    let mut options = Options::new(http, vectors, UNIX_EPOCH + Duration::from_secs(1_769_860_800));
    options.selection.profiles.clear();
    options
}

async fn outcomes(options: &Options) -> Vec<Outcome> {
    play(options).await.exchanges.into_iter().map(|exchange| exchange.outcome).collect()
}

/// Each outcome as `passed`, the reason of a failure, or `needs …`.
async fn summary(options: &Options) -> Vec<String> {
    outcomes(options).await.into_iter().map(describe).collect()
}

fn describe(outcome: Outcome) -> String {
    match outcome {
        Outcome::Passed { .. } => "passed".to_owned(),
        Outcome::Failed { reason, .. } | Outcome::NotPlayed { reason } => reason,
    }
}

fn counts(report: &Report) -> (usize, usize, usize) {
    let totals = report.totals();
    (totals.passed, totals.failed, totals.not_played)
}
