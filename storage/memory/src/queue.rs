//! One queue: its messages by marker, and the indexes that keep its commands flat in depth.
//!
//! The records decide; `free` and `waiting` only say where to look.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sukkal_storage::{
    ClaimId, ClaimMark, Marker, Message, MessageId, Millis, QueueState, Transfer,
};

/// How long the id of a received transfer is remembered, in milliseconds.
pub(crate) const RECEIVED_FOR: Millis = 3_600_000;

/// A claim; it is dropped with its last message.
pub(crate) struct ClaimRecord {
    /// Lifetime in seconds, as last set.
    pub(crate) ttl: i64,
    /// When it was created or last updated.
    pub(crate) created_at: Millis,
    /// When it ends.
    pub(crate) expires_at: Millis,
    /// The messages it holds.
    pub(crate) markers: BTreeSet<Marker>,
}

/// A queue.
#[derive(Default)]
pub(crate) struct Queue {
    /// Its generation and seal.
    pub(crate) state: QueueState,
    /// Its claims, live or not.
    pub(crate) claims: HashMap<ClaimId, ClaimRecord>,
    /// Messages that left it and wait for the mover, oldest first.
    pub(crate) transfers: Vec<Transfer>,
    /// The ids it received, and when.
    pub(crate) received: HashMap<MessageId, Millis>,
    last_marker: Marker,
    messages: BTreeMap<Marker, Message>,
    places: HashMap<MessageId, Marker>,
    /// Every message that may be free at the time of the last promotion.
    free: BTreeSet<Marker>,
    /// Every other message, under the end of its claim or of its delay.
    waiting: BTreeSet<(Millis, Marker)>,
    /// Every message under its expiry.
    ends: BTreeSet<(Millis, Marker)>,
}

impl Queue {
    /// The newest place ever given, 0 if there was none.
    pub(crate) fn last_marker(&self) -> Marker {
        self.last_marker
    }

    /// The message at a place, expired or not.
    pub(crate) fn message(&self, marker: Marker) -> Option<&Message> {
        self.messages.get(&marker)
    }

    /// The place of a message that has not expired.
    pub(crate) fn place(&self, id: MessageId, now: Millis) -> Option<Marker> {
        let marker = *self.places.get(&id)?;
        self.message(marker).filter(|message| is_alive(message, now)).map(|_| marker)
    }

    /// Messages that have not expired, after a place, lowest first.
    pub(crate) fn alive(&self, after: Marker, now: Millis) -> impl Iterator<Item = &Message> {
        self.messages
            .range(after.saturating_add(1)..)
            .map(|(_, message)| message)
            .filter(move |message| is_alive(message, now))
    }

    /// Messages that are neither claimed nor delayed, after a place, lowest first.
    pub(crate) fn free(&mut self, after: Marker, now: Millis) -> impl Iterator<Item = &Message> {
        self.promote(now);
        self.free
            .range(after.saturating_add(1)..)
            .filter_map(|marker| self.messages.get(marker))
            .filter(move |message| is_free(message, now))
    }

    /// Gives so many places to messages that lie elsewhere; returns the last.
    pub(crate) fn give_places(&mut self, count: usize) -> Marker {
        let count = Marker::try_from(count).unwrap_or(Marker::MAX);
        self.last_marker = self.last_marker.saturating_add(count);
        self.last_marker
    }

    /// Puts a message at the end, unless the queue has its id; returns its place.
    pub(crate) fn append(&mut self, mut message: Message, now: Millis) -> Option<Marker> {
        if self.place(message.id, now).is_some() {
            return None;
        }
        if let Some(&expired) = self.places.get(&message.id) {
            self.remove(expired);
        }
        self.last_marker += 1;
        message.marker = self.last_marker;
        self.places.insert(message.id, message.marker);
        self.file(&message);
        self.messages.insert(message.marker, message);
        Some(self.last_marker)
    }

    /// Changes the record of a message.
    pub(crate) fn edit(&mut self, marker: Marker, change: impl FnOnce(&mut Message)) {
        let Some(mut message) = self.messages.remove(&marker) else { return };
        self.unfile(&message);
        change(&mut message);
        self.file(&message);
        self.messages.insert(marker, message);
    }

    /// Removes a message and its trace in its claim.
    pub(crate) fn remove(&mut self, marker: Marker) -> Option<Message> {
        self.leave_claim(marker);
        let message = self.messages.remove(&marker)?;
        self.unfile(&message);
        self.places.remove(&message.id);
        Some(message)
    }

