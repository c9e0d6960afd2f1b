//! Deliveries: leasing them, ending their leases, and making parked ones due.

use bytes::Bytes;
use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    Delivery, DeliveryKey, LeaseWork, Millis, Result, ResumeDeliveries, SettleDeliveries,
    Settlement, StorageError, decode_message,
};

use super::advance::let_go;
use super::entries::{count, kind};
use super::work::{has_work, look_again, look_behind};
use crate::command::Command;
use crate::error::Failure;
use crate::row::{text, uuid};
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Reads the deliveries of a log that are due, earliest first, with their entries.
    DueDeliveries { log: i64 => BigInt, now: i64 => BigInt, limit: i64 => BigInt }
        -> ((BigInt, BigInt, Binary, BigInt, BigInt, BigInt), (BigInt, BigInt, Binary, BigInt, Binary))
        = "SELECT d.key, d.entry, d.subscription, d.marker, d.place, d.attempts, \
             o.kind, o.posted_at, o.client, o.count, o.messages \
           FROM delivery d INDEXED BY delivery_due CROSS JOIN outbox o ON o.key = d.entry \
           WHERE d.log = ? AND d.due_at <= ? ORDER BY d.due_at, d.key LIMIT ?";
}

type DueRow = ((i64, i64, Vec<u8>, i64, i64, i64), (i64, Millis, Vec<u8>, i64, Vec<u8>));

statement! {
    /// Puts a delivery under a lease.
    TakeDelivery<'a> { due_at: i64 => BigInt, lease: &'a [u8] => Binary, key: i64 => BigInt }
        = "UPDATE delivery SET due_at = ?, lease = ? WHERE key = ?";
}

statement! {
    /// Finds a delivery.
    FindDelivery<'a> {
        log: i64 => BigInt,
        subscription: &'a [u8] => Binary,
        marker: i64 => BigInt,
        place: i64 => BigInt,
    } -> (BigInt, BigInt, Nullable<Binary>)
        = "SELECT key, entry, lease FROM delivery INDEXED BY delivery_of \
           WHERE log = ? AND subscription = ? AND marker = ? AND place = ?";
}

statement! {
    /// Ends the lease of a delivery that stays.
    PutBack { attempts: i64 => BigInt, due_at: Option<i64> => Nullable<BigInt>, key: i64 => BigInt }
        = "UPDATE delivery SET lease = NULL, attempts = ?, due_at = ? WHERE key = ?";
}

statement! {
    /// Removes a delivery.
    RemoveDelivery { key: i64 => BigInt } = "DELETE FROM delivery WHERE key = ?";
}

statement! {
    /// Finds parked deliveries of a subscription.
    ParkedOf<'a> { log: i64 => BigInt, subscription: &'a [u8] => Binary, limit: i64 => BigInt }
        -> (BigInt,)
        = "SELECT key FROM delivery INDEXED BY delivery_parked \
           WHERE log = ? AND subscription = ? AND due_at IS NULL ORDER BY key LIMIT ?";
}

