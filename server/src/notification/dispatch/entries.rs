//! Working on entries that were leased together.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use sukkal_storage::{AdvanceEntries, EntryProgress, LeaseId, Millis, OutboxEntry};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{MissedTickBehavior, interval};

use super::budget::Share;
use super::job::{Job, Row, Told};
use super::pages::{Page, Plan};
use super::progress::{Progress, State};
use super::window::{Begun, Window};
use super::workplace::{Desk, Workplace};

/// How long entries are leased, in milliseconds: others take over so long after a server died.
pub(super) const LEASE: Millis = 10_000;
/// How often a worker looks whether its subscribers are slow: they are if they have not answered at the second look.
const TICK: Duration = Duration::from_millis(100);

/// Entries of one queue under one lease.
pub(super) struct Entries {
    place: Arc<Workplace>,
    desk: Arc<Desk>,
    lease: LeaseId,
    until: Millis,
    all: Vec<Progress>,
    /// How many of them are not closed.
    open: usize,
    share: Share,
    /// Lets the next entries be leased when these are done or wait for slow subscribers.
    turn: Option<OwnedSemaphorePermit>,
    /// The first page, which is the same for most entries.
    first: First,
    events: FuturesUnordered<BoxFuture<'static, Event>>,
    jobs: Window,
    has_moved: bool,
    is_advancing: bool,
    is_closing: bool,
}

enum First {
    Unknown,
    Asked,
    Known(Page),
}

/// Something a worker waited for.
enum Event {
    /// A subscriber was told, of the entry at this place, in the page of this number.
    Told(usize, usize, Told, Begun),
    /// Subscriptions were read for an entry; `None` if the server stops.
    Page(usize, Option<Page>),
    /// The first subscriptions were read.
    First(Option<Page>),
    /// The store knows how far these entries are.
    Advanced(Vec<Sent>, Vec<bool>),
}

/// What the store was told of the entry at this place.
struct Sent {
    at: usize,
    is_end: bool,
    rows: Vec<Row>,
    /// How many messages were told.
    told: usize,
}

/// What was leased, and under which conditions.
pub(super) struct Leased {
    pub(super) lease: LeaseId,
    pub(super) until: Millis,
    pub(super) share: Share,
    pub(super) turn: OwnedSemaphorePermit,
}

impl Entries {
    pub(super) fn new(
        place: Arc<Workplace>,
        desk: Arc<Desk>,
        entries: Vec<OutboxEntry>,
        leased: Leased,
    ) -> Self {
        let all: Vec<Progress> =
            entries.into_iter().map(|entry| Progress::new(&place.keys, entry)).collect();
        let Leased { lease, until, share, turn } = leased;
        Self {
            place,
            desk,
            lease,
            until,
            open: all.len(),
            all,
            share,
            turn: Some(turn),
            first: First::Unknown,
            events: FuturesUnordered::new(),
            jobs: Window::default(),
            has_moved: true,
            is_advancing: false,
            is_closing: false,
        }
    }

    /// Works until every subscriber was told or has a delivery.
    pub(super) async fn run(mut self) {
        let closing = self.place.shutdown.closing().clone();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.reset();
        loop {
            self.start_more();
            self.advance();
            if self.open == 0 && self.events.is_empty() {
                return;
            }
            tokio::select! {
                Some(event) = self.events.next() => {
                    self.take(event);
                    // Together with whatever is there already, so that the store hears of it at once.
                    while let Some(Some(event)) = self.events.next().now_or_never() {
                        self.take(event);
                    }
                }
                _ = tick.tick() => self.look_around(),
                () = closing.cancelled(), if !self.is_closing => self.close(),
            }
        }
    }

    fn take(&mut self, event: Event) {
        self.has_moved = true;
        match event {
            Event::Told(at, page, told, begun) => {
                let mut messages = self.jobs.end(begun);
                if !told.is_begun {
                    // Nothing was told that could be told again.
                    self.jobs.write(std::mem::take(&mut messages));
                }
                self.all[at].take_told(page, told, messages);
                if self.all[at].state == State::Closed {
                    // The lease was lost: nobody writes this down.
                    self.jobs.write(self.all[at].told());
                }
            }
            Event::Page(at, Some(page)) => self.take_page(at, &page),
            Event::Page(at, None) => self.all[at].give_up_listing(),
            Event::First(page) => self.first = page.map_or(First::Unknown, First::Known),
            Event::Advanced(sent, held) => self.take_answer(sent, &held),
        }
    }

    /// Has more subscribers told, as long as not too many are being told.
    fn start_more(&mut self) {
        while !self.is_closing && self.jobs.is_open() {
            if let Some(at) = self.all.iter().position(Progress::wants_page) {
                self.list(at);
                continue;
            }
            let Some(at) = self.all.iter().position(|entry| entry.state == State::Waiting) else {
                return;
            };
            if self.all[at].only.is_some() || self.all[at].after.is_some() {
                self.list(at);
                continue;
            }
            match &self.first {
                First::Known(page) => {
                    let page = page.clone();
                    self.take_page(at, &page);
                }
                First::Asked => return,
                First::Unknown => self.list_first(),
            }
        }
    }

