//! The client written in Go.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::Failed;

use crate::deployment::Deployment;
use crate::program::{ClientTrial, Program, Unusable, finish, last_line};

/// The trials of `clients/go`.
#[derive(Default)]
pub(crate) struct Go {
    binary: OnceLock<Result<PathBuf, Unusable>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/go")
}

impl Program for Go {
    fn trials(&self) -> Result<Vec<ClientTrial>, String> {
        let path = folder().join("trials.txt");
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        Ok(text.lines().map(ClientTrial::read).collect())
    }

    fn prepare(&self) -> Result<(), Unusable> {
        self.binary.get_or_init(build).as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn run(&self, trial: &ClientTrial, deployment: &Deployment) -> Result<(), Failed> {
        let binary = self.binary.get().and_then(|found| found.as_ref().ok()).unwrap();
        let mut command = Command::new(binary);
        command.arg(&trial.name);
        deployment.tell(trial, &mut command);
        finish(&mut command).map(drop).map_err(Failed::from)
    }
}

fn build() -> Result<PathBuf, Unusable> {
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gophercloud-trials");
    let mut command = Command::new("go");
    command.args(["build", "-mod=readonly", "-o"]).arg(&binary).arg(".").current_dir(folder());
    let built =
        finish(command.env("GOTOOLCHAIN", "local").env("GOFLAGS", "").env("CGO_ENABLED", "0"));
    built.map_err(|problem| {
        Unusable(format!("the Go program cannot be built: {}", last_line(&problem)))
    })?;
    Ok(binary)
}
