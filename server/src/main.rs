//! The server with the drivers and stages of this repository.

use std::process::ExitCode;

/// Messages are many small, short-lived pieces; measured in `docs/performance.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sukkal_server::cli::main(&sukkal_drivers::registry(), sukkal_server::Stages::default())
}
