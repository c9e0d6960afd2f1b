//! One endpoint: how many attempts it takes at a time, how fast, and whether it is left alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::breaker::{Admission, Breaker, BreakerSettings};
use super::quickness::Quickness;

/// An endpoint with so many attempts that take longer than they should gets no further one.
const MOST_OVERDUE: usize = 2;
/// How long a slow endpoint is left alone before what waits for it is looked at again.
const SLOW_REST: Duration = Duration::from_secs(1);
/// Attempts that are held back are spread over at most this time.
const LONGEST_SPREAD: Duration = Duration::from_secs(60);
const SHORTEST_GAP: Duration = Duration::from_millis(1);
const LONGEST_GAP: Duration = Duration::from_secs(1);

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

#[derive(Debug)]
struct Pace {
    breaker: Breaker,
    /// About how long an attempt takes.
    mean: Duration,
    /// When the next attempt may begin at the highest rate.
    next: Instant,
    /// For when the last attempt was put off.
    put_off_to: Instant,
}

/// The right to make one attempt. Whoever drops it without saying how the attempt ended says nothing.
pub(super) struct Pass {
    endpoint: Arc<Endpoint>,
    began: Instant,
    is_overdue: bool,
    _place: OwnedSemaphorePermit,
}

/// The attempt must wait: it is worth another look then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PutOff(pub(super) Instant);

impl Endpoint {
    pub(super) fn new(settings: EndpointSettings, open_breakers: metrics::Gauge) -> Self {
        let now = Instant::now();
        let breaker = Breaker::new(settings.breaker);
        let pace = Pace { breaker, mean: Duration::ZERO, next: now, put_off_to: now };
        Self {
            settings,
            permits: Arc::new(Semaphore::new(settings.concurrency)),
            overdue: AtomicUsize::new(0),
            quickness: Quickness::default(),
            pace: Mutex::new(pace),
            open_breakers,
        }
    }

    /// Whether it takes long to answer even when it answers soonest.
    pub(super) fn is_slow(&self) -> bool {
        self.quickness.is_slow()
    }

    /// Waits for a place, but not beyond the deadline, and not for a slow endpoint.
    pub(super) async fn place(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, PutOff> {
        self.check_speed()?;
        let place = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => match timeout_at(deadline, Arc::clone(&self.permits).acquire_owned()).await {
                Ok(Ok(place)) => place,
                _ => return Err(self.put_off(Instant::now())),
            },
        };
        self.check_speed()?;
        Ok(place)
    }

    /// When the rate lets another attempt begin; the time is taken if it is not beyond the deadline.
    pub(super) fn turn(&self, deadline: Instant) -> Result<Instant, PutOff> {
        let Some(gap) = self.settings.gap else { return Ok(Instant::now()) };
        {
            let mut pace = self.pace();
            let at = pace.next.max(Instant::now());
            if at <= deadline {
                pace.next = at + gap;
                return Ok(at);
            }
        }
        Err(self.put_off(deadline))
    }

    /// Begins an attempt, unless the breaker is open.
    pub(super) fn begin(self: &Arc<Self>, place: OwnedSemaphorePermit) -> Result<Pass, PutOff> {
        let began = Instant::now();
        let admission = self.pace().breaker.admit(began);
        match admission {
            Admission::Go => {
                Ok(Pass { endpoint: Arc::clone(self), began, is_overdue: false, _place: place })
            }
            Admission::Until(until) => Err(self.put_off(until)),
        }
    }

    fn check_speed(&self) -> Result<(), PutOff> {
        if self.overdue.load(Ordering::Relaxed) < MOST_OVERDUE {
            return Ok(());
        }
        Err(self.put_off(Instant::now() + SLOW_REST))
    }

    /// Finds a time for an attempt, such that they come as fast as the endpoint takes them.
    fn put_off(&self, not_before: Instant) -> PutOff {
        let at_once = match self.overdue.load(Ordering::Relaxed) {
            0 => self.settings.concurrency,
            _ => MOST_OVERDUE.min(self.settings.concurrency),
        };
        let mut pace = self.pace();
        let gap = pace.mean / u32::try_from(at_once).unwrap_or(u32::MAX).max(1);
        let gap = gap.max(self.settings.gap.unwrap_or_default()).clamp(SHORTEST_GAP, LONGEST_GAP);
        pace.put_off_to = (pace.put_off_to + gap).clamp(not_before, not_before + LONGEST_SPREAD);
        PutOff(pace.put_off_to)
    }

    fn note_duration(pace: &mut Pace, took: Duration) {
        pace.mean = if pace.mean.is_zero() { took } else { (pace.mean * 7 + took) / 8 };
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
            Endpoint::note_duration(&mut self.endpoint.pace(), self.began.elapsed());
        }
    }

    /// Notes how the attempt ended.
    pub(super) fn end(self, is_answered: bool) {
        self.endpoint.quickness.note(self.began.elapsed());
        let mut pace = self.endpoint.pace();
        Endpoint::note_duration(&mut pace, self.began.elapsed());
        if is_answered {
            if pace.breaker.succeeded() {
                self.endpoint.open_breakers.decrement(1.0);
            }
        } else if pace.breaker.failed(Instant::now()) {
            self.endpoint.open_breakers.increment(1.0);
        }
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

    async fn pass(endpoint: &Arc<Endpoint>) -> Result<Pass, PutOff> {
        let place = endpoint.place(Instant::now() + SECOND).await?;
        endpoint.begin(place)
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_endpoint_is_waited_for_until_the_deadline() {
        let endpoint = endpoint(1, None);
        let start = Instant::now();
        let held = pass(&endpoint).await.ok().unwrap();

        let put_off = pass(&endpoint).await.err().unwrap();

        assert_eq!(start.elapsed(), SECOND);
        assert!(put_off.0 >= start + SECOND);
        drop(held);
        assert!(pass(&endpoint).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_endpoint_gets_no_further_attempt() {
        let endpoint = endpoint(16, None);
        let start = Instant::now();
        let mut passes = [pass(&endpoint).await.ok().unwrap(), pass(&endpoint).await.ok().unwrap()];
        passes.iter_mut().for_each(Pass::take_long);

        assert!(pass(&endpoint).await.err().unwrap().0 >= start + SLOW_REST);
        assert!(start.elapsed().is_zero());

        let [one, _other] = passes;
        one.end(true);
        assert!(pass(&endpoint).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_endpoint_is_left_alone_and_what_waits_is_spread() {
        let endpoint = endpoint(16, None);
        let start = Instant::now();
        for _ in 0..2 {
            pass(&endpoint).await.ok().unwrap().end(false);
        }

        let mut last = start + 5 * SECOND;
        for _ in 0..100 {
            let PutOff(at) = pass(&endpoint).await.err().unwrap();
            assert!(at >= last && at <= start + 65 * SECOND);
            last = at;
        }
        assert!(last > start + 5 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_keep_to_the_rate() {
        let endpoint = endpoint(16, Some(SECOND / 4));
        let (start, deadline) = (Instant::now(), Instant::now() + SECOND);

        let turns: Vec<_> = (0..5).map(|_| endpoint.turn(deadline).unwrap() - start).collect();

        assert_eq!(turns, [0, 250, 500, 750, 1000].map(Duration::from_millis));
        assert!(endpoint.turn(deadline).unwrap_err().0 >= deadline);
    }
}
