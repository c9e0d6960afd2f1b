//! Removing the unclaimed messages of a queue, in steps.

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use sukkal_storage::{PurgeMessages, Purged, Result};

use crate::command::Command;
use crate::error::Failure;
use crate::messages::promote::promote;
use crate::schema::{DELAYED, FREE};
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Removes some messages of one state.
    PurgeState {
        log: i64 => BigInt,
        state: i64 => BigInt,
        up_to: i64 => BigInt,
        limit: i64 => BigInt,
    } = "DELETE FROM message WHERE seq IN (SELECT seq FROM message INDEXED BY message_place \
         WHERE log = ? AND state = ? AND marker <= ? ORDER BY marker LIMIT ?)";
}

impl Command for PurgeMessages {
    type Output = Purged;

    fn run(&self, session: &mut Session) -> Result<Purged, Failure> {
        let Some(handle) = session.find(&self.queue)? else {
            return Ok(Purged { up_to: self.up_to.unwrap_or(0), more: false });
        };
        let is_complete = promote(session, handle, self.now)?;
        let queue = *session.queue(handle);
        let up_to = self.up_to.unwrap_or(queue.next_marker - 1);
        let limit = self.limit.max(1);
        let mut left = limit;
        for state in [FREE, DELAYED] {
            let limit = i64::try_from(left).unwrap_or(i64::MAX);
            let purge = PurgeState { log: queue.log, state, up_to, limit };
            left -= purge.execute(&mut session.connection)?;
        }
        Ok(Purged { up_to, more: left == 0 || !is_complete })
    }
}
