//! Transfers between queues, and dead letters.

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    Body, DeadLetter, FinishTransfers, Message, Millis, QueueKey, ReceiveTransfers, Result,
    SettleTransfers, Transfer, TransferStore,
};

use crate::command::{Command, Query};
use crate::data::SqliteData;
use crate::error::Failure;
use crate::messages::delete::DeleteRow;
use crate::messages::post::{New, append, open};
use crate::row::{Stored, format, later, queue_key, text, uuid, verify};
use crate::session::{Handle, Session};
use crate::statement::statement;

/// How long the id of a received transfer is remembered, in milliseconds.
pub(crate) const RECEIVED_FOR: Millis = 3_600_000;

statement! {
    /// Puts a message into the transfer set.
    AddTransfer<'a> {
        log: i64 => BigInt,
        target_project: &'a [u8] => Binary,
        target_kind: i64 => BigInt,
        target_name: &'a [u8] => Binary,
        id: &'a [u8] => Binary,
        ttl: i64 => BigInt,
        created_at: i64 => BigInt,
        expires_at: i64 => BigInt,
        client: &'a [u8] => Binary,
        format: i64 => BigInt,
        crc: i64 => BigInt,
        checksum: Option<&'a str> => Nullable<Text>,
        attributes: &'a [u8] => Binary,
        body: &'a [u8] => Binary,
    } = "INSERT OR REPLACE INTO transfer (log, target_project, target_kind, target_name, id, ttl, \
           created_at, expires_at, client, format, crc, checksum, attributes, body) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
}

type TransferColumns = (
    (Binary, BigInt, Binary),
    (Binary, BigInt, Binary),
    Binary,
    BigInt,
    BigInt,
    BigInt,
    Binary,
    BigInt,
    BigInt,
    Nullable<Text>,
    Binary,
    Binary,
);

type QueueColumns = (Vec<u8>, i64, Vec<u8>);

type TransferRow = (
    QueueColumns,
    QueueColumns,
    Vec<u8>,
    i64,
    i64,
    i64,
    Vec<u8>,
    i64,
    i64,
    Option<String>,
    Vec<u8>,
    Vec<u8>,
);

macro_rules! transfer_columns {
    () => {
        "SELECT q.project, q.kind, q.name, t.target_project, t.target_kind, t.target_name, t.id, \
         t.ttl, t.created_at, t.expires_at, t.client, t.format, t.crc, t.checksum, t.attributes, t.body "
    };
}

statement! {
    /// Reads pending transfers of a queue, oldest first.
    PendingOf<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        limit: i64 => BigInt,
    } -> TransferColumns
        = concat!(transfer_columns!(), "FROM queue q INDEXED BY queue_name \
           CROSS JOIN transfer t INDEXED BY transfer_log ON t.log = q.log \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? ORDER BY t.key LIMIT ?");
}

statement! {
    /// Reads pending transfers of any queue, oldest first.
    PendingAny { limit: i64 => BigInt } -> TransferColumns
        = concat!(transfer_columns!(), "FROM transfer t \
           CROSS JOIN queue q INDEXED BY queue_log ON q.log = t.log ORDER BY t.key LIMIT ?");
}

statement! {
    /// Removes a message from the transfer set.
    RemoveTransfer<'a> { log: i64 => BigInt, id: &'a [u8] => Binary }
        = "DELETE FROM transfer WHERE log = ? AND id = ?";
}

statement! {
    /// Finds when an id was received.
    ReceivedAt<'a> { queue: i64 => BigInt, id: &'a [u8] => Binary } -> (BigInt,)
        = "SELECT received_at FROM received WHERE queue = ? AND id = ?";
}

statement! {
    /// Remembers that an id was received.
    Remember<'a> { queue: i64 => BigInt, id: &'a [u8] => Binary, received_at: i64 => BigInt }
        = "INSERT OR REPLACE INTO received (queue, id, received_at) VALUES (?, ?, ?)";
}

statement! {
    /// Forgets a received id.
    Forget<'a> { queue: i64 => BigInt, id: &'a [u8] => Binary }
        = "DELETE FROM received WHERE queue = ? AND id = ?";
}

#[async_trait]
impl TransferStore for SqliteData {
    async fn pending(&self, source: Option<&QueueKey>, limit: usize) -> Result<Vec<Transfer>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.0.read(source, Pending { source: source.cloned(), limit }).await
    }

    async fn receive(&self, command: ReceiveTransfers) -> Result<()> {
        self.0.execute(Some(&command.target.clone()), command).await
    }

    async fn finish(&self, command: FinishTransfers) -> Result<()> {
        self.0.execute(Some(&command.source.clone()), command).await
    }

    async fn settle(&self, command: SettleTransfers) -> Result<()> {
        self.0.execute(Some(&command.target.clone()), command).await
    }
}

