//! The command line.

mod options;
mod store;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sukkal_storage::Registry;

pub use options::Options;
pub use store::StoreCommand;

use crate::config::{self, Config, ConfigError, Sources, Table};
use crate::encryption::{KeyError, KeyRing};
use crate::log::LogError;
use crate::run::{self, RunError};
use crate::stage::{StageError, Stages};

/// A messaging service that speaks the Zaqar API over HTTP and WebSocket.
#[derive(Debug, Parser)]
#[command(name = "sukkal", version, max_term_width = 100)]
pub struct Cli {
    /// What configures the server.
    #[command(flatten)]
    pub options: Options,
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Runs the service; the same as no command.
    Serve,
    /// Shows or checks the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Looks after the store while no server runs.
    #[command(subcommand)]
    Store(StoreCommand),
}

/// What to do with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Shows every option with its effective value and where that came from.
    Show,
    /// Checks a file by itself, without variables and flags.
    Check {
        /// The file.
        file: PathBuf,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Logging cannot be set up.
    #[error("{0}")]
    Log(#[from] LogError),
    /// A pipeline cannot be built.
    #[error("{0}")]
    Stage(#[from] StageError),
    /// A key of queues that encrypt cannot be used.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The server did not start.
    #[error("{0}")]
    Run(#[from] RunError),
    /// The store cannot be read, or is not sound.
    #[error("{0}")]
    Store(String),
    /// What the command says cannot be written, or the runtime cannot be started.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// Reads the command line, does what it says with these drivers and stages, and reports on standard error what went
/// wrong.
pub fn main(registry: &Registry, stages: Stages) -> ExitCode {
    let cli = Cli::parse();
    let environment: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match execute(cli, environment, registry, stages, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed too.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what a command line says in this environment, with these drivers and stages.
///
/// # Errors
/// As the variants of [`CliError`] say.
pub fn execute(
    cli: Cli,
    environment: Vec<(String, String)>,
    registry: &Registry,
    stages: Stages,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let sources = cli.options.sources(environment)?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(registry, stages, &sources),
        Command::Config(ConfigCommand::Show) => show(&sources, out),
        Command::Config(ConfigCommand::Check { file }) => check(&file, &stages, out),
        Command::Store(command) => {
            let config = Config::from_settings(config::load(Table::standard(), &sources)?)?;
            runtime()?.block_on(store::execute(command, registry, &config, out))
        }
    }
}

fn serve(registry: &Registry, stages: Stages, sources: &Sources) -> Result<(), CliError> {
    let config = Config::from_settings(config::load(Table::standard(), sources)?)?;
    crate::log::start(&config.log)?;
    runtime()?.block_on(run::run(registry, stages, &config))?;
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Shows values even when they do not work together, so that one can see why.
fn show(sources: &Sources, out: &mut dyn Write) -> Result<(), CliError> {
    let settings = config::load(Table::standard(), sources)?;
    out.write_all(config::show(&settings).as_bytes())?;
    Config::from_settings(settings)?;
    Ok(())
}

fn check(file: &Path, stages: &Stages, out: &mut dyn Write) -> Result<(), CliError> {
    let sources = Sources { file: Some(file.to_owned()), ..Sources::default() };
    let config = Config::from_settings(config::load(Table::standard(), &sources)?)?;
    stages.check(&config.pipelines)?;
    KeyRing::open(&config.encryption)?;
    for warning in config.warnings() {
        writeln!(out, "{}: warning: {warning}", file.display())?;
    }
    writeln!(out, "{}: ok", file.display())?;
    Ok(())
}

#[cfg(test)]
mod tests;