statement! {
    /// Makes a parked delivery due.
    Unpark { due_at: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE delivery SET due_at = ? WHERE key = ?";
}

/// Leases deliveries.
pub(crate) struct LeaseDeliveries(pub(crate) LeaseWork);

/// A delivery that is due; absent if its entry is damaged.
struct Due {
    key: i64,
    entry: i64,
    delivery: Option<Delivery>,
}

impl Command for LeaseDeliveries {
    type Output = Vec<Delivery>;

    fn run(&self, session: &mut Session) -> Result<Vec<Delivery>, Failure> {
        let command = &self.0;
        let Some(handle) = session.find(&command.queue)? else { return Ok(Vec::new()) };
        let log = session.queue(handle).log;
        let connection = &mut session.connection;
        let due = self.due(connection, log)?;
        let mut leased = Vec::with_capacity(due.len());
        for Due { key, entry, delivery } in due {
            if let Some(delivery) = delivery {
                let (due_at, lease) = (command.until, command.lease.as_bytes());
                TakeDelivery { due_at, lease, key }.execute(connection)?;
                leased.push(delivery);
            } else {
                RemoveDelivery { key }.execute(connection)?;
                let_go(connection, entry, false, command.now)?;
            }
        }
        if leased.is_empty() {
            look_again(session, handle, command.now)?;
        } else {
            look_behind(session, handle, command.now)?;
        }
        Ok(leased)
    }
}

impl LeaseDeliveries {
    fn due(&self, connection: &mut SqliteConnection, log: i64) -> Result<Vec<Due>, Failure> {
        let limit = i64::try_from(self.0.limit).unwrap_or(i64::MAX);
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for row in (DueDeliveries { log, now: self.0.now, limit }).load_iter(connection)? {
            let row: DueRow = row?;
            let (key, entry) = (row.0.0, row.0.1);
            let delivery = delivery(row)
                .inspect_err(|error| tracing::error!(%error, "a damaged delivery is dropped"))
                .ok();
            let size = delivery.as_ref().map_or(0, |found| found.message.body.bytes.len());
            let is_damaged = delivery.is_none();
            found.push(Due { key, entry, delivery });
            bytes = bytes.saturating_add(size);
            if !is_damaged && bytes >= self.0.max_bytes {
                break;
            }
        }
        Ok(found)
    }
}

fn delivery(row: DueRow) -> Result<Delivery> {
    let ((_, _, subscription, marker, place, attempts), entry) = row;
    let (kind, posted_at, client, count, messages) = entry;
    let damaged = || StorageError::unavailable("a stored number of a delivery is damaged");
    let index = u32::try_from(place).map_err(|_| damaged())?;
    let place = usize::try_from(place).map_err(|_| damaged())?;
    let count = self::count(count);
    Ok(Delivery {
        key: DeliveryKey { subscription: uuid(&subscription)?, entry: marker, index },
        kind: self::kind(kind)?,
        attempts: u32::try_from(attempts).map_err(|_| damaged())?,
        posted_at,
        client_id: text(&client)?,
        message: decode_message(Bytes::from(messages), marker, count, place)?,
    })
}

impl Command for SettleDeliveries {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(()) };
        let known = *session.queue(handle);
        let is_followed = known.outlook.followed_until > self.now;
        let connection = &mut session.connection;
        for (delivery, settlement) in &self.deliveries {
            let find = FindDelivery {
                log: known.log,
                subscription: delivery.subscription.as_bytes(),
                marker: delivery.entry,
                place: delivery.index.into(),
            };
            let row: Option<(i64, i64, Option<Vec<u8>>)> =
                find.get_result(connection).optional()?;
            let Some((key, entry, Some(lease))) = row else { continue };
            if lease[..] != self.lease.as_bytes()[..] {
                continue;
            }
            let (attempts, due_at) = match *settlement {
                Settlement::Done => {
                    RemoveDelivery { key }.execute(connection)?;
                    let_go(connection, entry, is_followed, self.now)?;
                    continue;
                }
                Settlement::Retry { attempts, due_at } => (attempts, Some(due_at)),
                Settlement::Park { attempts } => (attempts, None),
            };
            PutBack { attempts: attempts.into(), due_at, key }.execute(connection)?;
        }
        look_again(session, handle, self.now)
    }
}

impl Command for ResumeDeliveries {
    type Output = bool;

    fn run(&self, session: &mut Session) -> Result<bool, Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(false) };
        let log = session.queue(handle).log;
        let connection = &mut session.connection;
        let subscription = self.subscription.as_bytes();
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1);
        let parked: Vec<(i64,)> = ParkedOf { log, subscription, limit }.load(connection)?;
        for (key,) in parked.iter().take(self.limit).copied() {
            Unpark { due_at: self.now, key }.execute(connection)?;
        }
        if !parked.is_empty() {
            has_work(session, handle, self.now);
        }
        Ok(parked.len() > self.limit)
    }
}
