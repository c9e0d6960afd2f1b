//! The free messages of a queue, oldest first.

use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{RunQueryDsl, SqliteConnection};
use sukkal_storage::{Marker, Message, Millis, PopMessages, Result};

use crate::command::Command;
use crate::error::Failure;
use crate::messages::delete::DeleteRow;
use crate::messages::promote::promote;
use crate::row::{MessageColumns, MessageRow, Stored, all_stored, columns, messages, stored};
use crate::session::{Handle, Session};
use crate::statement::statement;

statement! {
    /// Reads free messages in order.
    FreeMessages<'a> {
        log: i64 => BigInt,
        after: i64 => BigInt,
        now: i64 => BigInt,
        not_client: Option<&'a [u8]> => Nullable<Binary>,
        limit: i64 => BigInt,
    } -> MessageColumns
        = concat!("SELECT ", columns!(), ", NULL, NULL FROM message m INDEXED BY message_place \
           WHERE m.log = ? AND m.state = 2 AND m.marker > ? AND m.expires_at > ? \
           AND m.client IS NOT ? ORDER BY m.marker LIMIT ?");
}

statement! {
    /// Finds messages of one state in order.
    PlacesOfState<'a> {
        log: i64 => BigInt,
        state: i64 => BigInt,
        after: i64 => BigInt,
        now: i64 => BigInt,
        not_client: Option<&'a [u8]> => Nullable<Binary>,
        limit: i64 => BigInt,
    } -> (BigInt, BigInt)
        = "SELECT marker, seq FROM message INDEXED BY message_place \
           WHERE log = ? AND state = ? AND marker > ? AND expires_at > ? \
           AND client IS NOT ? ORDER BY marker LIMIT ?";
}

statement! {
    /// Finds messages whose claim has ended, in order: they are sorted, so this is for the rare
    /// moment when they are not promoted yet.
    PlacesOfEndedClaims<'a> {
        log: i64 => BigInt,
        ended: i64 => BigInt,
        after: i64 => BigInt,
        now: i64 => BigInt,
        not_client: Option<&'a [u8]> => Nullable<Binary>,
        limit: i64 => BigInt,
    } -> (BigInt, BigInt)
        = "SELECT m.marker, m.seq FROM claim c INDEXED BY claim_due \
           CROSS JOIN message m INDEXED BY message_claim \
           ON m.claim = c.key AND m.claim > 4294967296 \
           WHERE c.log = ? AND c.expires_at <= ? AND m.marker > ? AND m.expires_at > ? \
           AND m.client IS NOT ? ORDER BY m.marker LIMIT ?";
}

statement! {
    /// Finds messages whose delay has passed, in order: as for ended claims.
    PlacesOfPassedDelays<'a> {
        log: i64 => BigInt,
        passed: i64 => BigInt,
        after: i64 => BigInt,
        now: i64 => BigInt,
        not_client: Option<&'a [u8]> => Nullable<Binary>,
        limit: i64 => BigInt,
    } -> (BigInt, BigInt)
        = "SELECT marker, seq FROM message INDEXED BY message_due \
           WHERE log = ? AND state = 3 AND delay_until <= ? AND marker > ? AND expires_at > ? \
           AND client IS NOT ? ORDER BY marker LIMIT ?";
}

statement! {
    /// Reads a message with its claim.
    MessageAt { seq: i64 => BigInt } -> MessageColumns
        = concat!("SELECT ", columns!(), ", c.id, c.expires_at FROM message m \
           LEFT JOIN claim c ON c.key = m.claim WHERE m.seq = ?");
}

/// A place of a message and the number of its row.
pub(crate) type Spot = (Marker, i64);

/// Which part of a log is looked through.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) log: i64,
    pub(crate) after: Marker,
    pub(crate) now: Millis,
    pub(crate) not_client: Option<&'a [u8]>,
    pub(crate) limit: i64,
}

impl Part<'_> {
    /// Reads the free messages, provided nothing due waits for promotion.
    pub(crate) fn free(self, connection: &mut SqliteConnection) -> Result<Vec<Stored>, Failure> {
        let Self { log, after, now, not_client, limit } = self;
        let rows: Vec<MessageRow> =
            FreeMessages { log, after, now, not_client, limit }.load(connection)?;
        Ok(all_stored(rows, now)?)
    }

    /// Finds messages of one state.
    pub(crate) fn of_state(
        self,
        connection: &mut SqliteConnection,
        state: i64,
    ) -> Result<Vec<Spot>, Failure> {
        let Self { log, after, now, not_client, limit } = self;
        Ok(PlacesOfState { log, state, after, now, not_client, limit }.load(connection)?)
    }

    /// Finds messages whose claim has ended.
    pub(crate) fn of_ended_claims(
        self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<Spot>, Failure> {
        let Self { log, after, now, not_client, limit } = self;
        Ok(PlacesOfEndedClaims { log, ended: now, after, now, not_client, limit }
            .load(connection)?)
    }

    /// Finds messages whose delay has passed.
    pub(crate) fn of_passed_delays(
        self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<Spot>, Failure> {
        let Self { log, after, now, not_client, limit } = self;
        Ok(PlacesOfPassedDelays { log, passed: now, after, now, not_client, limit }
            .load(connection)?)
    }
}

/// Reads the messages at the lowest places.
pub(crate) fn read_lowest(
    connection: &mut SqliteConnection,
    mut spots: Vec<Spot>,
    now: Millis,
    limit: i64,
) -> Result<Vec<Stored>, Failure> {
    spots.sort_unstable();
    spots.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    spots.into_iter().map(|(_, seq)| read_at(connection, seq, now)).collect()
}

/// Reads the oldest free messages in the writer, after promoting what is due.
pub(crate) fn oldest_free(
    session: &mut Session,
    handle: Handle,
    limit: usize,
    now: Millis,
) -> Result<Vec<Stored>, Failure> {
    let is_complete = promote(session, handle, now)?;
    let log = session.queue(handle).log;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let part = Part { log, after: 0, now, not_client: None, limit };
    let connection = &mut session.connection;
    if is_complete {
        return part.free(connection);
    }
    let mut spots = part.of_state(connection, crate::schema::FREE)?;
    spots.extend(part.of_ended_claims(connection)?);
    spots.extend(part.of_passed_delays(connection)?);
    read_lowest(connection, spots, now, limit)
}

fn read_at(connection: &mut SqliteConnection, seq: i64, now: Millis) -> Result<Stored, Failure> {
    let row: MessageRow = MessageAt { seq }.get_result(connection)?;
    Ok(stored(row, now)?)
}

impl Command for PopMessages {
    type Output = Vec<Message>;

    fn run(&self, session: &mut Session) -> Result<Vec<Message>, Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(Vec::new()) };
        let popped = oldest_free(session, handle, self.limit, self.now)?;
        for each in &popped {
            DeleteRow { seq: each.seq }.execute(&mut session.connection)?;
        }
        Ok(messages(popped))
    }
}
