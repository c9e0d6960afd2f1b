//! The command `sukkal-conformance`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io, panic};

use clap::Parser;
use sukkal_conformance::case::Level;
use sukkal_conformance::client::ClientError;
use sukkal_conformance::recorded::{
    self, Options, Report, Selection, Table, Vectors, VectorsError,
};
use sukkal_conformance::report::{self, CaseReport, Outcome};
use sukkal_conformance::run::{Chosen, run_all};
use sukkal_conformance::service::Target;

/// Plays recorded exchanges against a messaging server, compares the answers, and runs every case.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Base URL of the HTTP API, like http://127.0.0.1:8888
    #[arg(long)]
    http: String,
    /// URL of the WebSocket API, like ws://127.0.0.1:9000
    #[arg(long)]
    ws: Option<String>,
    /// Profiles the server is set up for: base, topics, pooled, limits
    #[arg(long, value_delimiter = ',', default_value = "base")]
    profile: Vec<String>,
    /// Play only these groups
    #[arg(long, value_delimiter = ',')]
    group: Vec<String>,
    /// Leave these groups out
    #[arg(long, value_delimiter = ',')]
    exclude_group: Vec<String>,
    /// Play only these scenarios
    #[arg(long, value_delimiter = ',')]
    scenario: Vec<String>,
    /// A storage URI the server can use for a pool; give three or more for the pooled profile
    #[arg(long)]
    pool_uri: Vec<String>,
    /// Read the exchanges from this directory instead of the built-in ones
    #[arg(long)]
    vectors: Option<PathBuf>,
    /// Write every result as JSON to this file
    #[arg(long)]
    report: Option<PathBuf>,
    /// Write every result as JUnit XML to this file
    #[arg(long)]
    junit: Option<PathBuf>,
    /// Write the counts and what failed as Markdown to this file
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Run the cases of this level only; without it both are run, and the result says how each level did
    #[arg(long)]
    level: Option<Level>,
    /// Write the ids of the exchanges that passed to this file
    #[arg(long)]
    list_passed: Option<PathBuf>,
    /// Fail only if an exchange whose id is in this file does not pass
    #[arg(long)]
    expect: Option<PathBuf>,
    /// Scenarios played at the same time
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Seconds to wait for each answer
    #[arg(long, default_value_t = 10)]
    timeout: u64,
    /// Leave the cases out: only play recorded exchanges
    #[arg(long)]
    skip_cases: bool,
    /// Leave the recorded exchanges out: only run cases
    #[arg(long, conflicts_with_all = ["skip_cases", "expect", "list_passed"])]
    skip_recorded: bool,
    /// Run only cases whose name contains this
    #[arg(long, default_value = "")]
    case: String,
    /// What the report calls the server, such as the store it uses
    #[arg(long, default_value = "server")]
    name: String,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Vectors(#[from] VectorsError),
    #[error("{path}: {reason}")]
    File { path: PathBuf, reason: io::Error },
    #[error("{path} names exchanges that do not exist: {ids}")]
    UnknownIds { path: PathBuf, ids: String },
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
    #[error(transparent)]
    Client(#[from] ClientError),
}

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(run(&Arguments::parse())).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // Standard error is the last resort: if it is gone too, the exit code still tells.
            let _ = writeln!(io::stderr(), "sukkal-conformance: {failure}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let vectors = match &arguments.vectors {
        Some(directory) => Vectors::read(directory)?,
        None => Vectors::embedded()?,
    };
    let expected = match &arguments.expect {
        Some(path) => Some(read_expected(path, &vectors)?),
        None => None,
    };
    let report = if arguments.skip_recorded {
        None
    } else {
        Some(Box::pin(recorded::play(&options(arguments, vectors))).await)
    };
    let cases = if arguments.skip_cases { Vec::new() } else { run_cases(arguments).await? };
    write_files(arguments, report.as_ref(), &cases)?;
    let mut out = io::stdout().lock();
    let mut success = report.is_some() || report::totals(&cases)[0] > 0;
    if let Some(report) = &report {
        write!(out, "{}", Table(report))?;
        success &= match &expected {
            None => report.is_success(),
            Some(expected) => {
                let regressions = report.regressions(expected);
                for exchange in &regressions {
                    writeln!(out, "REGRESSION {}", exchange.id)?;
                }
                regressions.is_empty()
            }
        };
    }
    print_cases(&mut out, &cases)?;
    Ok(success && report::totals(&cases)[1] == 0)
}

