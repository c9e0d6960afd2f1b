//! What an operator is told about a file: the reports behind `sukkal store`.

use std::path::PathBuf;

use sukkal_storage::{Maintenance, OpenOptions, Report, ReportFuture, Result, StorageError};

use crate::config::{Config, Location};
use crate::maintenance::{check, migrate, status};

/// The maintenance this driver offers.
pub(crate) fn maintenance() -> Maintenance {
    Maintenance {
        migrate: |uri, options| report(uri, options, migrated),
        status: |uri, options| report(uri, options, stated),
        check: |uri, options| report(uri, options, checked),
    }
}

fn report(uri: String, options: OpenOptions, make: fn(PathBuf) -> Result<Report>) -> ReportFuture {
    Box::pin(async move {
        let config = Config::parse(&uri, &options)?;
        let Location::File(path) = config.location else {
            return Err(StorageError::Unusable(format!("{uri}: a store in memory has no file")));
        };
        let made = tokio::task::spawn_blocking(move || make(path)).await;
        made.map_err(|_| StorageError::unavailable("the work was cancelled"))?
    })
}

fn migrated(path: PathBuf) -> Result<Report> {
    migrate(&path)?;
    stated(path)
}

fn stated(path: PathBuf) -> Result<Report> {
    let found = status(&path)?;
    Ok(Report {
        is_sound: found.schema_version == found.current_version,
        lines: vec![
            format!("file: {}", path.display()),
            format!("schema: {} (this program: {})", found.schema_version, found.current_version),
            format!("size: {} bytes, {} of them free", found.bytes, found.free_bytes),
        ],
    })
}

fn checked(path: PathBuf) -> Result<Report> {
    let found = check(&path)?;
    let mut lines = vec![format!("{} messages read", found.messages)];
    lines.extend(found.structure.iter().map(|line| format!("structure: {line}")));
    lines.extend(found.damaged.iter().map(|id| format!("damaged message: {id}")));
    Ok(Report { is_sound: found.is_sound(), lines })
}
