//! A program made of a client, and its trials.

use std::process::{Command, Output};

use libtest_mimic::Failed;
use sukkal_spec::OPERATIONS;

use crate::deployment::Deployment;

/// Why a client cannot be used here.
#[derive(Clone, Debug)]
pub(crate) struct Unusable(pub(crate) String);

/// One thing that a client does.
#[derive(Clone)]
pub(crate) struct ClientTrial {
    /// The client, as its trials are grouped by.
    pub(crate) client: String,
    /// The command or method.
    pub(crate) name: String,
    /// The operations it calls.
    pub(crate) operations: Vec<String>,
}

impl ClientTrial {
    /// Reads `client name operation,operation`.
    pub(crate) fn read(line: &str) -> Self {
        let mut words = line.split('\t').map(str::to_owned);
        let (client, name) = (words.next().unwrap(), words.next().unwrap());
        let operations = words.next().unwrap_or_default();
        let operations =
            operations.split(',').filter(|each| !each.is_empty()).map(str::to_owned).collect();
        Self { client, name, operations }
    }

    /// An operation that it calls and that the server does not have.
    pub(crate) fn missing_operation(&self) -> Option<&str> {
        let known = |name: &&String| OPERATIONS.iter().any(|info| info.name == **name);
        self.operations.iter().find(|name| !known(name)).map(String::as_str)
    }

    /// Whether it is about pools.
    pub(crate) fn is_pooled(&self) -> bool {
        let pooled = |name: &String| name.starts_with("pool_") || name.starts_with("flavor_");
        self.operations.iter().any(pooled)
    }
}

/// A program that runs trials by name.
pub(crate) trait Program: Send + Sync {
    /// The trials it has.
    ///
    /// # Errors
    /// The program is broken.
    fn trials(&self) -> Result<Vec<ClientTrial>, String>;

    /// Installs what it needs, once.
    ///
    /// # Errors
    /// It cannot be had here.
    fn prepare(&self) -> Result<(), Unusable>;

    /// Runs one trial against a deployment.
    ///
    /// # Errors
    /// What the program said.
    fn run(&self, trial: &ClientTrial, deployment: &Deployment) -> Result<(), Failed>;
}

/// Runs a command to its end; what it printed is the reason if it fails.
pub(crate) fn finish(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    Err(format!("{}\n{}{}", output.status, texts[0], texts[1]))
}

/// The last line of what a command printed.
pub(crate) fn last_line(text: &str) -> &str {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default()
}
