//! One endpoint: how many attempts it takes at a time, how fast, and whether it is left alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sukkal_storage::SubscriptionId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::breaker::{Breaker, BreakerSettings};
use super::holding::Held;
use super::pace::{Pace, Wait};
use super::quickness::Quickness;

/// An endpoint with so many attempts that take longer than they should gets no further one.
const MOST_OVERDUE: usize = 2;
/// How long a slow endpoint is left alone before what waits for it is looked at again.
const SLOW_REST: Duration = Duration::from_secs(1);
/// What is held back waits at least so long.
const SHORTEST_HOLD: Duration = Duration::from_secs(1);

/// What endpoints get.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointSettings {
    pub(super) concurrency: usize,
    /// The time between two attempts at the highest rate.
    pub(super) gap: Option<Duration>,
    pub(super) breaker: BreakerSettings,
}

/// What is known of an endpoint.
#[derive(Debug)]
pub(super) struct Endpoint {
    settings: EndpointSettings,
    permits: Arc<Semaphore>,
    overdue: AtomicUsize,
    quickness: Quickness,
    pace: Mutex<Pace>,
    open_breakers: metrics::Gauge,
}

/// The right to make one attempt. Whoever drops it without saying how the attempt ended says nothing.
pub(super) struct Pass {
    endpoint: Arc<Endpoint>,
    began: Instant,
    is_first: bool,
    is_overdue: bool,
    _place: OwnedSemaphorePermit,
}

impl Endpoint {
    pub(super) fn new(settings: EndpointSettings, open_breakers: metrics::Gauge) -> Self {
        let now = Instant::now();
        Self {
            settings,
            permits: Arc::new(Semaphore::new(settings.concurrency)),
            overdue: AtomicUsize::new(0),
            quickness: Quickness::default(),
            pace: Mutex::new(Pace::new(Breaker::new(settings.breaker), now)),
            open_breakers,
        }
    }

    /// Whether it takes long to answer even when it answers soonest.
    pub(super) fn is_slow(&self) -> bool {
        self.quickness.is_slow()
    }

