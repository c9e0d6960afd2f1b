//! The storage suite against a store in a file.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use sukkal_storage::{OpenOptions, Result, Store};
use sukkal_storage_suite::Subject;
use tempfile::TempDir;

fn main() -> ExitCode {
    let stores = TempDir::new().expect("a folder for the stores");
    let kept = TempDir::new().expect("a folder for the stores that are opened again");
    let (stores_path, kept_path) = (stores.path().to_owned(), kept.path().to_owned());
    let count = AtomicUsize::new(0);
    let subject = Subject::new("sqlite", move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        open(stores_path.join(number.to_string()))
    });
    let subject = subject.with_reopen(move |key| open(kept_path.join(key)));
    sukkal_storage_suite::main(subject)
}

async fn open(data_dir: std::path::PathBuf) -> Result<Store> {
    let options = OpenOptions { data_dir, now: 0, options: Vec::new() };
    (sukkal_storage_sqlite::entry().open)("sqlite:".into(), options).await
}