async fn run_cases(arguments: &Arguments) -> Result<Vec<CaseReport>, Failure> {
    let timeout = Duration::from_secs(arguments.timeout);
    let mut target = Target::new(&arguments.http, arguments.ws.as_deref(), timeout)?;
    if arguments.profile.iter().any(|profile| profile == "limits") {
        target = target.with_small_limits();
    }
    if arguments.profile.iter().any(|profile| profile == "pooled") {
        target = target.with_pool_uris(arguments.pool_uri.clone());
    }
    let target = Arc::new(target);
    // A case that fails panics, and its message goes into the report.
    panic::set_hook(Box::new(|_| {}));
    let chosen = Chosen { part: &arguments.case, level: arguments.level };
    let reports = run_all(&target, &arguments.name, chosen, arguments.jobs).await;
    drop(panic::take_hook());
    Ok(reports)
}

fn print_cases(out: &mut impl Write, cases: &[CaseReport]) -> io::Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    for case in cases {
        if let Outcome::Failed(reason) = &case.outcome {
            writeln!(out, "FAILED     [{}] {}: {reason}", case.transport, case.name)?;
        }
    }
    for level in Level::ALL {
        let [passed, failed, ignored] =
            report::totals(cases.iter().filter(|case| case.level == level));
        writeln!(out, "{level} cases: {passed} passed, {failed} failed, {ignored} ignored")?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the one place where a run learns the wall time")]
fn options(arguments: &Arguments, vectors: Vectors) -> Options {
    Options {
        http: arguments.http.clone(),
        websocket: arguments.ws.clone(),
        vectors,
        selection: Selection {
            groups: arguments.group.clone(),
            excluded_groups: arguments.exclude_group.clone(),
            profiles: arguments.profile.clone(),
            scenarios: arguments.scenario.clone(),
        },
        pool_uris: arguments.pool_uri.clone(),
        jobs: arguments.jobs,
        timeout: Duration::from_secs(arguments.timeout),
        now: SystemTime::now(),
    }
}

fn read_expected(path: &Path, vectors: &Vectors) -> Result<Vec<String>, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|reason| Failure::File { path: path.to_owned(), reason })?;
    let ids: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let unknown: Vec<&str> = ids
        .iter()
        .map(String::as_str)
        .filter(|id| !vectors.ids().any(|known| known == *id))
        .collect();
    if unknown.is_empty() {
        Ok(ids)
    } else {
        Err(Failure::UnknownIds { path: path.to_owned(), ids: unknown.join(", ") })
    }
}

fn write_files(
    arguments: &Arguments,
    report: Option<&Report>,
    cases: &[CaseReport],
) -> Result<(), Failure> {
    let write = |path: &Path, text: String| {
        fs::write(path, text).map_err(|reason| Failure::File { path: path.to_owned(), reason })
    };
    if let Some(path) = &arguments.report {
        let mut document = serde_json::json!({ "levels": report::levels(cases), "cases": report::document(cases) });
        if let Some(report) = report {
            document["totals"] = serde_json::json!(report.totals());
            document["exchanges"] = serde_json::json!(report.exchanges);
        }
        write(path, format!("{document:#}\n"))?;
    }
    if let Some(path) = &arguments.junit {
        write(path, report::junit(cases, report))?;
    }
    if let Some(path) = &arguments.markdown {
        write(path, report::markdown(cases, report))?;
    }
    if let (Some(path), Some(report)) = (&arguments.list_passed, report) {
        write(path, report.passed().flat_map(|id| [id, "\n"]).collect())?;
    }
    Ok(())
}
