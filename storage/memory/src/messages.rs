//! Messages.

use async_trait::async_trait;
use sukkal_storage::{
    After, DeleteMessage, DeleteMessages, EntryKind, GetMessages, ListMessages, Marker, Message,
    MessageStamp, MessageStore, Millis, NewMessage, OutboxEntry, OutboxMessage, PopMessages, Post,
    Posted, PurgeMessages, Purged, QueueStats, Result, StatsQuery, StorageError,
};

use crate::data::{MemoryData, State};
use crate::queue::{Queue, holder, is_delayed, later, seen};
use crate::subscribers::Audience;
use crate::subscriptions;

#[async_trait]
impl MessageStore for MemoryData {
    async fn post(&self, command: Post) -> Result<Posted> {
        self.run_on_all(|state| {
            let State { queues, subscriptions, outboxes } = state;
            let known = queues.get(&command.queue).map(|queue| queue.state).unwrap_or_default();
            if known.sealed || command.generation < known.generation {
                return Err(StorageError::QueueChanged);
            }
            let audience = subscriptions::audience(subscriptions, &command.queue, command.now);
            let queue = queues.entry(command.queue.clone()).or_default();
            let mut stored = Vec::new();
            for message in &command.messages {
                let place = queue.append(posted(message, &command), command.now);
                if let (Some(marker), true) = (place, audience != Audience::Nobody) {
                    stored.push(outbox_message(message, marker, command.now));
                }
            }
            let Some(last) = stored.last() else { return Ok(Posted::default()) };
            let entry = OutboxEntry {
                queue: command.queue,
                marker: last.marker,
                kind: EntryKind::Post,
                only: None,
                posted_at: command.now,
                client_id: command.client_id,
                messages: stored,
                after: None,
            };
            outboxes.add(entry, audience == Audience::Followers);
            Ok(Posted { in_outbox: true })
        })
    }

    async fn list(&self, query: ListMessages) -> Result<Vec<Message>> {
        self.run_on(&query.queue, |queue| Ok(page(queue, &query)))
    }

    async fn get(&self, query: GetMessages) -> Result<Vec<Message>> {
        self.run_on(&query.queue, |queue| {
            Ok(places(queue, &query.ids, query.now)
                .into_iter()
                .filter_map(|marker| queue.message(marker))
                .map(|message| seen(message, query.now))
                .collect())
        })
    }

    async fn delete(&self, command: DeleteMessage) -> Result<()> {
        self.run_on(&command.queue, |queue| delete(queue, &command))
    }

    async fn delete_many(&self, command: DeleteMessages) -> Result<()> {
        self.run_on(&command.queue, |queue| delete_many(queue, &command))
    }

    async fn pop(&self, command: PopMessages) -> Result<Vec<Message>> {
        self.run_on(&command.queue, |queue| {
            let popped: Vec<Message> = queue
                .free(0, command.now)
                .take(command.limit)
                .map(|message| seen(message, command.now))
                .collect();
            for message in &popped {
                queue.remove(message.marker);
            }
            Ok(popped)
        })
    }

    async fn purge(&self, command: PurgeMessages) -> Result<Purged> {
        self.run(|queues| {
            Ok(match queues.get_mut(&command.queue) {
                Some(queue) => purge(queue, &command),
                None => Purged { up_to: 0, more: false },
            })
        })
    }

    async fn stats(&self, query: StatsQuery) -> Result<QueueStats> {
        self.run_on(&query.queue, |queue| Ok(stats(queue, query.now)))
    }
}

fn posted(message: &NewMessage, command: &Post) -> Message {
    Message {
        id: message.id,
        marker: 0,
        ttl: message.ttl,
        created_at: command.now,
        expires_at: later(command.now, message.ttl),
        delay_until: message.delay_until,
        body: message.body.clone(),
        checksum: message.checksum.clone(),
        client_id: command.client_id.clone(),
        claim: None,
        claim_count: 0,
        attributes: message.attributes.clone(),
    }
}

