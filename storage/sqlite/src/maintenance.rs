//! What an operator does with a file that no server has open.

use std::path::Path;

use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use sukkal_storage::{MessageId, OpenOptions, Result, StorageError, decode_messages};

use crate::config::Config;
use crate::connection;
use crate::error::unavailable;
use crate::row::{MessageColumns, MessageRow, columns, stored};
use crate::schema::{self, Found};
use crate::statement::statement;

/// How many messages are checked at once.
const STEP: i64 = 256;

/// How many findings a report names.
const NAMED: usize = 100;

statement! {
    /// Reads messages in the order of their rows.
    NextMessages { after: i64 => BigInt, limit: i64 => BigInt } -> MessageColumns
        = concat!("SELECT ", columns!(), ", NULL, NULL FROM message m WHERE m.seq > ? \
           ORDER BY m.seq LIMIT ?");
}

statement! {
    /// Reads transfers in the order of their rows, as messages.
    NextTransfers { after: i64 => BigInt, limit: i64 => BigInt } -> MessageColumns
        = "SELECT key, 0, id, ttl, created_at, expires_at, NULL, client, format, crc, checksum, \
           attributes, body, 0, NULL, NULL FROM transfer WHERE key > ? ORDER BY key LIMIT ?";
}

statement! {
    /// Reads entries of the outbox in the order of their rows.
    NextEntries { after: i64 => BigInt, limit: i64 => BigInt } -> (BigInt, BigInt, BigInt, Binary)
        = "SELECT key, marker, count, messages FROM outbox WHERE key > ? ORDER BY key LIMIT ?";
}

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// How many messages were read and compared with their checksums.
    pub messages: u64,
    /// Messages that are not what was stored; at most a hundred are named.
    pub damaged: Vec<MessageId>,
    /// What SQLite says about the structure of the file; empty when it is sound.
    pub structure: Vec<String>,
}

impl CheckReport {
    /// Tells whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.structure.is_empty()
    }
}

/// What [`status`] says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// The schema version of the file; 0 for an empty one.
    pub schema_version: i64,
    /// The schema version this program writes.
    pub current_version: i64,
    /// The size of the file in bytes, without its log.
    pub bytes: u64,
    /// How many of those bytes are free for new messages.
    pub free_bytes: u64,
}

/// Checks a whole file: its structure, its indexes and the checksum of every message, also of those in the outbox.
///
/// Reads the whole file, so it takes a while.
///
/// # Errors
/// `Unusable` for a file that is missing, is no store, is of a newer schema, or is in use.
pub fn check(path: &Path) -> Result<CheckReport> {
    let mut open = Opened::existing(path)?;
    let mut report =
        CheckReport { structure: structure(&mut open.connection)?, ..CheckReport::default() };
    report.read(&mut open.connection, |connection, after| {
        NextMessages { after, limit: STEP }.load(connection)
    })?;
    report.read(&mut open.connection, |connection, after| {
        NextTransfers { after, limit: STEP }.load(connection)
    })?;
    if schema::recognize(&mut open.connection)? == Found::Store(schema::SCHEMA_VERSION) {
        report.read_outbox(&mut open.connection).map_err(|error| unavailable(&error))?;
    }
    Ok(report)
}

/// Brings the schema of a file to the version of this program; makes the file if there is none.
///
/// # Errors
/// `Unusable` for a file that is no store, is of a newer schema, or is in use.
pub fn migrate(path: &Path) -> Result<()> {
    let mut open = Opened::any(path)?;
    connection::prepare(&mut open.connection, &open.config.location)
}

/// Reads the versions and sizes of a file.
///
/// # Errors
/// `Unusable` for a file that is missing, is no store, is of a newer schema, or is in use.
pub fn status(path: &Path) -> Result<FileStatus> {
    let mut open = Opened::existing(path)?;
    let connection = &mut open.connection;
    let found = schema::recognize(connection)?;
    let size = schema::pragma(connection, "page_size")?;
    let pages = schema::pragma(connection, "page_count")?;
    let free = schema::pragma(connection, "freelist_count")?;
    Ok(FileStatus {
        schema_version: match found {
            Found::Empty => 0,
            Found::Store(version) => version,
        },
        current_version: schema::SCHEMA_VERSION,
        bytes: (size * pages).cast_unsigned(),
        free_bytes: (size * free).cast_unsigned(),
    })
}

/// A file that this call alone has open.
struct Opened {
    connection: SqliteConnection,
    config: Config,
    _lock: connection::Lock,
}

impl Opened {
    fn existing(path: &Path) -> Result<Self> {
        if !path.is_file() {
            return Err(StorageError::Unusable(format!(
                "{}: there is no such file",
                path.display()
            )));
        }
        let mut open = Self::any(path)?;
        schema::recognize(&mut open.connection)
            .map_err(|error| connection::explain(&open.config.location, error))?;
        Ok(open)
    }

    fn any(path: &Path) -> Result<Self> {
        let options = OpenOptions { data_dir: path.into(), now: 0, options: Vec::new() };
        let mut config = Config::parse("sqlite:", &options)?;
        config.location = crate::config::Location::File(path.into());
        connection::check_header(path)?;
        let lock = connection::lock(path)?;
        let connection = connection::open_writer(&config)?;
        Ok(Self { connection, config, _lock: lock })
    }
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

fn structure(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let findings: Vec<Finding> = sql_query("PRAGMA integrity_check")
        .load(connection)
        .map_err(|error| unavailable(&error))?;
    let findings = findings.into_iter().map(|finding| finding.integrity_check);
    Ok(findings.filter(|finding| finding != "ok").collect())
}

impl CheckReport {
    fn read_outbox(&mut self, connection: &mut SqliteConnection) -> diesel::QueryResult<()> {
        let mut after = i64::MIN;
        loop {
            let before = after;
            for row in (NextEntries { after, limit: STEP }).load_iter(connection)? {
                let (key, marker, count, messages): (i64, i64, i64, Vec<u8>) = row?;
                after = key;
                let count = usize::try_from(count).unwrap_or(0);
                self.messages += count as u64;
                let read = decode_messages(messages.into(), marker, count);
                if let (Err(error), true) = (read, self.structure.len() < NAMED) {
                    self.structure.push(format!("entry {key} of the outbox: {error}"));
                }
            }
            if after == before {
                return Ok(());
            }
        }
    }

    fn read(
        &mut self,
        connection: &mut SqliteConnection,
        mut next: impl FnMut(&mut SqliteConnection, i64) -> diesel::QueryResult<Vec<MessageRow>>,
    ) -> Result<()> {
        let mut after = i64::MIN;
        loop {
            let rows = next(connection, after).map_err(|error| unavailable(&error))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.0;
            for row in rows {
                self.messages += 1;
                match stored(row, 0) {
                    Err(StorageError::Damaged(id)) if self.damaged.len() < NAMED => {
                        self.damaged.push(id);
                    }
                    Err(error) if self.structure.len() < NAMED => {
                        self.structure.push(error.to_string());
                    }
                    _ => {}
                }
            }
        }
    }
}
