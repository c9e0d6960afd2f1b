//! Which queues have something to be leased, and in what order.
//!
//! The row of a queue says since when, or from when on, it has; commands that change that look it up again.

use diesel::sql_types::BigInt;
use diesel::{OptionalExtension, RunQueryDsl};
use sukkal_storage::Millis;

use super::entries::until;
use crate::error::Failure;
use crate::session::{Handle, Outlook, Session};
use crate::statement::statement;

statement! {
    /// Finds when the first open entry of a log is free.
    FirstFree { log: i64 => BigInt } -> (BigInt,)
        = "SELECT lease_until FROM outbox INDEXED BY outbox_open \
           WHERE log = ? AND open = 1 ORDER BY lease_until LIMIT 1";
}

statement! {
    /// Finds when the first delivery of a log is due.
    FirstDue { log: i64 => BigInt } -> (BigInt,)
        = "SELECT due_at FROM delivery INDEXED BY delivery_due \
           WHERE log = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1";
}

/// Notes that something of the queue can be leased now.
pub(super) fn has_work(session: &mut Session, handle: Handle, now: Millis) {
    if session.queue(handle).outlook.work_at.is_none_or(|at| at > now) {
        wait_from(session, handle, Some(now));
    }
}

/// Looks up when something of the queue can be leased.
pub(super) fn look_again(
    session: &mut Session,
    handle: Handle,
    now: Millis,
) -> Result<(), Failure> {
    match next(session, handle)? {
        Some(at) if at <= now => has_work(session, handle, now),
        at if at != session.queue(handle).outlook.work_at => wait_from(session, handle, at),
        _ => {}
    }
    Ok(())
}

/// Looks up what is left of a queue that was just leased from: others come first.
pub(super) fn look_behind(
    session: &mut Session,
    handle: Handle,
    now: Millis,
) -> Result<(), Failure> {
    let at = next(session, handle)?.map(|at| at.max(now));
    wait_from(session, handle, at);
    Ok(())
}

/// Puts a queue behind all others of that time; `None` if it has nothing to be leased.
fn wait_from(session: &mut Session, handle: Handle, work_at: Option<Millis>) {
    let work_turn = session.take_turn();
    let outlook = session.queue(handle).outlook;
    session.set_outlook(handle, Outlook { work_at, work_turn, ..outlook });
}

fn next(session: &mut Session, handle: Handle) -> Result<Option<Millis>, Failure> {
    let log = session.queue(handle).log;
    let connection = &mut session.connection;
    let entry: Option<(i64,)> = FirstFree { log }.get_result(connection).optional()?;
    let delivery: Option<(Millis,)> = FirstDue { log }.get_result(connection).optional()?;
    let entry = entry.map(|(lease_until,)| until(lease_until));
    Ok(entry.into_iter().chain(delivery.map(|(due_at,)| due_at)).min())
}
