//! The server with the drivers of this repository.

use std::process::ExitCode;

fn main() -> ExitCode {
    sukkal_server::cli::main(&sukkal_drivers::registry())
}
