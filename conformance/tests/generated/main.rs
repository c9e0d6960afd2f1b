//! What must hold for every operation, made from the specification: a new operation is covered without a change here.
//!
//! - `agreement`: HTTP and the WebSocket end the same way for the same input, and leave the same behind.
//! - `isolation`: a call from another project sees nothing and changes nothing, whatever ids it names.

#[path = "../matrix/mod.rs"]
mod matrix;
#[path = "../specification/mod.rs"]
mod specification;

mod agreement;
mod inputs;
mod isolation;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use matrix::{Matrix, Server, ignored, manual_clock};
use sukkal_conformance::service::Transport;
use sukkal_spec::{OPERATIONS, OperationInfo};

/// What one trial is about.
#[derive(Clone, Copy)]
enum Subject {
    Agreement,
    Isolation(Transport),
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let matrix = Arc::new(Matrix::start(manual_clock).with_pools(manual_clock));
    let mut trials = Vec::new();
    for (at, driver) in matrix.drivers.iter().enumerate() {
        for info in OPERATIONS.iter().copied().filter(|info| is_served(info)) {
            for subject in subjects(info) {
                trials.push(trial(&matrix, at, driver.name, info, subject));
            }
        }
    }
    // Pools and flavors belong to the whole deployment: there is no isolation to ask for.
    for (at, driver) in matrix.servers(true).iter().enumerate() {
        let pooled = OPERATIONS.iter().copied().filter(|info| needs_pools(info));
        for info in pooled.filter(|info| info.http.is_some() && info.websocket.is_some()) {
            trials.push(trial(&matrix, at, driver.name, info, Subject::Agreement));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(matrix) = Arc::into_inner(matrix) {
        matrix.stop();
    }
    conclusion.exit_code()
}

/// Whether it is about pools.
fn needs_pools(info: &OperationInfo) -> bool {
    info.available_with.contains(&"pooling")
}

/// Whether the profile turns everything on that the operation needs.
fn is_served(info: &OperationInfo) -> bool {
    let profile = include_str!("../../profiles/compat.toml");
    info.available_with.iter().all(|switch| profile.contains(&format!("{switch} = true")))
}

fn subjects(info: &OperationInfo) -> Vec<Subject> {
    let (http, websocket) = (info.http.is_some(), info.websocket.is_some());
    let mut subjects = Vec::new();
    if http && websocket {
        subjects.push(Subject::Agreement);
    }
    if info.needs_project {
        let bound = Transport::ALL
            .into_iter()
            .filter(|transport| if *transport == Transport::Http { http } else { websocket });
        subjects.extend(bound.map(Subject::Isolation));
    }
    subjects
}

fn trial(
    matrix: &Arc<Matrix>,
    driver: usize,
    driver_name: &str,
    info: &'static OperationInfo,
    subject: Subject,
) -> Trial {
    let (kind, name) = match subject {
        Subject::Agreement => (driver_name.to_owned(), "agreement"),
        Subject::Isolation(transport) => (format!("{driver_name}/{transport}"), "isolation"),
    };
    let matrix = Arc::clone(matrix);
    let run = move || {
        let server = match &matrix.servers(needs_pools(info))[driver].server {
            Ok(server) => server,
            Err(reason) => return ignored(reason),
        };
        // What is refused never reaches a store, so one driver is enough for that.
        let running = run(server, info, subject, driver == 0);
        matrix.runtime.block_on(server.run(needs_pools(info), Box::pin(running)))?;
        Ok(Completion::Completed)
    };
    Trial::ignorable_test(format!("{name}::{}", info.name), run).with_kind(kind)
}

async fn run(
    server: &Server,
    info: &'static OperationInfo,
    subject: Subject,
    with_changes: bool,
) -> Result<(), Failed> {
    match subject {
        Subject::Agreement => agreement::check(server, info, with_changes).await,
        Subject::Isolation(transport) => isolation::check(server, info, transport).await,
    }
}
