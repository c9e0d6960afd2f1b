//! Renewing many subscriptions.

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use sukkal_storage::{Millis, RenewSubscription, Result, Subscription};

use super::rows::{find, subscription};
use super::told::{lives_until, look_again};
use crate::command::Command;
use crate::data::Role;
use crate::error::Failure;
use crate::session::Session;
use crate::statement::statement;

/// How many subscriptions one command renews: what the commands behind it have to wait for.
const STEP: usize = 256;

statement! {
    /// Changes when a subscription ends.
    EndAt { expires_at: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE subscription SET expires_at = ? WHERE key = ?";
}

/// Renews subscriptions, in steps between which other commands run.
pub(super) async fn renew(
    role: &Role,
    mut renewals: Vec<RenewSubscription>,
    now: Millis,
) -> Result<Vec<Option<Subscription>>> {
    let mut found = Vec::with_capacity(renewals.len());
    while !renewals.is_empty() {
        let later = renewals.split_off(renewals.len().min(STEP));
        let step = Renew { renewals: std::mem::replace(&mut renewals, later), now };
        found.extend(role.execute(None, step).await?);
    }
    Ok(found)
}

/// One step of renewing.
struct Renew {
    renewals: Vec<RenewSubscription>,
    now: Millis,
}

impl Command for Renew {
    type Output = Vec<Option<Subscription>>;

    fn run(&self, session: &mut Session) -> Result<Self::Output, Failure> {
        self.renewals.iter().map(|renewal| self.one(session, renewal)).collect()
    }
}

impl Renew {
    fn one(
        &self,
        session: &mut Session,
        renewal: &RenewSubscription,
    ) -> Result<Option<Subscription>, Failure> {
        let Some(handle) = session.find(&renewal.queue)? else { return Ok(None) };
        let Some(row) = find(session, handle, renewal.id, self.now)? else { return Ok(None) };
        let mut found = subscription(row.clone())?;
        if found.expires_at == renewal.expected {
            let expires_at = renewal.expires_at;
            EndAt { expires_at, key: row.0 }.execute(&mut session.connection)?;
            lives_until(session, handle, found.is_follower, expires_at);
            if expires_at < found.expires_at && !found.is_follower {
                look_again(session, handle)?;
            }
            found.expires_at = expires_at;
        }
        Ok(Some(found))
    }
}
