//! Claims.

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    Claim, ClaimId, ClaimMark, ClaimStore, CreateClaim, DeleteClaim, GetClaim, Message, Millis,
    Result, StorageError, UpdateClaim, extended_below,
};

use crate::command::{Command, Query};
use crate::data::SqliteData;
use crate::error::Failure;
use crate::messages::free::oldest_free;
use crate::messages::promote::release;
use crate::queues::find_log;
use crate::row::{MessageColumns, MessageRow, Stored, all_stored, columns, later, messages};
use crate::session::{Handle, Session};
use crate::statement::statement;
use crate::transfers::bury;

statement! {
    /// Finds a claim, live or not.
    FindClaim<'a> { id: &'a [u8] => Binary, log: i64 => BigInt }
        -> (BigInt, BigInt, BigInt, BigInt)
        = "SELECT key, ttl, created_at, expires_at FROM claim INDEXED BY claim_id \
           WHERE id = ? AND log = ?";
}

statement! {
    /// Reads the messages of a claim: their rows are in the order of their places.
    MessagesOf { claim: i64 => BigInt } -> MessageColumns
        = concat!("SELECT ", columns!(), ", c.id, c.expires_at \
           FROM message m INDEXED BY message_claim CROSS JOIN claim c ON c.key = m.claim \
           WHERE m.claim = ? AND m.claim > 4294967296 ORDER BY m.seq");
}

statement! {
    /// Adds a claim.
    AddClaim<'a> {
        key: i64 => BigInt,
        log: i64 => BigInt,
        id: &'a [u8] => Binary,
        ttl: i64 => BigInt,
        created_at: i64 => BigInt,
        expires_at: i64 => BigInt,
    } = "INSERT INTO claim (key, log, id, ttl, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)";
}

statement! {
    /// Puts a message under a claim.
    Hold { claim: i64 => BigInt, claim_count: i64 => BigInt, seq: i64 => BigInt }
        = "UPDATE message SET state = 4, claim = ?, claim_count = ? WHERE seq = ?";
}

statement! {
    /// Lets a message live longer.
    Extend { expires_at: i64 => BigInt, ttl: i64 => BigInt, seq: i64 => BigInt }
        = "UPDATE message SET expires_at = ?, ttl = ? WHERE seq = ?";
}

statement! {
    /// Lets the messages of a claim live longer that would end before it.
    ExtendAll {
        expires_at: i64 => BigInt,
        ttl: i64 => BigInt,
        claim: i64 => BigInt,
        before: i64 => BigInt,
    } = "UPDATE message INDEXED BY message_claim SET expires_at = ?, ttl = ? \
         WHERE claim = ? AND claim > 4294967296 AND expires_at < ?";
}

statement! {
    /// Lets the messages of a claim live as long as the claim.
    KeepAll { expires_at: i64 => BigInt, claim: i64 => BigInt, before: i64 => BigInt }
        = "UPDATE message INDEXED BY message_claim SET expires_at = ? \
           WHERE claim = ? AND claim > 4294967296 AND expires_at < ?";
}

statement! {
    /// Starts a claim anew.
    Renew { ttl: i64 => BigInt, created_at: i64 => BigInt, expires_at: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE claim SET ttl = ?, created_at = ?, expires_at = ? WHERE key = ?";
}

#[async_trait]
impl ClaimStore for SqliteData {
    async fn create(&self, command: CreateClaim) -> Result<Claim> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn get(&self, query: GetClaim) -> Result<Claim> {
        self.0.read(Some(&query.queue.clone()), query).await
    }

    async fn update(&self, command: UpdateClaim) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn delete(&self, command: DeleteClaim) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }
}

/// A claim as it stands in the store.
struct Found {
    key: i64,
    ttl: i64,
    created_at: Millis,
    expires_at: Millis,
}

fn find(
    connection: &mut SqliteConnection,
    log: i64,
    id: ClaimId,
) -> Result<Option<Found>, Failure> {
    let row: Option<(i64, i64, i64, i64)> =
        FindClaim { id: id.as_bytes(), log }.get_result(connection).optional()?;
    Ok(row.map(|(key, ttl, created_at, expires_at)| Found { key, ttl, created_at, expires_at }))
}

/// Reads a live claim that has messages.
fn read(
    connection: &mut SqliteConnection,
    found: &Found,
    id: ClaimId,
    now: Millis,
) -> Result<Option<Claim>, Failure> {
    if found.expires_at <= now {
        return Ok(None);
    }
    let rows: Vec<MessageRow> = MessagesOf { claim: found.key }.load(connection)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let messages = messages(all_stored(rows, now)?);
    let Found { ttl, created_at, .. } = *found;
    Ok(Some(Claim { id, ttl, created_at, messages, transferred: 0 }))
}

