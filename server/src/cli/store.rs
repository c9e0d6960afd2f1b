//! `sukkal store`: what an operator does with a store that no server has open.

use std::io::Write;

use clap::Subcommand;
use sukkal_storage::{OpenOptions, Registry, Report};

use super::CliError;
use crate::clock::Clock;
use crate::config::{Config, mask_uri};

/// What to do with the store.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum StoreCommand {
    /// Brings the schema of the store to the version of this program.
    Migrate,
    /// Shows versions and sizes.
    Status,
    /// Reads everything and compares it with its checksums; changes nothing.
    Check,
}

/// Does it with the store that the configuration names.
///
/// # Errors
/// The store cannot be read, is not sound, or has no such command.
pub(super) async fn execute(
    command: StoreCommand,
    registry: &Registry,
    config: &Config,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let uri = &config.storage.uri;
    let entry = registry.entry_for(uri);
    let Some(maintenance) = entry.and_then(|entry| entry.maintenance) else {
        let text = format!("{}: this kind of store has no such command", mask_uri(uri));
        return Err(CliError::Store(text));
    };
    let work = match command {
        StoreCommand::Migrate => maintenance.migrate,
        StoreCommand::Status => maintenance.status,
        StoreCommand::Check => maintenance.check,
    };
    let options = OpenOptions {
        data_dir: config.storage.data_dir.clone(),
        now: Clock::system().now(),
        options: config.storage.options.clone(),
    };
    let report =
        work(uri.clone(), options).await.map_err(|error| CliError::Store(error.to_string()))?;
    show(&report, out)
}

fn show(report: &Report, out: &mut dyn Write) -> Result<(), CliError> {
    for line in &report.lines {
        writeln!(out, "{line}")?;
    }
    if !report.is_sound {
        return Err(CliError::Store("the store is not sound; nothing was changed".to_owned()));
    }
    writeln!(out, "sound")?;
    Ok(())
}
