//! The server with a stage of its own.

use std::process::ExitCode;

use mask_stage::Mask;
use sukkal_server::Stages;

fn main() -> ExitCode {
    sukkal_server::cli::main(&sukkal_drivers::registry(), Stages::default().with(Mask))
}
