//! Every case, over every transport its operation is bound to, on every driver.

mod matrix;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};
use matrix::{Matrix, ignored, manual_clock};
use sukkal_conformance::case::{Case, Need};
use sukkal_conformance::cases;
use sukkal_conformance::service::Transport;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let matrix = Arc::new(Matrix::start(manual_clock));
    let mut trials = Vec::new();
    for (at, driver) in matrix.drivers.iter().enumerate() {
        for transport in Transport::ALL {
            let fitting = cases::all().filter(|case| case.fits(transport));
            trials.extend(fitting.map(|case| {
                let kind = format!("{}/{transport}", driver.name);
                trial(&matrix, at, transport, case).with_kind(kind)
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(matrix) = Arc::into_inner(matrix) {
        matrix.stop();
    }
    conclusion.exit_code()
}

fn trial(matrix: &Arc<Matrix>, driver: usize, transport: Transport, case: Case) -> Trial {
    let matrix = Arc::clone(matrix);
    Trial::ignorable_test(case.short_name(), move || {
        let server = match &matrix.drivers[driver].server {
            Ok(server) => server,
            Err(reason) => return ignored(reason),
        };
        let alone = case.needs.contains(&Need::Clock);
        let running = server.run(alone, (case.run)(server.service(transport)));
        matrix.runtime.block_on(running)?;
        Ok(Completion::Completed)
    })
}
