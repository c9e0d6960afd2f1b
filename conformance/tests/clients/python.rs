//! The clients written in Python, in an environment of their own.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::Failed;

use crate::deployment::Deployment;
use crate::program::{ClientTrial, Program, Unusable, finish, last_line};

/// The trials of `clients/python`.
#[derive(Default)]
pub(crate) struct Python {
    interpreter: OnceLock<Result<PathBuf, Unusable>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/python")
}

impl Program for Python {
    fn trials(&self) -> Result<Vec<ClientTrial>, String> {
        // The list needs no package. Without any Python it is one line, so that the trials are missed.
        let listed = finish(python("python3").arg("--list"));
        match listed {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                Ok(text.lines().map(ClientTrial::read).collect())
            }
            Err(problem) if problem.contains("os error 2") => {
                Ok(vec![ClientTrial::read("python\teverything\t")])
            }
            Err(problem) => Err(problem),
        }
    }

    fn prepare(&self) -> Result<(), Unusable> {
        self.interpreter.get_or_init(install).as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn run(&self, trial: &ClientTrial, deployment: &Deployment) -> Result<(), Failed> {
        let interpreter = self.interpreter.get().and_then(|found| found.as_ref().ok()).unwrap();
        let mut command = python(interpreter);
        command.arg(&trial.client).arg(&trial.name);
        deployment.tell(trial, &mut command);
        finish(&mut command).map(drop).map_err(Failed::from)
    }
}

/// The program, read by an interpreter.
fn python(interpreter: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(folder().join("trials.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Makes an environment with the packages, or finds the one that an earlier run made.
fn install() -> Result<PathBuf, Unusable> {
    if let Some(given) = std::env::var_os("CONFORMANCE_PYTHON") {
        return Ok(given.into());
    }
    let requirements = folder().join("requirements.txt");
    let mut hasher = DefaultHasher::new();
    std::fs::read(&requirements).unwrap().hash(&mut hasher);
    let place =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{:x}", hasher.finish()));
    let interpreter = place.join("bin/python");
    if place.join("complete").exists() {
        return Ok(interpreter);
    }
    let unusable = |what: &'static str| {
        move |problem: String| Unusable(format!("{what}: {}", last_line(&problem)))
    };
    finish(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place))
        .map_err(unusable("no Python environment can be made"))?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.args(["--retries", "1", "--timeout", "20", "-r"]).arg(&requirements);
    finish(&mut pip).map_err(unusable("pip cannot install the clients"))?;
    std::fs::write(place.join("complete"), "").unwrap();
    Ok(interpreter)
}
