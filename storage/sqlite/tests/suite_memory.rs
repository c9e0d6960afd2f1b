//! The storage suite against a store in memory.

use std::process::ExitCode;

use sukkal_storage::OpenOptions;
use sukkal_storage_suite::Subject;

fn main() -> ExitCode {
    sukkal_storage_suite::main(Subject::new("sqlite-memory", || {
        let options = OpenOptions { data_dir: "/".into(), now: 0, options: Vec::new() };
        (sukkal_storage_sqlite::entry().open)("sqlite::memory:".into(), options)
    }))
}
