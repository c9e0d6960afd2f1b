//! A queue that sockets of this server are subscribed to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sukkal_storage::{
    DataDriver, Marker, Millis, QueueKey, Subscription, SubscriptionId, SubscriptionState,
};

use super::cursor::Tag;
use super::lease::Lease;
use super::push::{Form, Notice, Push};
use super::socket::Socket;

/// How many bytes wait for a subscription that catches up before it has to begin anew.
const MOST_HELD: usize = 1 << 20;
/// How many pushes of one message are looked through for one that can be shared.
const SOME_FORMS: usize = 4;

/// A queue that sockets of this server are subscribed to.
pub(super) struct Followed {
    pub(super) key: QueueKey,
    pub(super) tag: Tag,
    state: Mutex<State>,
}

pub(super) struct State {
    /// Where the queue lies.
    store: Arc<dyn DataDriver>,
    /// What lies up to here was given to the members.
    pub(super) position: Marker,
    /// Nothing is to be found up to here, whatever the position.
    checked: Marker,
    /// A head that was seen.
    head: Marker,
    reading: Reading,
    pub(super) members: Vec<Member>,
}

/// Whether somebody reads the outbox.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    No,
    Once,
    /// And has to look once more.
    Again,
}

/// The subscription of a socket.
pub(super) struct Member {
    pub(super) socket: Arc<Socket>,
    pub(super) lease: Lease,
    pub(super) form: Form,
    /// What lies up to here it has got.
    pub(super) sent: Marker,
    pub(super) phase: Phase,
}

/// What a member gets.
pub(super) enum Phase {
    /// Everything as it comes.
    Live,
    /// What it missed; what comes meanwhile is held back, unless that is too much.
    CatchingUp(Option<Held>),
    /// Nothing until it is active again.
    Paused,
}

#[derive(Default)]
pub(super) struct Held {
    pushes: VecDeque<Arc<Push>>,
    bytes: usize,
}

/// What one step of catching up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The member is live.
    Live,
    /// There is more to be read.
    More,
    /// Nothing is left to do: the member is gone or paused.
    Over,
}

impl Followed {
    pub(super) fn new(key: QueueKey, store: Arc<dyn DataDriver>, position: Marker) -> Arc<Self> {
        let state = State {
            store,
            position,
            checked: 0,
            head: 0,
            reading: Reading::No,
            members: Vec::new(),
        };
        Arc::new(Self { tag: Tag::of(&key), key, state: Mutex::new(state) })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that there may be something to read; tells whether the caller has to start reading.
    pub(super) fn wake(&self) -> bool {
        let mut state = self.state();
        let is_first = state.reading == Reading::No;
        state.reading = if is_first { Reading::Once } else { Reading::Again };
        is_first
    }

    /// Notes a head that was read when the position was at least `position`; tells whether to wake somebody.
    pub(super) fn has_news(&self, head: Marker, position: Marker) -> bool {
        let mut state = self.state();
        state.head = head;
        if head < position {
            // Another log has taken the place of the one that was followed.
            state.begin_anew();
            return head > 0;
        }
        head > state.position && head > state.checked
    }

    /// Gives members what was read.
    pub(super) fn give(&self, notices: &[Arc<Notice>], up_to: Marker, now: Millis) {
        let mut state = self.state();
        for notice in notices {
            let mut made: Vec<Arc<Push>> = Vec::new();
            for member in &mut state.members {
                member.give(notice, &mut made, now);
            }
        }
        state.position = state.position.max(up_to);
    }

    /// Takes a subscription out; tells whether none is left.
    pub(super) fn remove(&self, id: SubscriptionId) -> (Option<Member>, bool) {
        let mut state = self.state();
        let at = state.members.iter().position(|member| member.lease.id == id);
        let removed = at.map(|at| state.members.swap_remove(at));
        if state.members.capacity() > 4 * state.members.len() {
            state.members.shrink_to_fit();
        }
        (removed, state.members.is_empty())
    }

    /// Notes that a member catches up, and where it goes on; nothing if it does not.
    pub(super) fn begin_catching_up(&self, id: SubscriptionId) -> Option<(Marker, Form)> {
        let mut state = self.state();
        let member = state.member(id)?;
        match &mut member.phase {
            Phase::CatchingUp(held) => *held = Some(Held::default()),
            Phase::Live | Phase::Paused => return None,
        }
        Some((member.sent, member.form.clone()))
    }

    /// Notes how far a member has caught up; `is_all` if nothing more was found.
    pub(super) fn caught_up(&self, id: SubscriptionId, sent: Marker, is_all: bool) -> Step {
        let mut state = self.state();
        let Some(member) = state.member(id) else { return Step::Over };
        member.sent = member.sent.max(sent);
        let Phase::CatchingUp(held) = &mut member.phase else { return Step::Over };
        if !is_all {
            return Step::More;
        }
        let Some(held) = held.take() else {
            // Too much came meanwhile: it is read once more, while what comes from now on is held back.
            *held = Some(Held::default());
            return Step::More;
        };
        member.phase = Phase::Live;
        for push in held.pushes {
            if push.marker() > member.sent {
                member.sent = push.marker();
                member.socket.push(push);
            }
        }
        Step::Live
    }
}

impl State {
    pub(super) fn store(&self) -> Arc<dyn DataDriver> {
        Arc::clone(&self.store)
    }

