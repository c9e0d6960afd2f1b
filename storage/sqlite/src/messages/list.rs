//! Reading messages.

use std::collections::HashSet;

use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{After, GetMessages, ListMessages, Marker, Message, Result};

use crate::command::Query;
use crate::error::Failure;
use crate::messages::free::{Part, read_lowest};
use crate::queues::{Log, find_log};
use crate::row::{MessageColumns, MessageRow, columns, messages, stored};
use crate::schema::{CLAIMED, DELAYED, FREE};
use crate::statement::statement;

statement! {
    /// Reads a message by id, with its claim.
    MessageById<'a> { id: &'a [u8] => Binary, log: i64 => BigInt, now: i64 => BigInt }
        -> MessageColumns
        = concat!("SELECT ", columns!(), ", c.id, c.expires_at \
           FROM message m INDEXED BY message_id LEFT JOIN claim c ON c.key = m.claim \
           WHERE m.id = ? AND m.log = ? AND m.expires_at > ?");
}

statement! {
    /// Finds the place of a message.
    PlaceOf<'a> { id: &'a [u8] => Binary, log: i64 => BigInt, now: i64 => BigInt } -> (BigInt,)
        = "SELECT marker FROM message INDEXED BY message_id \
           WHERE id = ? AND log = ? AND expires_at > ?";
}

impl Query for ListMessages {
    type Output = Vec<Message>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<Message>, Failure> {
        let Some(log) = find_log(connection, &self.queue, self.now)? else {
            return Ok(Vec::new());
        };
        let Some(after) = after(self, connection, log)? else { return Ok(Vec::new()) };
        let part = Part {
            log: log.log,
            after,
            now: self.now,
            not_client: self.exclude_client.as_ref().map(|client| client.as_bytes()),
            limit: i64::try_from(self.limit).unwrap_or(i64::MAX),
        };
        let page = if self.include_claimed || self.include_delayed || log.has_due {
            page(self, connection, part)?
        } else {
            part.free(connection)?
        };
        Ok(messages(page))
    }
}

impl Query for GetMessages {
    type Output = Vec<Message>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<Message>, Failure> {
        let Some(log) = find_log(connection, &self.queue, self.now)? else {
            return Ok(Vec::new());
        };
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for id in self.ids.iter().filter(|id| seen.insert(**id)) {
            let by_id = MessageById { id: id.as_bytes(), log: log.log, now: self.now };
            let row: Option<MessageRow> = by_id.get_result(connection).optional()?;
            if let Some(row) = row {
                found.push(stored(row, self.now)?);
            }
        }
        Ok(messages(found))
    }
}

/// The place a list continues after; `None` if the queue does not have the message named.
fn after(
    query: &ListMessages,
    connection: &mut SqliteConnection,
    log: Log,
) -> Result<Option<Marker>, Failure> {
    match query.after {
        None => Ok(Some(0)),
        Some(After::Marker(marker)) => Ok(Some(marker)),
        Some(After::Message(id)) => {
            let place_of = PlaceOf { id: id.as_bytes(), log: log.log, now: query.now };
            let place: Option<(i64,)> = place_of.get_result(connection).optional()?;
            Ok(place.map(|(marker,)| marker))
        }
    }
}

/// A page that is put together from several states.
fn page(
    query: &ListMessages,
    connection: &mut SqliteConnection,
    part: Part<'_>,
) -> Result<Vec<crate::row::Stored>, Failure> {
    let mut spots = part.of_state(connection, FREE)?;
    spots.extend(if query.include_claimed {
        part.of_state(connection, CLAIMED)?
    } else {
        part.of_ended_claims(connection)?
    });
    spots.extend(if query.include_delayed {
        part.of_state(connection, DELAYED)?
    } else {
        part.of_passed_delays(connection)?
    });
    read_lowest(connection, spots, query.now, part.limit)
}
