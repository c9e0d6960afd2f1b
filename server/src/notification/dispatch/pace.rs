//! How fast attempts come to an endpoint, and which of them wait.

use std::time::Duration;

use tokio::time::Instant;

use super::breaker::{Admission, Breaker};
use super::holding::Probes;

/// Attempts that are put off are spread over at most this time; first ones beyond it are held back.
const LONGEST_SPREAD: Duration = Duration::from_secs(60);
const SHORTEST_GAP: Duration = Duration::from_millis(1);
const LONGEST_GAP: Duration = Duration::from_secs(1);
/// How many messages a broken endpoint is tried with when one was given up, unless it has had as many attempts within
/// a second.
const CREDITS: usize = 16;
/// How many parked deliveries are made due at most in one step, and at least for an endpoint that has time.
const LARGEST_STEP: usize = 1000;
const SMALLEST_STEP: usize = 16;

/// What changes with every attempt.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) breaker: Breaker,
    /// About how long an attempt takes.
    pub(super) mean: Duration,
    /// When the next attempt may begin at the highest rate.
    pub(super) next: Instant,
    /// For when the last attempt was put off.
    put_off_to: Instant,
    pub(super) probes: Probes,
    /// How many first attempts may be made though the breaker is open.
    pub(super) credits: usize,
    /// Since when attempts are counted, and how many have begun: what happens within a second.
    begun: (Instant, usize),
}

/// The attempt must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// It is worth another look then.
    PutOff(Instant),
    /// It is held back until then at least, as all first attempts are.
    Held(Instant),
}

impl Pace {
    pub(super) fn new(breaker: Breaker, now: Instant) -> Self {
        Self {
            breaker,
            mean: Duration::ZERO,
            next: now,
            put_off_to: now,
            probes: Probes::default(),
            credits: 0,
            begun: (now, 0),
        }
    }

    /// Until when first attempts are held back, if they are.
    pub(super) fn held_until(&self, now: Instant) -> Option<Instant> {
        self.breaker.held_until(now).filter(|_| self.credits == 0)
    }

    /// Asks for a first attempt; tells until when it is held back otherwise.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Instant> {
        match self.breaker.admit(now) {
            Admission::Go => Ok(()),
            Admission::Until(until) => {
                self.credits = self.credits.checked_sub(1).ok_or(until)?;
                Ok(())
            }
        }
    }

    pub(super) fn count(&mut self, now: Instant) {
        if now >= self.begun.0 + Duration::from_secs(1) {
            self.begun = (now, 0);
        }
        self.begun.1 += 1;
    }

    /// Lets a broken endpoint be tried with further messages; returns with how many.
    fn give_credits(&mut self, now: Instant) -> usize {
        let is_busy = now < self.begun.0 + Duration::from_secs(1) && self.begun.1 > CREDITS;
        if !is_busy {
            self.credits = CREDITS;
        }
        self.credits
    }

    /// Whether so much was put off that the endpoint has enough to do for a good while.
    pub(super) fn has_long_line(&self, now: Instant) -> bool {
        self.put_off_to > now + LONGEST_SPREAD / 2
    }

    /// Finds a time for an attempt, so much behind the last one that was put off.
    pub(super) fn put_off(&mut self, gap: Duration, not_before: Instant, is_first: bool) -> Wait {
        let gap = gap.clamp(SHORTEST_GAP, LONGEST_GAP);
        let (at, latest) = (self.put_off_to + gap, not_before + LONGEST_SPREAD);
        if is_first && at > latest {
            return Wait::Held(latest);
        }
        self.put_off_to = at.clamp(not_before, latest);
        Wait::PutOff(self.put_off_to)
    }

    /// How many parked deliveries should be made due before so many others are over.
    pub(super) fn room_for_parked(&mut self, done: usize, now: Instant) -> usize {
        let room = if self.breaker.is_open() {
            self.give_credits(now)
        } else if self.has_long_line(now) {
            1
        } else if self.put_off_to > now {
            done
        } else {
            done.saturating_mul(2).saturating_add(SMALLEST_STEP)
        };
        room.clamp(1, LARGEST_STEP)
    }

    pub(super) fn note_duration(&mut self, took: Duration) {
        self.mean = if self.mean.is_zero() { took } else { (self.mean * 7 + took) / 8 };
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaker::BreakerSettings;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_into_a_minute_is_held_back() {
        let breaker = BreakerSettings { failures: 2, pause: SECOND, longest_pause: SECOND };
        let now = Instant::now();
        let mut pace = Pace::new(Breaker::new(breaker), now);
        let mut put_off = 0;
        while let Wait::PutOff(_) = pace.put_off(SECOND / 10, now, true) {
            put_off += 1;
            assert!(put_off < 1000, "it never ends");
        }

        assert_eq!(put_off, 600);
        assert_eq!(pace.put_off(SECOND, now, true), Wait::Held(now + 60 * SECOND));
        assert_eq!(pace.put_off(SECOND, now, false), Wait::PutOff(now + 60 * SECOND));
        assert_eq!(pace.room_for_parked(9, now), 1);
        assert_eq!(pace.room_for_parked(9, now + 40 * SECOND), 9);
        assert_eq!(pace.room_for_parked(9, now + 60 * SECOND), 2 * 9 + SMALLEST_STEP);
        assert_eq!(pace.room_for_parked(9999, now + 60 * SECOND), LARGEST_STEP);
    }
}
