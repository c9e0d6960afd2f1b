//! The storage suite over the registry: every promise of the storage contract, on every driver.

mod matrix;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use matrix::store_uri;
use sukkal_storage::{Entry, OpenOptions, Result, Store};
use sukkal_storage_suite::Subject;
use tempfile::TempDir;

fn main() -> ExitCode {
    let stores = TempDir::new().expect("a folder for the stores");
    let mut worst = ExitCode::SUCCESS;
    for entry in sukkal_drivers::registry().entries() {
        let code =
            sukkal_storage_suite::main(subject(*entry, stores.path().join(entry.schemes[0])));
        if code != ExitCode::SUCCESS {
            worst = code;
        }
    }
    worst
}

fn subject(entry: Entry, folder: PathBuf) -> Subject {
    let name = entry.schemes[0];
    let uri = match store_uri(&entry) {
        Ok(uri) => uri,
        Err(reason) => return Subject::absent(name, &reason),
    };
    let (again, kept) = (uri.clone(), folder.join("kept"));
    let count = AtomicUsize::new(0);
    Subject::new(name, move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        open(entry, uri.clone(), folder.join(number.to_string()))
    })
    .with_reopen(move |key| open(entry, again.clone(), kept.join(key)))
}

async fn open(entry: Entry, uri: String, data_dir: PathBuf) -> Result<Store> {
    (entry.open)(uri, OpenOptions { data_dir, now: 0, options: Vec::new() }).await
}
