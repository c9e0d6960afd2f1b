//! The logs of attempts: rows of the row of their subscription.

use std::collections::BTreeMap;

use bytes::Bytes;
use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{ListAttempts, LogAttempts, Result};

use crate::command::{Command, Query};
use crate::error::Failure;
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Finds the row of a subscription.
    SubscriptionKey<'a> { queue: i64 => BigInt, id: &'a [u8] => Binary } -> (BigInt,)
        = "SELECT key FROM subscription INDEXED BY subscription_id WHERE queue = ? AND id = ?";
}

statement! {
    /// Finds the number of the newest attempt.
    LastAttempt { subscription: i64 => BigInt } -> (BigInt,)
        = "SELECT number FROM attempt WHERE subscription = ? ORDER BY number DESC LIMIT 1";
}

statement! {
    /// Adds an attempt.
    AddAttempt<'a> {
        subscription: i64 => BigInt,
        number: i64 => BigInt,
        record: &'a [u8] => Binary,
    } = "INSERT INTO attempt (subscription, number, record) VALUES (?, ?, ?)";
}

statement! {
    /// Forgets old attempts.
    ForgetAttempts { subscription: i64 => BigInt, up_to: i64 => BigInt }
        = "DELETE FROM attempt WHERE subscription = ? AND number <= ?";
}

statement! {
    /// Reads the attempts of a subscription, newest first.
    NewestAttempts<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        id: &'a [u8] => Binary,
        limit: i64 => BigInt,
    } -> (Binary,)
        = "SELECT a.record FROM queue q INDEXED BY queue_name \
           CROSS JOIN subscription s INDEXED BY subscription_id ON s.queue = q.key \
           CROSS JOIN attempt a ON a.subscription = s.key \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? AND s.id = ? \
           ORDER BY a.number DESC LIMIT ?";
}

impl Command for LogAttempts {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(()) };
        let queue = session.queue(handle).key;
        let mut logs: BTreeMap<_, Vec<&Bytes>> = BTreeMap::new();
        for attempt in &self.attempts {
            logs.entry(attempt.subscription).or_default().push(&attempt.record);
        }
        for (id, records) in logs {
            let find = SubscriptionKey { queue, id: id.as_bytes() };
            let found: Option<(i64,)> = find.get_result(&mut session.connection).optional()?;
            if let Some((subscription,)) = found {
                add(&mut session.connection, subscription, &records, self.keep)?;
            }
        }
        Ok(())
    }
}

/// Adds to one log, which keeps so many; what would be forgotten at once is left out.
fn add(
    connection: &mut SqliteConnection,
    subscription: i64,
    records: &[&Bytes],
    keep: usize,
) -> Result<(), Failure> {
    let last: Option<(i64,)> = LastAttempt { subscription }.get_result(connection).optional()?;
    let mut number = last.map_or(0, |(number,)| number);
    for record in &records[records.len().saturating_sub(keep)..] {
        number += 1;
        AddAttempt { subscription, number, record }.execute(connection)?;
    }
    let up_to = number.saturating_sub(i64::try_from(keep).unwrap_or(i64::MAX));
    ForgetAttempts { subscription, up_to }.execute(connection)?;
    Ok(())
}

impl Query for ListAttempts {
    type Output = Vec<Bytes>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<Bytes>, Failure> {
        let newest = NewestAttempts {
            project: self.queue.project.as_bytes(),
            kind: self.queue.kind as i64,
            name: self.queue.name.as_bytes(),
            id: self.subscription.as_bytes(),
            limit: i64::try_from(self.limit).unwrap_or(i64::MAX),
        };
        let rows: Vec<(Vec<u8>,)> = newest.load(connection)?;
        Ok(rows.into_iter().map(|(record,)| Bytes::from(record)).collect())
    }
}