    fn list_first(&mut self) {
        self.first = First::Asked;
        let (place, desk) = (Arc::clone(&self.place), Arc::clone(&self.desk));
        let event = async move {
            let closing = place.shutdown.closing();
            Event::First(closing.run_until_cancelled(place.page(&desk, None)).await)
        };
        self.events.push(event.boxed());
    }

    fn list(&mut self, at: usize) {
        let entry = &mut self.all[at];
        entry.state = State::Listing;
        let (after, only, kind) = (entry.listed, entry.only, entry.kind);
        let (place, desk) = (Arc::clone(&self.place), Arc::clone(&self.desk));
        let event = async move {
            let list = async {
                match only {
                    Some(id) => place.only(&desk, id, kind).await,
                    None => place.page(&desk, after).await,
                }
            };
            Event::Page(at, place.shutdown.closing().run_until_cancelled(list).await)
        };
        self.events.push(event.boxed());
    }

    fn take_page(&mut self, at: usize, page: &Page) {
        let entry = &mut self.all[at];
        if entry.state == State::Closed {
            return;
        }
        let tell = page.planned.iter().filter(|(_, plan)| matches!(plan, Plan::Tell(_)));
        let number = entry.take_page(page.last, page.is_last, tell.count());
        for (id, plan) in page.planned.iter() {
            let target = match plan {
                Plan::Tell(target) => target.clone(),
                Plan::Park => {
                    entry.park(*id);
                    continue;
                }
            };
            let job = Job {
                place: Arc::clone(&self.place),
                desk: Arc::clone(&self.desk),
                entry: entry.marker,
                letters: Arc::clone(&entry.letters),
                target,
            };
            let begun = self.jobs.begin(job.letters.len(), job.target.is_slow());
            let told = async move { Event::Told(at, number, job.run().await, begun) };
            self.events.push(told.boxed());
        }
    }

    /// Tells the store how far the entries are that have news. What comes meanwhile is told afterwards, together.
    fn advance(&mut self) {
        if self.is_advancing {
            return;
        }
        let (mut steps, mut sent, now) = (Vec::new(), Vec::new(), self.place.now());
        let news =
            |(_, entry): &(usize, &mut Progress)| entry.has_news && entry.state != State::Closed;
        for (at, entry) in self.all.iter_mut().enumerate().filter(news) {
            let (step, rows) = entry.step(self.is_closing, self.until, now);
            let is_end = !matches!(step.progress, EntryProgress::Continue { .. });
            if is_end {
                entry.state = State::Closed;
            }
            steps.push(step);
            sent.push(Sent { at, is_end, rows, told: entry.told() });
        }
        if steps.is_empty() {
            return;
        }
        self.is_advancing = true;
        let (queue, lease) = (self.desk.queue.clone(), self.lease);
        let place = Arc::clone(&self.place);
        let event = async move {
            let mut command = AdvanceEntries { queue, lease, steps, now: place.now() };
            let held = place
                .again_and_again("entries of the outbox cannot be advanced", || {
                    command.now = place.now();
                    place.store.outbox().advance(command.clone())
                })
                .await;
            Event::Advanced(sent, held)
        };
        self.events.push(event.boxed());
    }

    fn take_answer(&mut self, sent: Vec<Sent>, held: &[bool]) {
        self.is_advancing = false;
        let mut parked = Vec::new();
        for (at_step, Sent { at, is_end, rows, told }) in sent.into_iter().enumerate() {
            self.jobs.write(told);
            let is_held = held.get(at_step).copied().unwrap_or_default();
            for Row { delivery, is_kept } in rows {
                match (is_kept, delivery.due_at) {
                    (Some(is_kept), _) => {
                        // The attempt may be given up meanwhile.
                        let _ = is_kept.send(is_held);
                    }
                    (None, Some(due_at)) if is_held => self.place.remind(&self.desk.queue, due_at),
                    (None, None) if is_held => parked.push(delivery.key.subscription),
                    _ => {}
                }
            }
            if is_end || !is_held {
                self.all[at].state = State::Closed;
                self.all[at].letters = Arc::from([]);
                self.open -= 1;
                self.share.give_back(self.all[at].bytes);
            }
        }
        parked.sort_unstable();
        parked.dedup();
        for id in parked {
            let (place, desk) = (Arc::clone(&self.place), Arc::clone(&self.desk));
            self.place.spawn(async move { place.look_after_parked(&desk.queue, id).await });
        }
    }

    /// Lets others begin if nothing moves, and keeps the lease.
    fn look_around(&mut self) {
        self.jobs.look();
        let has_moved = std::mem::replace(&mut self.has_moved, false);
        if !has_moved && self.all.iter().all(|entry| entry.state != State::Waiting) {
            self.turn = None;
        }
        let now = self.place.now();
        if now > self.until - LEASE / 3 * 2 {
            self.until = now + LEASE;
            for entry in &mut self.all {
                entry.has_news = true;
            }
        }
    }

    /// Ends what has not begun.
    fn close(&mut self) {
        self.is_closing = true;
        self.turn = None;
        for entry in &mut self.all {
            entry.has_news |= entry.is_over(true);
        }
    }
}
