//! Clients that others wrote and ship, unmodified, against the server: the `openstack messaging` commands, python-zaqarclient,
//! openstacksdk, gophercloud.
//!
//! They log in at an identity service (`front`) and find the server in its catalogue. Their packages are installed by
//! this test, in the versions that `clients/` pins; where that is not possible the trials are ignored, with the reason.
//!
//! | variable | meaning |
//! |---|---|
//! | `SUKKAL_BINARY` | the server to run |
//! | `CONFORMANCE_PYTHON` | a Python that has the packages of `clients/python/requirements.txt`; nothing is installed then |
//! | `CONFORMANCE_CLIENTS` | `required`: a client that cannot be installed fails its trials |

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a trial fails by panicking; the server is shared"
)]

mod deployment;
mod front;
mod go;
mod program;
mod python;
#[path = "../process/server.rs"]
mod server;

use std::process::ExitCode;
use std::sync::Arc;

use deployment::Deployment;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use program::{Program, Unusable};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let deployment = Arc::new(Deployment::default());
    let programs: [Arc<dyn Program>; 2] =
        [Arc::new(python::Python::default()), Arc::new(go::Go::default())];
    let mut trials = Vec::new();
    for program in programs {
        let listed = program.trials().unwrap_or_else(|problem| panic!("{problem}"));
        for each in listed {
            let (program, deployment) = (Arc::clone(&program), Arc::clone(&deployment));
            let (name, kind) = (each.name.clone(), each.client.clone());
            let trial = Trial::ignorable_test(name, move || {
                if let Some(missing) = each.missing_operation() {
                    return Ok(Completion::ignored_with(format!("there is no {missing} yet")));
                }
                match program.prepare() {
                    Ok(()) => program.run(&each, &deployment).map(|()| Completion::Completed),
                    Err(Unusable(reason)) if is_required() => Err(Failed::from(reason)),
                    Err(Unusable(reason)) => Ok(Completion::ignored_with(reason)),
                }
            });
            trials.push(trial.with_kind(kind));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn is_required() -> bool {
    std::env::var("CONFORMANCE_CLIENTS").is_ok_and(|value| value == "required")
}