    /// Waits for a place, but not beyond the deadline, and not for a slow endpoint. Only first attempts are held back.
    pub(super) async fn place(
        &self,
        deadline: Instant,
        is_first: bool,
    ) -> Result<OwnedSemaphorePermit, Wait> {
        if is_first && let Some(until) = self.pace().held_until(Instant::now()) {
            return Err(Wait::Held(until));
        }
        self.check_speed(is_first)?;
        let place = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => match timeout_at(deadline, Arc::clone(&self.permits).acquire_owned()).await {
                Ok(Ok(place)) => place,
                _ => return Err(self.put_off(Instant::now(), is_first)),
            },
        };
        self.check_speed(is_first)?;
        Ok(place)
    }

    /// When the rate lets another attempt begin; the time is taken if it is not beyond the deadline.
    pub(super) fn turn(&self, deadline: Instant, is_first: bool) -> Result<Instant, Wait> {
        let Some(gap) = self.settings.gap else { return Ok(Instant::now()) };
        {
            let mut pace = self.pace();
            let at = pace.next.max(Instant::now());
            if at <= deadline {
                pace.next = at + gap;
                return Ok(at);
            }
        }
        Err(self.put_off(deadline, is_first))
    }

    /// Begins an attempt, unless it is a first one that the breaker holds back.
    pub(super) fn begin(
        self: &Arc<Self>,
        place: OwnedSemaphorePermit,
        is_first: bool,
    ) -> Result<Pass, Wait> {
        let began = Instant::now();
        let mut pace = self.pace();
        if is_first {
            pace.admit(began).map_err(Wait::Held)?;
        }
        pace.count(began);
        let endpoint = Arc::clone(self);
        Ok(Pass { endpoint, began, is_first, is_overdue: false, _place: place })
    }

    /// Decides about a message of a subscription that is held back until then.
    pub(super) fn hold(&self, id: SubscriptionId, until: Instant) -> Held {
        let now = Instant::now();
        self.pace().probes.hold(id, until.max(now + SHORTEST_HOLD), now)
    }

    /// Whether what is parked for a subscription waits for a probe that is still to come.
    pub(super) fn awaits_probe(&self, id: SubscriptionId) -> bool {
        let (pace, now) = (self.pace(), Instant::now());
        let is_held = pace.breaker.held_until(now).is_some() || pace.has_long_line(now);
        is_held && pace.probes.is_ahead(id, now)
    }

    /// How many parked deliveries should be made due before so many others are over.
    pub(super) fn room_for_parked(&self, done: usize) -> usize {
        self.pace().room_for_parked(done, Instant::now())
    }

    fn check_speed(&self, is_first: bool) -> Result<(), Wait> {
        if self.overdue.load(Ordering::Relaxed) < MOST_OVERDUE {
            return Ok(());
        }
        Err(self.put_off(Instant::now() + SLOW_REST, is_first))
    }

    /// Finds a time for an attempt, such that they come as fast as the endpoint takes them.
    fn put_off(&self, not_before: Instant, is_first: bool) -> Wait {
        let at_once = match self.overdue.load(Ordering::Relaxed) {
            0 => self.settings.concurrency,
            _ => MOST_OVERDUE.min(self.settings.concurrency),
        };
        let mut pace = self.pace();
        let gap = pace.mean / u32::try_from(at_once).unwrap_or(u32::MAX).max(1);
        pace.put_off(gap.max(self.settings.gap.unwrap_or_default()), not_before, is_first)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// How long the attempt has been under way.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Notes that the attempt takes longer than it should.
    pub(super) fn take_long(&mut self) {
        if !self.is_overdue {
            self.is_overdue = true;
            self.endpoint.overdue.fetch_add(1, Ordering::Relaxed);
            self.endpoint.pace().note_duration(self.began.elapsed());
        }
    }

    /// Notes how the attempt ended; tells whether the endpoint is well again that was broken.
    pub(super) fn end(self, is_answered: bool) -> bool {
        self.endpoint.quickness.note(self.began.elapsed());
        let mut pace = self.endpoint.pace();
        pace.note_duration(self.began.elapsed());
        if is_answered {
            let is_closed = pace.breaker.succeeded();
            if is_closed {
                pace.credits = 0;
                self.endpoint.open_breakers.decrement(1.0);
            }
            return is_closed;
        }
        if pace.breaker.failed(Instant::now(), self.is_first) {
            self.endpoint.open_breakers.increment(1.0);
        }
        false
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_overdue {
            self.endpoint.overdue.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if self.pace().breaker.is_open() {
            self.open_breakers.decrement(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn endpoint(concurrency: usize, gap: Option<Duration>) -> Arc<Endpoint> {
        let breaker =
            BreakerSettings { failures: 2, pause: 5 * SECOND, longest_pause: 60 * SECOND };
        let settings = EndpointSettings { concurrency, gap, breaker };
        Arc::new(Endpoint::new(settings, metrics::Gauge::noop()))
    }

    async fn pass(endpoint: &Arc<Endpoint>) -> Result<Pass, Wait> {
        attempt(endpoint, true).await
    }

    async fn attempt(endpoint: &Arc<Endpoint>, is_first: bool) -> Result<Pass, Wait> {
        let place = endpoint.place(Instant::now() + SECOND, is_first).await?;
        endpoint.begin(place, is_first)
    }

    fn put_off(wait: Result<Pass, Wait>) -> Instant {
        match wait {
            Err(Wait::PutOff(at)) => at,
            Err(Wait::Held(_)) => panic!("it is held back"),
            Ok(_) => panic!("it may begin"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_endpoint_is_waited_for_until_the_deadline() {
        let endpoint = endpoint(1, None);
        let start = Instant::now();
        let held = pass(&endpoint).await.ok().unwrap();

        let at = put_off(pass(&endpoint).await);

        assert_eq!(start.elapsed(), SECOND);
        assert!(at >= start + SECOND);
        drop(held);
        assert!(pass(&endpoint).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_endpoint_gets_no_further_attempt() {
        let endpoint = endpoint(16, None);
        let start = Instant::now();
        let mut passes = [pass(&endpoint).await.ok().unwrap(), pass(&endpoint).await.ok().unwrap()];
        passes.iter_mut().for_each(Pass::take_long);

        assert!(put_off(pass(&endpoint).await) >= start + SLOW_REST);
        assert!(start.elapsed().is_zero());

        let [one, _other] = passes;
        one.end(true);
        assert!(pass(&endpoint).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_endpoint_is_only_told_again() {
        let endpoint = endpoint(16, None);
        let start = Instant::now();
        for _ in 0..2 {
            pass(&endpoint).await.ok().unwrap().end(false);
        }

        assert_eq!(pass(&endpoint).await.err(), Some(Wait::Held(start + 5 * SECOND)));
        assert!(!attempt(&endpoint, false).await.ok().unwrap().end(false));
        assert_eq!(pass(&endpoint).await.err(), Some(Wait::Held(start + 5 * SECOND)));
        assert!(attempt(&endpoint, false).await.ok().unwrap().end(true), "it is well again");
        assert!(pass(&endpoint).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_endpoint_is_tried_with_more_when_messages_are_given_up_but_not_with_ever_more()
     {
        let endpoint = endpoint(16, None);
        for _ in 0..2 {
            pass(&endpoint).await.ok().unwrap().end(false);
        }

        assert_eq!(endpoint.room_for_parked(1), 16);
        for _ in 0..16 {
            pass(&endpoint).await.ok().unwrap().end(false);
        }
        assert!(pass(&endpoint).await.is_err());
        assert_eq!(endpoint.room_for_parked(1), 1);
        assert!(pass(&endpoint).await.is_err());
        tokio::time::advance(SECOND).await;
        assert_eq!(endpoint.room_for_parked(1), 16);
        assert!(pass(&endpoint).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_parked_awaits_a_probe_while_the_endpoint_is_broken() {
        let endpoint = endpoint(16, None);
        let (start, id) = (Instant::now(), SubscriptionId::new_v4());
        for _ in 0..2 {
            pass(&endpoint).await.ok().unwrap().end(false);
        }
        assert!(!endpoint.awaits_probe(id));
        let until = start + 5 * SECOND;

        assert_eq!(endpoint.hold(id, until), Held::Probe(until));
        assert_eq!(endpoint.hold(id, until), Held::Park);
        assert!(endpoint.awaits_probe(id));
        attempt(&endpoint, false).await.ok().unwrap().end(true);
        assert!(!endpoint.awaits_probe(id));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_keep_to_the_rate() {
        let endpoint = endpoint(16, Some(SECOND / 4));
        let (start, deadline) = (Instant::now(), Instant::now() + SECOND);

        let turns: Vec<_> =
            (0..5).map(|_| endpoint.turn(deadline, true).unwrap() - start).collect();

        assert_eq!(turns, [0, 250, 500, 750, 1000].map(Duration::from_millis));
        let late = endpoint.turn(deadline, true);
        assert!(matches!(late, Err(Wait::PutOff(at)) if at >= deadline));
    }
}
