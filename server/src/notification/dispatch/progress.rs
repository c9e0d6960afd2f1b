//! How far a worker is with one entry.

use std::collections::VecDeque;
use std::sync::Arc;

use sukkal_storage::{
    DeliveryKey, EntryKind, EntryProgress, EntryStep, Marker, Millis, OutboxEntry, SubscriptionId,
};

use super::job::{Row, Told};
use super::letter::Letter;
use crate::encryption::KeyRing;

/// How many pages of one entry are worked on at a time.
const PAGES: usize = 2;

/// A leased entry.
pub(super) struct Progress {
    pub(super) marker: Marker,
    pub(super) kind: EntryKind,
    pub(super) only: Option<SubscriptionId>,
    pub(super) letters: Arc<[Letter]>,
    /// The size of its bodies.
    pub(super) bytes: usize,
    /// All subscriptions up to this one are done.
    pub(super) after: Option<SubscriptionId>,
    /// All subscriptions up to this one were read.
    pub(super) listed: Option<SubscriptionId>,
    pub(super) state: State,
    pages: VecDeque<Part>,
    /// How many pages are done.
    done_pages: usize,
    /// Whether an attempt was made for it.
    is_begun: bool,
    /// Whether the store is to be told how far it is.
    pub(super) has_news: bool,
    rows: Vec<Row>,
    /// How many messages were told since the store heard of it last.
    told: usize,
}

/// What is going on with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing yet.
    Waiting,
    /// Subscriptions are being read.
    Listing,
    /// More subscriptions are to be read.
    Partly,
    /// All subscriptions were read.
    Listed,
    /// It is over, and so is its lease.
    Closed,
}

/// A page that is being worked on.
struct Part {
    last: SubscriptionId,
    pending: usize,
}

impl Progress {
    pub(super) fn new(keys: &KeyRing, entry: OutboxEntry) -> Self {
        let bytes = entry.messages.iter().map(|message| message.body.bytes.len()).sum();
        let OutboxEntry { marker, kind, only, after, .. } = entry;
        Self {
            marker,
            kind,
            only,
            letters: Letter::of_entry(keys, entry).into(),
            bytes,
            after,
            listed: after,
            state: State::Waiting,
            pages: VecDeque::new(),
            done_pages: 0,
            is_begun: false,
            has_news: false,
            rows: Vec::new(),
            told: 0,
        }
    }

    /// Whether more subscriptions should be read.
    pub(super) fn wants_page(&self) -> bool {
        self.state == State::Partly && self.pages.len() < PAGES
    }

    /// Takes a page with so many subscribers to be told; returns its number.
    pub(super) fn take_page(
        &mut self,
        last: Option<SubscriptionId>,
        is_last: bool,
        pending: usize,
    ) -> usize {
        self.state = if is_last { State::Listed } else { State::Partly };
        let number = self.done_pages + self.pages.len();
        if let Some(last) = last {
            self.listed = Some(last);
            self.pages.push_back(Part { last, pending });
        }
        self.close_pages();
        number
    }

    /// Reads no more subscriptions: the server stops.
    pub(super) fn give_up_listing(&mut self) {
        if self.state == State::Listing {
            self.state = State::Partly;
            self.has_news = true;
        }
    }

    /// Keeps all messages for a subscriber until it is resumed.
    pub(super) fn park(&mut self, subscription: SubscriptionId) {
        for index in 0..self.letters.len() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let key = DeliveryKey { subscription, entry: self.marker, index };
            self.rows.push(Row::new(key, 0, None));
        }
    }

    /// Takes what was done for one subscriber of a page, who was told of so many messages.
    pub(super) fn take_told(&mut self, page: usize, told: Told, messages: usize) {
        self.told += messages;
        self.is_begun |= told.is_begun;
        self.rows.extend(told.rows);
        let part = page.checked_sub(self.done_pages).and_then(|at| self.pages.get_mut(at));
        if let Some(part) = part {
            part.pending = part.pending.saturating_sub(1);
        }
        self.close_pages();
    }

    /// How many messages were told since this was asked last.
    pub(super) fn told(&mut self) -> usize {
        std::mem::take(&mut self.told)
    }

    /// Whether nothing is left to be done; no more is read once the server stops.
    pub(super) fn is_over(&self, is_closing: bool) -> bool {
        self.pages.is_empty()
            && match self.state {
                State::Listed => true,
                State::Waiting | State::Partly => is_closing,
                State::Listing | State::Closed => false,
            }
    }

    /// What the store is to be told, and the rows whose attempts hear whether it took them.
    pub(super) fn step(
        &mut self,
        is_closing: bool,
        until: Millis,
        now: Millis,
    ) -> (EntryStep, Vec<Row>) {
        self.has_news = false;
        let mut rows = std::mem::take(&mut self.rows);
        let is_over = self.is_over(is_closing);
        let is_due = |row: &Row| row.delivery.due_at.is_some_and(|due_at| due_at <= now);
        let progress = if !is_over {
            EntryProgress::Continue { after: self.after, until }
        } else if is_closing && !self.is_begun && self.done_pages <= 1 && rows.iter().all(is_due) {
            // Nobody was told, and nothing else counts on a row: whoever leases it next begins where this worker did.
            rows.clear();
            EntryProgress::Release { after: None }
        } else if self.state == State::Listed {
            EntryProgress::Finish
        } else {
            EntryProgress::Release { after: self.after }
        };
        let deliveries = rows.iter().map(|row| row.delivery.clone()).collect();
        (EntryStep { entry: self.marker, deliveries, progress }, rows)
    }

    fn close_pages(&mut self) {
        while self.pages.front().is_some_and(|part| part.pending == 0) {
            let done = self.pages.pop_front();
            self.after = done.map(|part| part.last);
            self.done_pages += 1;
            self.has_news = true;
        }
        self.has_news |= self.pages.is_empty() && self.state == State::Listed;
    }
}