    /// Takes a message out of the claim that holds or held it.
    pub(crate) fn leave_claim(&mut self, marker: Marker) {
        let Some(mark) = self.message(marker).and_then(|message| message.claim) else { return };
        if let Some(claim) = self.claims.get_mut(&mark.id) {
            claim.markers.remove(&marker);
            if claim.markers.is_empty() {
                self.claims.remove(&mark.id);
            }
        }
        self.edit(marker, |message| message.claim = None);
    }

    /// A claim that has not ended.
    pub(crate) fn live_claim(&self, id: ClaimId, now: Millis) -> Option<&ClaimRecord> {
        self.claims.get(&id).filter(|claim| claim.expires_at > now)
    }

    /// Drops everything but the counters, and what was received: its sources may still repeat it.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            state: self.state,
            last_marker: self.last_marker,
            received: std::mem::take(&mut self.received),
            ..Self::default()
        };
    }

    /// Removes up to `budget` expired records; returns how many.
    pub(crate) fn collect(&mut self, now: Millis, budget: usize) -> usize {
        let ended: Vec<Marker> = self
            .ends
            .iter()
            .take_while(|(expires_at, _)| *expires_at <= now)
            .map(|(_, marker)| *marker)
            .take(budget)
            .collect();
        let mut removed = ended.len();
        for marker in ended {
            self.remove(marker);
        }

        let old = |at: Millis| at.saturating_add(RECEIVED_FOR) <= now;
        let forgotten: Vec<MessageId> = self
            .received
            .iter()
            .filter(|(_, at)| old(**at))
            .map(|(id, _)| *id)
            .take(budget - removed)
            .collect();
        removed += forgotten.len();
        for id in forgotten {
            self.received.remove(&id);
        }
        removed + self.collect_claims(now, budget - removed)
    }

    fn collect_claims(&mut self, now: Millis, budget: usize) -> usize {
        let ended: Vec<ClaimId> = self
            .claims
            .iter()
            .filter(|(_, claim)| claim.expires_at <= now)
            .map(|(id, _)| *id)
            .take(budget)
            .collect();
        for id in &ended {
            self.release(*id);
        }
        ended.len()
    }

    /// Drops a claim, live or not; its messages are free.
    pub(crate) fn release(&mut self, id: ClaimId) {
        for marker in self.claims.remove(&id).into_iter().flat_map(|claim| claim.markers) {
            self.edit(marker, |message| message.claim = None);
        }
    }

    fn promote(&mut self, now: Millis) {
        while let Some((_, marker)) = self.waiting.first().copied().filter(|(due, _)| *due <= now) {
            self.waiting.pop_first();
            self.free.insert(marker);
        }
    }

    fn file(&mut self, message: &Message) {
        self.ends.insert((message.expires_at, message.marker));
        match due(message) {
            None => self.free.insert(message.marker),
            Some(due) => self.waiting.insert((due, message.marker)),
        };
    }

    fn unfile(&mut self, message: &Message) {
        self.ends.remove(&(message.expires_at, message.marker));
        self.free.remove(&message.marker);
        if let Some(due) = due(message) {
            self.waiting.remove(&(due, message.marker));
        }
    }
}

/// Whether a message has not expired.
pub(crate) fn is_alive(message: &Message, now: Millis) -> bool {
    message.expires_at > now
}

/// The claim that holds a message at this time.
pub(crate) fn holder(message: &Message, now: Millis) -> Option<ClaimMark> {
    message.claim.filter(|mark| mark.expires_at > now)
}

/// Whether the delay of a message has not passed.
pub(crate) fn is_delayed(message: &Message, now: Millis) -> bool {
    message.delay_until.is_some_and(|until| until > now)
}

/// A message as a caller sees it at this time.
pub(crate) fn seen(message: &Message, now: Millis) -> Message {
    Message { claim: holder(message, now), ..message.clone() }
}

/// The time that lies so many seconds after another.
pub(crate) fn later(now: Millis, seconds: i64) -> Millis {
    now.saturating_add(seconds.saturating_mul(1000))
}

fn is_free(message: &Message, now: Millis) -> bool {
    is_alive(message, now) && holder(message, now).is_none() && !is_delayed(message, now)
}

fn due(message: &Message) -> Option<Millis> {
    message.claim.map(|mark| mark.expires_at).max(message.delay_until)
}
