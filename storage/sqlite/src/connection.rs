//! Opening files: the lock, the checks before SQLite touches anything, the settings of connections.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use diesel::{Connection, SqliteConnection};
use sukkal_storage::{Durability, Result, StorageError};

use crate::config::{Config, Location};
use crate::schema::{self, Found};

/// How every database file of SQLite begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Pages the writer keeps, in KiB. The rest stands in the page cache of the system.
const WRITER_CACHE_KIB: u32 = 8192;

/// Pages each reader keeps, in KiB.
const READER_CACHE_KIB: u32 = 1024;

/// How large the write-ahead log may stay on disk after it was written back, in bytes.
const WAL_KEPT_BYTES: u64 = 64 << 20;

/// The exclusive use of a store, ended by dropping it.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Takes the exclusive use of a file.
///
/// # Errors
/// `Unusable` if another process has it, or the folder cannot be written.
pub(crate) fn lock(path: &Path) -> Result<Lock> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let refuse = |error: &std::io::Error| unusable(path, &format!("{}: {error}", name.display()));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|error| refuse(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(unusable(path, "it is in use by another process")),
        Err(TryLockError::Error(error)) => Err(refuse(&error)),
    }
}

/// Makes the folder of a store if its URI named none.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| unusable(folder, &error.to_string()))
}

/// Refuses a file that is no database, before SQLite sees it and what lies beside it.
pub(crate) fn check_header(path: &Path) -> Result<()> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(path, &error.to_string())),
    };
    let mut start = Vec::new();
    let read = Read::by_ref(&mut file).take(16).read_to_end(&mut start);
    read.map_err(|error| unusable(path, &error.to_string()))?;
    if start.is_empty() || start == MAGIC {
        Ok(())
    } else {
        Err(unusable(path, "it is not a SQLite database"))
    }
}

/// Opens the connection that writes; a new file gets its page size and journal here.
///
/// Triggers are recursive, because only then they see the rows that `REPLACE` removes.
pub(crate) fn open_writer(config: &Config) -> Result<SqliteConnection> {
    let mut connection = establish(&config.location)?;
    let settings = format!(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = {};
         PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {WAL_KEPT_BYTES};
         PRAGMA recursive_triggers = ON;
         PRAGMA cache_size = -{WRITER_CACHE_KIB}; {COMMON}",
        config.synchronous.word()
    );
    schema::set(&mut connection, &settings).map_err(|error| explain(&config.location, error))?;
    if let Some(pages) = config.max_page_count {
        schema::set(&mut connection, &format!("PRAGMA max_page_count = {pages}"))?;
    }
    Ok(connection)
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(config: &Config) -> Result<SqliteConnection> {
    let mut connection = establish(&config.location)?;
    let settings = format!(
        "PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB};
         PRAGMA wal_autocheckpoint = 0; {COMMON}"
    );
    schema::set(&mut connection, &settings)?;
    Ok(connection)
}

/// Opens the connection that writes the log back into the file.
pub(crate) fn open_checkpointer(config: &Config) -> Result<SqliteConnection> {
    let mut connection = establish(&config.location)?;
    let settings = format!(
        "PRAGMA synchronous = {}; PRAGMA cache_size = -64; {COMMON}",
        config.synchronous.word()
    );
    schema::set(&mut connection, &settings)?;
    Ok(connection)
}

const COMMON: &str = "PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;";

/// Checks the marks of a file and brings its schema up to date.
pub(crate) fn prepare(connection: &mut SqliteConnection, location: &Location) -> Result<()> {
    let found = schema::recognize(connection).map_err(|error| explain(location, error))?;
    if found == Found::Store(schema::SCHEMA_VERSION) {
        return Ok(());
    }
    schema::migrate(connection).map_err(|error| explain(location, error))?;
    if let Location::File(path) = location {
        sync_folder(path)?;
    }
    Ok(())
}

/// The durability in force, read back from the connection that writes.
pub(crate) fn durability(
    connection: &mut SqliteConnection,
    location: &Location,
) -> Result<Durability> {
    if *location == Location::Memory {
        return Ok(Durability::None);
    }
    let wal = "SELECT journal_mode = 'wal' AS value FROM pragma_journal_mode";
    let is_wal = schema::number(connection, wal)? == 1;
    let synchronous = schema::pragma(connection, "synchronous")?;
    Ok(if is_wal && synchronous >= 2 { Durability::Synced } else { Durability::Process })
}

/// Names the file in an error of opening.
pub(crate) fn explain(location: &Location, error: StorageError) -> StorageError {
    let reason = match error {
        StorageError::Unusable(reason) | StorageError::Unavailable { reason, .. } => reason,
        other => other.to_string(),
    };
    match location {
        Location::File(path) => unusable(path, &reason),
        Location::Memory => StorageError::Unusable(reason),
    }
}

fn unusable(path: &Path, reason: &str) -> StorageError {
    StorageError::Unusable(format!("{}: {reason}", path.display()))
}

fn establish(location: &Location) -> Result<SqliteConnection> {
    let url = match location {
        Location::Memory => ":memory:",
        Location::File(path) => {
            path.to_str().ok_or_else(|| unusable(path, "its path is not UTF-8"))?
        }
    };
    SqliteConnection::establish(url)
        .map_err(|error| explain(location, StorageError::Unusable(error.to_string())))
}

/// Makes the name of a new file as durable as its content.
fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| unusable(path, &error.to_string()))
}
