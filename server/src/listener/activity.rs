//! What a connection is doing, and until when it may.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::settings::Settings;

const HEADERS: u8 = 0;
const BUSY: u8 = 1;
const IDLE: u8 = 2;
const UPGRADED: u8 = 3;

/// The phase began since the clock was last read. Most phases end before anybody asks for their
/// deadline, so the clock is read only then.
const JUST_NOW: u64 = u64::MAX;

/// What one connection is doing. Only its own task uses it: the atomics are for sharing the value
/// between socket, service and deadline within that task.
#[derive(Debug)]
pub(super) struct Activity {
    origin: Instant,
    phase: AtomicU8,
    since: AtomicU64,
    has_body: AtomicBool,
}

impl Activity {
    /// A connection whose first request is awaited.
    pub(super) fn new() -> Self {
        Self {
            origin: Instant::now(),
            phase: AtomicU8::new(HEADERS),
            since: AtomicU64::new(0),
            has_body: AtomicBool::new(false),
        }
    }

    /// Bytes came in.
    pub(super) fn has_read(&self) {
        if self.phase.load(Relaxed) == IDLE {
            self.enter(HEADERS);
        }
    }

    /// Bytes went out: whoever takes its answer is neither idle nor slow to ask.
    pub(super) fn has_written(&self) {
        if matches!(self.phase.load(Relaxed), HEADERS | IDLE) {
            self.since.store(JUST_NOW, Relaxed);
        }
    }

    /// A request has arrived. From here its handler watches the time.
    pub(super) fn is_busy(&self, has_body: bool) {
        self.has_body.store(has_body, Relaxed);
        self.enter(BUSY);
    }

    /// The handler has answered.
    pub(super) fn is_idle(&self) {
        self.enter(IDLE);
    }

    /// The connection speaks another protocol from here on.
    pub(super) fn is_upgraded(&self) {
        self.enter(UPGRADED);
    }

    /// Whether a client whose connection is closed now may still be sending: headers that were
    /// refused, or a body that was not read to its end.
    pub(super) fn may_have_unread(&self) -> bool {
        match self.phase.load(Relaxed) {
            HEADERS | BUSY => true,
            IDLE => self.has_body.load(Relaxed),
            _ => false,
        }
    }

    /// Until when the present phase may last.
    pub(super) fn deadline(&self, settings: &Settings) -> Option<Instant> {
        let allowed = match self.phase.load(Relaxed) {
            BUSY | UPGRADED => return None,
            HEADERS => settings.header_read_timeout,
            _ => settings.idle_timeout,
        };
        Some(self.since() + allowed)
    }

    fn enter(&self, phase: u8) {
        self.phase.store(phase, Relaxed);
        self.since.store(JUST_NOW, Relaxed);
    }

    fn since(&self) -> Instant {
        let mut since = self.since.load(Relaxed);
        if since == JUST_NOW {
            since = u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(JUST_NOW - 1);
            self.since.store(since, Relaxed);
        }
        self.origin + Duration::from_millis(since)
    }
}
