//! A driver for URIs like `journal:/var/lib/queues.journal`: every command is written to a file before it takes
//! effect in memory, and opening the store runs the file again.
//!
//! That is a whole driver because of two rules of the storage contract: a mutation is one command value, and what it
//! does depends on nothing but the store and the command. Drivers read no clock and make no ids.

mod code;
mod control;
mod data;
mod journal;
mod outbox;
mod record;

use std::path::PathBuf;
use std::sync::Arc;

use sukkal_storage::{Entry, OpenFuture, OpenOptions, Result, Store};

use crate::journal::Journal;

/// The line that a registry takes.
pub fn entry() -> Entry {
    Entry { schemes: &["journal"], open: open_uri, options: &[], test_uri: None, maintenance: None }
}

/// Opens the store in a file, which is made if it does not exist.
///
/// # Errors
/// The file cannot be read, is damaged, or another process has it open.
pub async fn open(path: PathBuf) -> Result<Store> {
    let journal = Arc::new(Journal::open(&path).await?);
    Ok(Store { control: journal.clone(), data: journal })
}

fn open_uri(uri: String, options: OpenOptions) -> OpenFuture {
    Box::pin(async move {
        let path = uri.split_once(':').map_or("", |(_, path)| path);
        let path = if path.is_empty() { "queues.journal" } else { path };
        std::fs::create_dir_all(&options.data_dir).map_err(journal::unusable)?;
        open(options.data_dir.join(path)).await
    })
}
