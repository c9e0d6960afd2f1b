//! The recorded exchanges of the existing service, on every driver: what passed once must go on passing.

mod matrix;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use matrix::{Driver, Matrix, Server, ignored, wall_time};
use sukkal_conformance::recorded::{Options, Outcome, Report, Vectors, play};
use sukkal_server::clock::Clock;

/// The least share of error texts that are equal, in percent.
const EQUAL_TEXTS: f64 = 95.0;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let matrix = Arc::new(Matrix::start(Clock::system).with_pools(Clock::system));
    let trials = (0..matrix.drivers.len()).map(|at| {
        let shared = Arc::clone(&matrix);
        let name = matrix.drivers[at].name;
        let trial = Trial::ignorable_test("recorded::what_passed_once_passes", move || {
            let server = match &shared.drivers[at].server {
                Ok(server) => server,
                Err(reason) => return ignored(reason),
            };
            let mut report = shared.runtime.block_on(Box::pin(run(server, &["base", "topics"])));
            let mut pooled = shared.pooled.iter().filter(|driver| driver.name == name);
            if let Some(Driver { server: Ok(server), .. }) = pooled.next() {
                let more = shared.runtime.block_on(Box::pin(run(server, &["pooled"])));
                report.exchanges.extend(more.exchanges);
            }
            compare(name, &report)?;
            Ok(Completion::Completed)
        });
        trial.with_kind(name)
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if let Some(matrix) = Arc::into_inner(matrix) {
        matrix.stop();
    }
    conclusion.exit_code()
}

async fn run(server: &Server, profiles: &[&str]) -> Report {
    let vectors = Vectors::embedded().expect("the recorded exchanges are well-formed");
    let mut options = Options::new(&server.http, vectors, wall_time());
    options.websocket = Some(server.websocket.clone());
    options.selection.profiles = profiles.iter().map(|&profile| profile.to_owned()).collect();
    options.pool_uris = server.target.pool_uris().to_vec();
    Box::pin(play(&options)).await
}

fn list_file(driver: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("recorded/passing-{driver}.txt"))
}

/// Compares with the list of what must pass, which only grows: `UPDATE=1` adds to it and removes nothing.
fn compare(driver: &str, report: &Report) -> Result<(), Failed> {
    let path = list_file(driver);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let wanted: BTreeSet<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let passed: BTreeSet<&str> = report.passed().collect();
    let lost: Vec<&str> = wanted.difference(&passed).copied().collect();
    if !lost.is_empty() {
        return Err(regressions(report, &lost).into());
    }
    let percent = report.totals().texts_percent().unwrap_or_default();
    if percent < EQUAL_TEXTS {
        return Err(format!("only {percent:.1} % of the error texts are equal").into());
    }
    let gained: Vec<&str> = passed.difference(&wanted).copied().collect();
    if gained.is_empty() {
        return Ok(());
    }
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        let all: String = wanted.union(&passed).flat_map(|id| [*id, "\n"]).collect();
        return std::fs::write(&path, all).map_err(Failed::from);
    }
    let hint =
        format!("pass and are not listed; add them to {} or run with UPDATE=1", path.display());
    Err(format!("{} {hint}", gained.join(", ")).into())
}

fn regressions(report: &Report, lost: &[&str]) -> String {
    let reason = |id: &&str| {
        let exchange = report.exchanges.iter().find(|exchange| exchange.id == **id);
        let reason = match exchange.map(|exchange| &exchange.outcome) {
            Some(Outcome::Failed { reason, .. } | Outcome::NotPlayed { reason }) => reason,
            _ => "was not played",
        };
        format!("{id}: {reason}\n")
    };
    lost.iter().map(reason).collect()
}
