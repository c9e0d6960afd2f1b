//! Claims and dead letters.

use async_trait::async_trait;
use sukkal_storage::{
    Claim, ClaimId, ClaimMark, ClaimStore, CreateClaim, DeadLetter, DeleteClaim, GetClaim, Marker,
    Message, Millis, QueueKey, Result, StorageError, Transfer, UpdateClaim, extended_below,
};

use crate::data::{MemoryData, Queues};
use crate::queue::{ClaimRecord, Queue, later, seen};

#[async_trait]
impl ClaimStore for MemoryData {
    async fn create(&self, command: CreateClaim) -> Result<Claim> {
        self.run(|queues| {
            let Some(queue) = queues.get_mut(&command.queue) else { return Ok(nothing(&command)) };
            if let Some(claim) = read(queue, command.id, command.now) {
                return Ok(claim);
            }
            queue.release(command.id);
            let (taken, dead) = select(queue, &command);
            hold(queue, &command, taken);
            let claim = read(queue, command.id, command.now).unwrap_or_else(|| nothing(&command));
            let transferred = match &command.dead_letter {
                Some(rule) => bury(queues, &command.queue, rule, dead, command.now),
                None => 0,
            };
            Ok(Claim { transferred, ..claim })
        })
    }

    async fn get(&self, query: GetClaim) -> Result<Claim> {
        self.run_on(&query.queue, |queue| Ok(read(queue, query.id, query.now)))?
            .ok_or(StorageError::ClaimDoesNotExist)
    }

    async fn update(&self, command: UpdateClaim) -> Result<()> {
        self.run_on(&command.queue, |queue| Ok(update(queue, &command)))?
            .ok_or(StorageError::ClaimDoesNotExist)
    }

    async fn delete(&self, command: DeleteClaim) -> Result<()> {
        self.run_on(&command.queue, |queue| {
            queue.release(command.id);
            Ok(())
        })
    }
}

/// A claim on nothing, which does not exist.
fn nothing(command: &CreateClaim) -> Claim {
    Claim {
        id: command.id,
        ttl: command.ttl,
        created_at: command.now,
        messages: Vec::new(),
        transferred: 0,
    }
}

fn read(queue: &Queue, id: ClaimId, now: Millis) -> Option<Claim> {
    let claim = queue.live_claim(id, now)?;
    let messages = claim.markers.iter().filter_map(|marker| queue.message(*marker));
    Some(Claim {
        id,
        ttl: claim.ttl,
        created_at: claim.created_at,
        messages: messages.map(|message| seen(message, now)).collect(),
        transferred: 0,
    })
}

/// The oldest free messages: those to hand out, and those that were claimed too often.
fn select(queue: &mut Queue, command: &CreateClaim) -> (Vec<Marker>, Vec<Marker>) {
    let is_living = |message: &&Message| {
        command.dead_letter.as_ref().is_none_or(|rule| message.claim_count < rule.max_claim_count)
    };
    let (living, dead): (Vec<&Message>, Vec<&Message>) =
        queue.free(0, command.now).take(command.limit).partition(is_living);
    let markers = |messages: Vec<&Message>| messages.iter().map(|each| each.marker).collect();
    (markers(living), markers(dead))
}

fn hold(queue: &mut Queue, command: &CreateClaim, markers: Vec<Marker>) {
    if markers.is_empty() {
        return;
    }
    for marker in &markers {
        queue.leave_claim(*marker);
        queue.edit(*marker, |message| {
            mark(message, command.id, command.ttl, command.grace, command.now);
            message.claim_count += i64::from(command.dead_letter.is_some());
        });
    }
    let claim = ClaimRecord {
        ttl: command.ttl,
        created_at: command.now,
        expires_at: later(command.now, command.ttl),
        markers: markers.into_iter().collect(),
    };
    queue.claims.insert(command.id, claim);
}

/// Puts a message under a claim and lets it live as long as the claim and the grace.
fn mark(message: &mut Message, id: ClaimId, ttl: i64, grace: i64, now: Millis) {
    let expires_at = later(now, ttl);
    message.claim = Some(ClaimMark { id, expires_at });
    if message.expires_at < extended_below(expires_at) {
        message.expires_at = later(expires_at, grace);
        message.ttl = ttl.saturating_add(grace);
    } else {
        message.expires_at = message.expires_at.max(expires_at);
    }
}

fn update(queue: &mut Queue, command: &UpdateClaim) -> Option<()> {
    queue.live_claim(command.id, command.now)?;
    let claim = queue.claims.get_mut(&command.id)?;
    claim.ttl = command.ttl;
    claim.created_at = command.now;
    claim.expires_at = later(command.now, command.ttl);
    for marker in claim.markers.clone() {
        queue.edit(marker, |message| {
            mark(message, command.id, command.ttl, command.grace, command.now);
        });
    }
    Some(())
}

/// Moves messages to the dead-letter queue; returns how many are left to the mover.
fn bury(
    queues: &mut Queues,
    source: &QueueKey,
    rule: &DeadLetter,
    dead: Vec<Marker>,
    now: Millis,
) -> usize {
    let letters: Vec<Message> = queues
        .get_mut(source)
        .map(|queue| dead.into_iter().filter_map(|marker| queue.remove(marker)).collect())
        .unwrap_or_default();
    let letters = letters.into_iter().map(|message| letter(message, rule, now));
    let is_open = queues.get(&rule.target).is_none_or(|target| !target.state.sealed);
    if rule.same_store && is_open {
        for message in letters {
            queues.entry(rule.target.clone()).or_default().append(message, now);
        }
        return 0;
    }
    let Some(queue) = queues.get_mut(source) else { return 0 };
    let waiting = queue.transfers.len();
    queue.transfers.extend(letters.map(|message| Transfer {
        source: source.clone(),
        target: rule.target.clone(),
        message,
    }));
    queue.transfers.len() - waiting
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
