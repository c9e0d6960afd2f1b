//! The storage suite on the memory driver.

use std::process::ExitCode;

use sukkal_storage_suite::Subject;

fn main() -> ExitCode {
    let subject = Subject::new("memory", || async { Ok(sukkal_storage_memory::open()) })
        .with_reopen(|_key| async { Ok(sukkal_storage_memory::open()) });
    sukkal_storage_suite::main(subject)
}
