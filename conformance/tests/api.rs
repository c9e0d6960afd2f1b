//! Every case, over every transport its operation is bound to, on every driver.

mod matrix;

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use matrix::{Matrix, manual_clock};
use sukkal_conformance::case::{Case, Need};
use sukkal_conformance::cases;
use sukkal_conformance::report::{CaseReport, Outcome, document, junit, markdown};
use sukkal_conformance::run::attempt;
use sukkal_conformance::service::Transport;

struct Suite {
    matrix: Matrix,
    /// Servers with small limits, for the cases that need them.
    limits: Matrix,
    reports: Mutex<Vec<CaseReport>>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suite = Arc::new(Suite {
        matrix: Matrix::start(manual_clock).with_pools(manual_clock),
        limits: Matrix::start_as("limits", manual_clock),
        reports: Mutex::default(),
    });
    let mut trials = Vec::new();
    for pooled in [false, true] {
        for (at, driver) in suite.matrix.servers(pooled).iter().enumerate() {
            for transport in Transport::ALL {
                let fitting =
                    cases::all().filter(|case| case.fits(transport) && needs_pools(case) == pooled);
                trials.extend(fitting.map(|case| {
                    let kind = format!("{}/{transport}", driver.name);
                    trial(&suite, at, transport, case).with_kind(kind)
                }));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(suite) = Arc::into_inner(suite) {
        write_report(&suite.reports.into_inner().expect("no trial panics"));
        suite.matrix.stop();
        suite.limits.stop();
    }
    conclusion.exit_code()
}

fn needs_pools(case: &Case) -> bool {
    case.needs.contains(&Need::Pools)
}

fn trial(suite: &Arc<Suite>, driver: usize, transport: Transport, case: Case) -> Trial {
    let suite = Arc::clone(suite);
    Trial::ignorable_test(case.short_name(), move || {
        let matrix = if case.needs.contains(&Need::Limits) { &suite.limits } else { &suite.matrix };
        let driver = &matrix.servers(needs_pools(&case))[driver];
        let outcome = match &driver.server {
            Err(reason) => Outcome::Ignored(reason.clone()),
            Ok(server) => {
                let running =
                    server.run(case.runs_alone(), attempt(&case, server.service(transport)));
                matrix.runtime.block_on(running)
            }
        };
        let report = CaseReport::new(driver.name, transport, &case, outcome.clone());
        suite.reports.lock().expect("no trial panics").push(report);
        match outcome {
            Outcome::Passed => Ok(Completion::Completed),
            Outcome::Failed(reason) => Err(Failed::from(reason)),
            Outcome::Ignored(reason) => Ok(Completion::ignored_with(reason)),
        }
    })
}

/// Writes what ran to `conformance/report.json` in the target folder, and its views beside it.
fn write_report(reports: &[CaseReport]) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder");
    let folder = target.join("conformance");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let files = [
        ("report.json", format!("{:#}\n", document(reports))),
        ("report.xml", junit(reports, None)),
        ("report.md", markdown(reports, None)),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("the report can be written");
    }
}
