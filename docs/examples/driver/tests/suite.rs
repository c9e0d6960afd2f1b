//! Every promise of the storage contract, on this driver: one call.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use sukkal_storage_suite::Subject;

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder for the files");
    let file = {
        let folder = folder.path().to_owned();
        move |name: &str| -> PathBuf { folder.join(name) }
    };
    let (again, opened) = (file.clone(), AtomicUsize::new(0));
    let subject = Subject::new("journal", move || {
        let number = opened.fetch_add(1, Ordering::Relaxed);
        journal_driver::open(file(&format!("{number}.journal")))
    })
    .with_reopen(move |key| journal_driver::open(again(&format!("kept-{key}.journal"))));
    sukkal_storage_suite::main(subject)
}
