//! Whether a post to a queue concerns anybody: what the writer knows without looking at subscriptions.

use diesel::sql_types::BigInt;
use diesel::{OptionalExtension, RunQueryDsl};
use sukkal_storage::Millis;

use crate::error::Failure;
use crate::session::{Handle, Outlook, Session};
use crate::statement::statement;

statement! {
    /// Finds when the last subscription of a queue ends that workers tell.
    LastTold { queue: i64 => BigInt } -> (BigInt,)
        = "SELECT expires_at FROM subscription INDEXED BY subscription_told \
           WHERE queue = ? AND follower = 0 ORDER BY expires_at DESC LIMIT 1";
}

/// Notes that a subscription lives until then.
pub(super) fn lives_until(session: &mut Session, handle: Handle, is_follower: bool, end: Millis) {
    let mut outlook = session.queue(handle).outlook;
    let until = match is_follower {
        true => &mut outlook.followed_until,
        false => &mut outlook.told_until,
    };
    *until = end.max(*until);
    session.set_outlook(handle, outlook);
}

/// Looks up who is left after a subscription has gone or ends earlier. Followers are believed to live on, since what
/// was posted is kept for those that come back.
pub(super) fn look_again(session: &mut Session, handle: Handle) -> Result<(), Failure> {
    let known = *session.queue(handle);
    if known.outlook.told_until == 0 {
        return Ok(());
    }
    let last = LastTold { queue: known.key };
    let last: Option<(Millis,)> = last.get_result(&mut session.connection).optional()?;
    let told_until = last.map_or(0, |(end,)| end);
    session.set_outlook(handle, Outlook { told_until, ..known.outlook });
    Ok(())
}