/// A message as it stands in the outbox.
pub(crate) fn outbox_message(message: &NewMessage, marker: Marker, now: Millis) -> OutboxMessage {
    OutboxMessage {
        id: message.id,
        marker,
        ttl: message.ttl,
        expires_at: later(now, message.ttl),
        delay_until: message.delay_until,
        body: message.body.clone(),
        attributes: message.attributes.clone(),
    }
}

fn page(queue: &mut Queue, query: &ListMessages) -> Vec<Message> {
    let now = query.now;
    let after = match query.after {
        None => 0,
        Some(After::Marker(marker)) => marker,
        Some(After::Message(id)) => match queue.place(id, now) {
            Some(marker) => marker,
            None => return Vec::new(),
        },
    };
    let is_wanted = |message: &&Message| {
        (query.include_claimed || holder(message, now).is_none())
            && (query.include_delayed || !is_delayed(message, now))
            && query.exclude_client.as_ref() != Some(&message.client_id)
    };
    let take = |messages: &mut dyn Iterator<Item = &Message>| {
        messages.filter(is_wanted).take(query.limit).map(|each| seen(each, now)).collect()
    };
    if query.include_claimed || query.include_delayed {
        take(&mut queue.alive(after, now))
    } else {
        take(&mut queue.free(after, now))
    }
}

/// The places of the messages that are there, each once.
fn places(queue: &Queue, ids: &[sukkal_storage::MessageId], now: Millis) -> Vec<Marker> {
    let mut known = std::collections::HashSet::new();
    ids.iter()
        .filter_map(|id| queue.place(*id, now))
        .filter(|marker| known.insert(*marker))
        .collect()
}

fn delete(queue: &mut Queue, command: &DeleteMessage) -> Result<()> {
    let Some(marker) = queue.place(command.id, command.now) else { return Ok(()) };
    let held_by =
        queue.message(marker).and_then(|message| holder(message, command.now)).map(|mark| mark.id);
    match (command.claim_id, held_by) {
        (None, Some(_)) => return Err(StorageError::MessageIsClaimed(command.id)),
        (Some(_), None) => return Err(StorageError::MessageNotClaimed(command.id)),
        (Some(named), Some(holder)) if named != holder => {
            return Err(match queue.live_claim(named, command.now) {
                Some(_) => StorageError::MessageNotClaimedBy(command.id),
                None => StorageError::ClaimDoesNotExist,
            });
        }
        _ => {}
    }
    queue.remove(marker);
    Ok(())
}

fn delete_many(queue: &mut Queue, command: &DeleteMessages) -> Result<()> {
    let places = places(queue, &command.ids, command.now);
    if let Some(claims) = &command.claim_ids {
        for message in places.iter().filter_map(|marker| queue.message(*marker)) {
            match holder(message, command.now) {
                None => return Err(StorageError::MessageNotClaimed(message.id)),
                Some(mark) if !claims.contains(&mark.id) => {
                    return Err(StorageError::MessageNotClaimedBy(message.id));
                }
                Some(_) => {}
            }
        }
    }
    for marker in places {
        queue.remove(marker);
    }
    Ok(())
}

fn purge(queue: &mut Queue, command: &PurgeMessages) -> Purged {
    let up_to = command.up_to.unwrap_or_else(|| queue.last_marker());
    let mut places: Vec<Marker> = queue
        .alive(0, command.now)
        .take_while(|message| message.marker <= up_to)
        .filter(|message| holder(message, command.now).is_none())
        .map(|message| message.marker)
        .take(command.limit.saturating_add(1))
        .collect();
    let more = places.len() > command.limit;
    places.truncate(command.limit);
    for marker in places {
        queue.remove(marker);
    }
    Purged { up_to, more }
}

fn stats(queue: &Queue, now: Millis) -> QueueStats {
    let mut stats = QueueStats::default();
    for message in queue.alive(0, now) {
        match holder(message, now) {
            Some(_) => stats.claimed += 1,
            None => stats.free += 1,
        }
        let stamp = MessageStamp { id: message.id, created_at: message.created_at };
        stats.oldest.get_or_insert(stamp);
        stats.newest = Some(stamp);
    }
    stats
}
