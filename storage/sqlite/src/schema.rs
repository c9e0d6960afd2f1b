//! The schema of a store: its marks in the file header, and its migrations.
//!
//! The tables and indexes stand in `migrations/`, each statement beside the code that runs it.

use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use sukkal_storage::{Result, StorageError};

use crate::error::unavailable;

/// The mark in the header of every store: `SUKK`.
pub(crate) const APPLICATION_ID: i64 = 0x5355_4B4B;

/// The schema this version writes.
pub(crate) const SCHEMA_VERSION: i64 = 3;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// A message that is free, perhaps expired.
pub(crate) const FREE: i64 = 2;
/// A message whose delay has not passed, or has and it is not promoted yet.
pub(crate) const DELAYED: i64 = 3;
/// A message under a claim that lives, or has ended and it is not promoted yet.
pub(crate) const CLAIMED: i64 = 4;
/// What stands for no claim; the keys of claims are above.
pub(crate) const NO_CLAIM: i64 = 1 << 32;

/// What the header of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No table yet.
    Empty,
    /// A store of this schema version.
    Store(i64),
}

/// Reads the marks of an open file.
///
/// # Errors
/// `Unusable` for a file of another program and for a newer schema.
pub(crate) fn recognize(connection: &mut SqliteConnection) -> Result<Found> {
    let application = pragma(connection, "application_id")?;
    if application == APPLICATION_ID {
        let version = pragma(connection, "user_version")?;
        if version > SCHEMA_VERSION {
            return Err(StorageError::Unusable(format!(
                "its schema version is {version}, this program knows {SCHEMA_VERSION}: \
                 use the program that wrote it or a newer one"
            )));
        }
        return Ok(Found::Store(version));
    }
    let tables = number(
        connection,
        "SELECT count(*) AS value FROM sqlite_schema WHERE name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    if application == 0 && tables == 0 {
        return Ok(Found::Empty);
    }
    Err(StorageError::Unusable("the file belongs to another program".into()))
}

/// Brings the schema to this version.
pub(crate) fn migrate(connection: &mut SqliteConnection) -> Result<()> {
    connection
        .run_pending_migrations(MIGRATIONS)
        .map(|_| ())
        .map_err(|error| StorageError::Unusable(format!("a migration failed: {error}")))
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = sql_types::BigInt)]
    value: i64,
}

/// Reads one number; the text must call it `value`.
pub(crate) fn number(connection: &mut SqliteConnection, text: &str) -> Result<i64> {
    let row: Number = sql_query(text).get_result(connection).map_err(|e| unavailable(&e))?;
    Ok(row.value)
}

/// Reads a pragma that is a number.
pub(crate) fn pragma(connection: &mut SqliteConnection, name: &str) -> Result<i64> {
    number(connection, &format!("SELECT {name} AS value FROM pragma_{name}"))
}

/// Sets pragmas.
pub(crate) fn set(connection: &mut SqliteConnection, text: &str) -> Result<()> {
    connection.batch_execute(text).map_err(|error| unavailable(&error))
}

#[cfg(test)]
mod tests {
    use diesel::Connection;

    use super::*;

    #[test]
    fn a_schema_can_be_taken_back_and_keeps_what_the_one_before_knows() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        migrate(&mut connection).unwrap();
        set(
            &mut connection,
            "INSERT INTO record VALUES (X'70', 0, X'71', 2, 7, X'7b7d'), (X'70', 1, X'71', 0, 8, X'7b7d');
             INSERT INTO queue (key, project, kind, name, log, generation, sealed, next_marker)
               VALUES (1, X'70', 0, X'71', 1, 2, 0, 5), (2, X'70', 1, X'71', 2, 0, 0, 5);
             INSERT INTO subscription (queue, id, subscriber, ttl, created_at, expires_at, confirmed,
               options, follower, state)
               VALUES (1, X'01', X'61', 60, 1, 90, 1, X'7b7d', 0, 1), (1, X'02', X'62', 60, 1, 95, 1, X'7b7d', 1, 0);",
        )
        .unwrap();
        let count = |connection: &mut SqliteConnection, table: &str| {
            number(connection, &format!("SELECT count(*) AS value FROM {table}")).unwrap()
        };

        connection.revert_last_migration(MIGRATIONS).unwrap();
        let second = recognize(&mut connection).unwrap();
        let subscriptions = count(&mut connection, "subscription");
        connection.revert_last_migration(MIGRATIONS).unwrap();
        let first = recognize(&mut connection).unwrap();
        let (records, queues) = (count(&mut connection, "record"), count(&mut connection, "queue"));
        migrate(&mut connection).unwrap();
        let kind = "SELECT revision * 10 + kind AS value FROM record";

        assert_eq!((second, subscriptions), (Found::Store(2), 1));
        assert_eq!((first, records, queues), (Found::Store(1), 1, 1));
        assert_eq!(recognize(&mut connection).unwrap(), Found::Store(SCHEMA_VERSION));
        assert_eq!(number(&mut connection, kind).unwrap(), 70);
    }
}