    /// Notes where the queue lies; in another place everything is new.
    pub(super) fn lies_in(&mut self, store: &Arc<dyn DataDriver>) {
        if !Arc::ptr_eq(&self.store, store) {
            self.store = Arc::clone(store);
            self.begin_anew();
        }
    }

    /// Where reading goes on, and which head was seen before; wakes that come from now on are for the next reading.
    pub(super) fn begin_reading(&mut self) -> (Marker, Marker) {
        self.reading = Reading::Once;
        (self.position, self.head)
    }

    /// Ends reading; tells whether it has to go on.
    pub(super) fn end_reading(&mut self, head: Marker) -> bool {
        self.checked = self.checked.max(head);
        let goes_on = self.reading == Reading::Again && !self.members.is_empty();
        if !goes_on {
            self.reading = Reading::No;
        }
        goes_on
    }

    /// Ends reading that failed: whoever looks at the heads tries again.
    pub(super) fn give_up_reading(&mut self) {
        self.reading = Reading::No;
    }

    pub(super) fn member(&mut self, id: SubscriptionId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.lease.id == id)
    }

    fn begin_anew(&mut self) {
        (self.position, self.checked, self.head) = (0, 0, 0);
        for member in &mut self.members {
            member.sent = 0;
        }
    }
}

impl Member {
    /// Gives it a message, made at most once for all that want it alike.
    fn give(&mut self, notice: &Arc<Notice>, made: &mut Vec<Arc<Push>>, now: Millis) {
        if notice.marker <= self.sent || self.lease.has_ended(now) {
            return;
        }
        let make = |form: &Form, made: &mut Vec<Arc<Push>>| match made
            .iter()
            .rev()
            .take(SOME_FORMS)
            .find(|push| push.has(form))
        {
            Some(push) => Arc::clone(push),
            None => {
                let push = Push::new(notice, form);
                made.push(Arc::clone(&push));
                push
            }
        };
        match &mut self.phase {
            Phase::Live => {
                self.sent = notice.marker;
                self.socket.push(make(&self.form, made));
            }
            Phase::CatchingUp(held) => {
                let Some(kept) = held else { return };
                let push = make(&self.form, made);
                kept.bytes += push.weight();
                kept.pushes.push_back(push);
                if kept.bytes > MOST_HELD {
                    *held = None;
                }
            }
            Phase::Paused => {}
        }
    }

    /// Takes over what the row says; tells whether it has to catch up.
    pub(super) fn follow(&mut self, found: &Subscription) -> bool {
        if self.lease.options() != &found.options {
            self.form = Form::new(&found.options, self.form.with_cursor);
        }
        match (&self.phase, found.state) {
            (Phase::Paused, SubscriptionState::Active) => self.phase = Phase::CatchingUp(None),
            (_, SubscriptionState::Active) => return false,
            (_, SubscriptionState::Paused | SubscriptionState::Disabled) => {
                self.phase = Phase::Paused;
                return false;
            }
        }
        true
    }
}
