//! Deleting messages by id, under the rules of claims.

use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    ClaimId, DeleteMessage, DeleteMessages, MessageId, Millis, Result, StorageError,
};

use crate::command::Command;
use crate::error::Failure;
use crate::row::uuid;
use crate::schema::NO_CLAIM;
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Finds a message and the claim it is under.
    FindMessage<'a> { id: &'a [u8] => Binary, log: i64 => BigInt, now: i64 => BigInt }
        -> (BigInt, BigInt, Nullable<Binary>, Nullable<BigInt>)
        = "SELECT m.seq, m.claim, c.id, c.expires_at \
           FROM message m INDEXED BY message_id LEFT JOIN claim c ON c.key = m.claim \
           WHERE m.id = ? AND m.log = ? AND m.expires_at > ?";
}

statement! {
    /// Deletes a message.
    DeleteRow { seq: i64 => BigInt } = "DELETE FROM message WHERE seq = ?";
}

statement! {
    /// Removes a claim if it holds nothing.
    RemoveIfEmpty { key: i64 => BigInt, same_key: i64 => BigInt }
        = "DELETE FROM claim WHERE key = ? AND NOT EXISTS \
           (SELECT 1 FROM message INDEXED BY message_claim \
            WHERE claim = ? AND claim > 4294967296)";
}

statement! {
    /// Looks whether a claim lives.
    LivingClaim<'a> { id: &'a [u8] => Binary, log: i64 => BigInt, now: i64 => BigInt } -> (BigInt,)
        = "SELECT key FROM claim INDEXED BY claim_id WHERE id = ? AND log = ? AND expires_at > ?";
}

type Row = (i64, i64, Option<Vec<u8>>, Option<i64>);

/// A message that is there, as the rules of deleting see it.
struct Target {
    seq: i64,
    claim: i64,
    /// The live claim that holds it.
    holder: Option<ClaimId>,
}

impl Command for DeleteMessage {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(()) };
        let log = session.queue(handle).log;
        let connection = &mut session.connection;
        let Some(target) = find(connection, log, self.id, self.now)? else { return Ok(()) };
        match (self.claim_id, target.holder) {
            (None, Some(_)) => return Err(StorageError::MessageIsClaimed(self.id).into()),
            (Some(_), None) => return Err(StorageError::MessageNotClaimed(self.id).into()),
            (Some(named), Some(holder)) if named != holder => {
                let living = LivingClaim { id: named.as_bytes(), log, now: self.now };
                let living: Option<(i64,)> = living.get_result(connection).optional()?;
                return Err(match living {
                    Some(_) => StorageError::MessageNotClaimedBy(self.id).into(),
                    None => StorageError::ClaimDoesNotExist.into(),
                });
            }
            _ => {}
        }
        remove(connection, &[target])
    }
}

impl Command for DeleteMessages {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(()) };
        let log = session.queue(handle).log;
        let connection = &mut session.connection;
        let mut targets = Vec::new();
        for id in &self.ids {
            let Some(target) = find(connection, log, *id, self.now)? else { continue };
            if let Some(claims) = &self.claim_ids {
                match target.holder {
                    None => return Err(StorageError::MessageNotClaimed(*id).into()),
                    Some(holder) if !claims.contains(&holder) => {
                        return Err(StorageError::MessageNotClaimedBy(*id).into());
                    }
                    Some(_) => {}
                }
            }
            targets.push(target);
        }
        remove(connection, &targets)
    }
}

fn find(
    connection: &mut SqliteConnection,
    log: i64,
    id: MessageId,
    now: Millis,
) -> Result<Option<Target>, Failure> {
    let find = FindMessage { id: id.as_bytes(), log, now };
    let row: Option<Row> = find.get_result(connection).optional()?;
    let Some((seq, claim, claim_id, claim_end)) = row else { return Ok(None) };
    let holder = claim_id.zip(claim_end).filter(|(_, ends)| *ends > now);
    let holder = holder.map(|(id, _)| uuid(&id)).transpose()?;
    Ok(Some(Target { seq, claim, holder }))
}

fn remove(connection: &mut SqliteConnection, targets: &[Target]) -> Result<(), Failure> {
    for target in targets {
        DeleteRow { seq: target.seq }.execute(connection)?;
    }
    let mut last = NO_CLAIM;
    for claim in targets.iter().map(|target| target.claim).filter(|claim| *claim > NO_CLAIM) {
        if claim != last {
            RemoveIfEmpty { key: claim, same_key: claim }.execute(connection)?;
            last = claim;
        }
    }
    Ok(())
}