/// Moves messages out of a queue to where its dead letters go; returns how many wait for the mover.
pub(crate) fn bury(
    session: &mut Session,
    source: Handle,
    rule: &DeadLetter,
    dead: Vec<Stored>,
    now: Millis,
) -> Result<usize, Failure> {
    if dead.is_empty() {
        return Ok(0);
    }
    let target = if rule.same_store { Some(session.find_or_add(&rule.target)?) } else { None };
    let target = target.filter(|handle| !session.queue(*handle).state.sealed);
    let count = dead.len();
    for Stored { seq, message } in dead {
        let letter = letter(message, rule, now);
        DeleteRow { seq }.execute(&mut session.connection)?;
        match target {
            Some(target) => drop(append(session, target, &New::moved(&letter), now)?),
            None => add_transfer(session, source, rule, &letter)?,
        }
    }
    Ok(if target.is_some() { 0 } else { count })
}

/// A message as it will be at the dead-letter queue.
fn letter(message: Message, rule: &DeadLetter, now: Millis) -> Message {
    Message {
        marker: 0,
        ttl: rule.ttl.unwrap_or(message.ttl),
        expires_at: rule.ttl.map_or(message.expires_at, |ttl| later(now, ttl)),
        delay_until: None,
        claim: None,
        claim_count: 0,
        ..message
    }
}

fn add_transfer(
    session: &mut Session,
    source: Handle,
    rule: &DeadLetter,
    letter: &Message,
) -> Result<(), Failure> {
    let new = New::moved(letter);
    let add = AddTransfer {
        log: session.queue(source).log,
        target_project: rule.target.project.as_bytes(),
        target_kind: rule.target.kind as i64,
        target_name: rule.target.name.as_bytes(),
        id: letter.id.as_bytes(),
        ttl: new.ttl,
        created_at: new.created_at,
        expires_at: new.expires_at,
        client: new.client.as_bytes(),
        format: new.body.format as i64,
        crc: new.crc.into(),
        checksum: new.checksum,
        attributes: new.attributes,
        body: &new.body.bytes,
    };
    add.execute(&mut session.connection)?;
    Ok(())
}

struct Pending {
    source: Option<QueueKey>,
    limit: i64,
}

impl Query for Pending {
    type Output = Vec<Transfer>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<Transfer>, Failure> {
        let limit = self.limit;
        let rows: Vec<TransferRow> = match &self.source {
            Some(source) => {
                let (project, name) = (source.project.as_bytes(), source.name.as_bytes());
                PendingOf { project, kind: source.kind as i64, name, limit }.load(connection)?
            }
            None => PendingAny { limit }.load(connection)?,
        };
        Ok(rows.into_iter().map(transfer).collect::<Result<_>>()?)
    }
}

fn transfer(row: TransferRow) -> Result<Transfer> {
    let message = Message {
        id: uuid(&row.2)?,
        marker: 0,
        ttl: row.3,
        created_at: row.4,
        expires_at: row.5,
        delay_until: None,
        body: Body { format: format(row.7)?, bytes: row.11.into() },
        checksum: row.9,
        client_id: text(&row.6)?,
        claim: None,
        claim_count: 0,
        attributes: row.10.into(),
    };
    verify(&message, row.8)?;
    Ok(Transfer {
        source: queue_key((&row.0.0, row.0.1, &row.0.2))?,
        target: queue_key((&row.1.0, row.1.1, &row.1.2))?,
        message,
    })
}

impl Command for ReceiveTransfers {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let handle = open(session, &self.target, self.generation)?;
        let queue = session.queue(handle).key;
        for message in &self.messages {
            let id = message.id.as_bytes();
            let known: Option<(i64,)> =
                ReceivedAt { queue, id }.get_result(&mut session.connection).optional()?;
            if known.is_some_and(|(at,)| at.saturating_add(RECEIVED_FOR) > self.now) {
                continue;
            }
            Remember { queue, id, received_at: self.now }.execute(&mut session.connection)?;
            append(session, handle, &New::moved(message), self.now)?;
        }
        Ok(())
    }
}

impl Command for FinishTransfers {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.source)? else { return Ok(()) };
        let log = session.queue(handle).log;
        for id in &self.ids {
            RemoveTransfer { log, id: id.as_bytes() }.execute(&mut session.connection)?;
        }
        Ok(())
    }
}

impl Command for SettleTransfers {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.target)? else { return Ok(()) };
        let queue = session.queue(handle).key;
        for id in &self.ids {
            Forget { queue, id: id.as_bytes() }.execute(&mut session.connection)?;
        }
        Ok(())
    }
}