impl Command for CreateClaim {
    type Output = Claim;

    fn run(&self, session: &mut Session) -> Result<Claim, Failure> {
        let nothing = Claim {
            id: self.id,
            ttl: self.ttl,
            created_at: self.now,
            messages: Vec::new(),
            transferred: 0,
        };
        let Some(handle) = session.find(&self.queue)? else { return Ok(nothing) };
        let log = session.queue(handle).log;
        if let Some(found) = find(&mut session.connection, log, self.id)? {
            if let Some(claim) = read(&mut session.connection, &found, self.id, self.now)? {
                return Ok(claim);
            }
            release(&mut session.connection, found.key)?;
        }
        let taken = oldest_free(session, handle, self.limit, self.now)?;
        let is_living = |each: &Stored| {
            let rule = self.dead_letter.as_ref();
            rule.is_none_or(|rule| each.message.claim_count < rule.max_claim_count)
        };
        let (living, dead): (Vec<Stored>, Vec<Stored>) = taken.into_iter().partition(is_living);
        let messages = hold(self, session, handle, living)?;
        let transferred = match &self.dead_letter {
            Some(rule) => bury(session, handle, rule, dead, self.now)?,
            None => 0,
        };
        Ok(Claim { messages, transferred, ..nothing })
    }
}

/// Puts messages under a new claim.
fn hold(
    command: &CreateClaim,
    session: &mut Session,
    handle: Handle,
    living: Vec<Stored>,
) -> Result<Vec<Message>, Failure> {
    if living.is_empty() {
        return Ok(Vec::new());
    }
    let expires_at = later(command.now, command.ttl);
    let key = session.take_claim();
    session.expect_due(handle, expires_at);
    let log = session.queue(handle).log;
    let (id, ttl, created_at) = (command.id.as_bytes(), command.ttl, command.now);
    let connection = &mut session.connection;
    AddClaim { key, log, id, ttl, created_at, expires_at }.execute(connection)?;
    let mut held = Vec::with_capacity(living.len());
    for Stored { seq, mut message } in living {
        message.claim = Some(ClaimMark { id: command.id, expires_at });
        message.claim_count += i64::from(command.dead_letter.is_some());
        Hold { claim: key, claim_count: message.claim_count, seq }.execute(connection)?;
        if message.expires_at < expires_at {
            if message.expires_at < extended_below(expires_at) {
                message.expires_at = later(expires_at, command.grace);
                message.ttl = command.ttl.saturating_add(command.grace);
            } else {
                message.expires_at = expires_at;
            }
            Extend { expires_at: message.expires_at, ttl: message.ttl, seq }.execute(connection)?;
        }
        held.push(message);
    }
    Ok(held)
}

impl Query for GetClaim {
    type Output = Claim;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Claim, Failure> {
        let claim = match find_log(connection, &self.queue, self.now)? {
            Some(log) => match find(connection, log.log, self.id)? {
                Some(found) => read(connection, &found, self.id, self.now)?,
                None => None,
            },
            None => None,
        };
        claim.ok_or(StorageError::ClaimDoesNotExist.into())
    }
}

impl Command for UpdateClaim {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let unknown = || Failure::Answer(StorageError::ClaimDoesNotExist);
        let handle = session.find(&self.queue)?.ok_or_else(unknown)?;
        let log = session.queue(handle).log;
        let found = find(&mut session.connection, log, self.id)?
            .filter(|found| found.expires_at > self.now)
            .ok_or_else(unknown)?;
        let ends = later(self.now, self.ttl);
        session.expect_due(handle, ends);
        let connection = &mut session.connection;
        Renew { ttl: self.ttl, created_at: self.now, expires_at: ends, key: found.key }
            .execute(connection)?;
        ExtendAll {
            expires_at: later(ends, self.grace),
            ttl: self.ttl.saturating_add(self.grace),
            claim: found.key,
            before: extended_below(ends),
        }
        .execute(connection)?;
        KeepAll { expires_at: ends, claim: found.key, before: ends }.execute(connection)?;
        Ok(())
    }
}

impl Command for DeleteClaim {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(()) };
        let log = session.queue(handle).log;
        if let Some(found) = find(&mut session.connection, log, self.id)? {
            release(&mut session.connection, found.key)?;
        }
        Ok(())
    }
}
