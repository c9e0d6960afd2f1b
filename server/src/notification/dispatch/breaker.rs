//! A circuit breaker: an endpoint that only fails is left alone for a while. Only first attempts at a message are held
//! back; when others follow is for the policy of the subscription.

use std::time::Duration;

use tokio::time::Instant;

/// A probe that says nothing for so long is given up, so that another may be made.
const LONGEST_PROBE: Duration = Duration::from_secs(120);

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BreakerSettings {
    /// How many messages in a row of which the first attempt fails open it; 0 never does.
    pub(super) failures: u32,
    /// How long it stays open at first.
    pub(super) pause: Duration,
    /// How long it stays open at most: the pause doubles with each probe that fails.
    pub(super) longest_pause: Duration,
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Go,
    /// Not before then.
    Until(Instant),
}

/// The breaker of one endpoint.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration },
    Probing { since: Instant, pause: Duration },
}

impl Breaker {
    /// A breaker that is closed.
    pub(super) fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// Whether attempts are held back.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }

    /// Until when first attempts are held back, if they are.
    pub(super) fn held_until(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Open { until, .. } if now < until => Some(until),
            State::Probing { since, pause } if now < since + LONGEST_PROBE => Some(now + pause),
            _ => None,
        }
    }

    /// Asks for a first attempt that begins now. While the breaker is open, one attempt is let through after each pause.
    pub(super) fn admit(&mut self, now: Instant) -> Admission {
        if let Some(until) = self.held_until(now) {
            return Admission::Until(until);
        }
        if let State::Open { pause, .. } | State::Probing { pause, .. } = self.state {
            self.state = State::Probing { since: now, pause };
        }
        Admission::Go
    }

    /// Notes that the endpoint answered; tells whether that closed the breaker.
    pub(super) fn succeeded(&mut self) -> bool {
        let was_open = self.is_open();
        self.state = State::Closed { failures: 0 };
        was_open
    }

    /// Notes that the endpoint failed, with a first attempt or a later one; tells whether that opened the breaker.
    pub(super) fn failed(&mut self, now: Instant, is_first: bool) -> bool {
        let BreakerSettings { failures: most, pause, longest_pause } = self.settings;
        match self.state {
            State::Closed { .. } if !is_first => false,
            State::Closed { failures } => {
                let failures = failures.saturating_add(1);
                let opens = most > 0 && failures >= most;
                self.state = if opens {
                    State::Open { until: now + pause, pause }
                } else {
                    State::Closed { failures }
                };
                opens
            }
            // An attempt from before it opened, or one that was let through.
            State::Open { until, .. } if now < until => false,
            State::Open { pause, .. } | State::Probing { pause, .. } => {
                let pause = (pause * 2).min(longest_pause);
                self.state = State::Open { until: now + pause, pause };
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 3, pause: SECOND, longest_pause: 3 * SECOND })
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = breaker();
        assert_eq!([(); 3].map(|()| breaker.failed(now, true)), [false, false, true]);
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn opens_after_enough_failures_in_a_row() {
        let now = Instant::now();
        let mut breaker = breaker();
        for _ in 0..10 {
            breaker.failed(now, true);
            breaker.failed(now, true);
            assert!(!breaker.succeeded());
        }
        assert_eq!(breaker.admit(now), Admission::Go);

        let mut breaker = opened(now);
        assert!(breaker.is_open());
        assert_eq!(breaker.admit(now), Admission::Until(now + SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn lets_one_probe_through_which_decides() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + SECOND;

        assert_eq!(breaker.admit(later), Admission::Go);
        assert_eq!(breaker.admit(later), Admission::Until(later + SECOND));
        assert!(breaker.succeeded());
        assert_eq!(breaker.admit(later), Admission::Go);
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_with_each_probe_that_fails() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let mut at = start + SECOND;
        for pause in [2, 3, 3] {
            assert_eq!(breaker.admit(at), Admission::Go);
            assert!(!breaker.failed(at, true), "it is open already");
            let until = at + pause * SECOND;
            assert_eq!(breaker.admit(at), Admission::Until(until));
            // What began before it opened changes nothing.
            breaker.failed(at, true);
            at = until;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn later_attempts_do_not_open_it_but_keep_it_open_or_close_it() {
        let start = Instant::now();
        let mut breaker = breaker();
        assert!((0..100).all(|_| !breaker.failed(start, false)));
        assert_eq!(breaker.held_until(start), None);

        let mut breaker = opened(start);
        let until = start + SECOND;
        breaker.failed(start, false);
        assert_eq!(breaker.held_until(start), Some(until));
        breaker.failed(until, false);
        assert_eq!(breaker.held_until(until), Some(until + 2 * SECOND));
        assert!(breaker.succeeded());
        assert_eq!(breaker.held_until(until), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_never_ends_is_replaced() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.admit(now + SECOND);

        assert_eq!(breaker.admit(now + SECOND + LONGEST_PROBE), Admission::Go);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_number_of_failures_it_never_opens() {
        let now = Instant::now();
        let mut breaker =
            Breaker::new(BreakerSettings { failures: 0, pause: SECOND, longest_pause: SECOND });
        for _ in 0..1000 {
            assert!(!breaker.failed(now, true));
        }
        assert_eq!(breaker.admit(now), Admission::Go);
    }
}
