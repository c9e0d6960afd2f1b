//! The server with a driver of its own, and no other.

use std::process::ExitCode;

use sukkal_server::Stages;
use sukkal_storage::Registry;

fn main() -> ExitCode {
    sukkal_server::cli::main(&Registry::new().with(journal_driver::entry()), Stages::default())
}
