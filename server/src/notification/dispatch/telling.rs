//! Making attempts, within the bounds of the server and of each endpoint.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::Subscription;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::endpoint::{Endpoint, Pass};
use super::endpoints::Endpoints;
use super::holding::Held;
use super::letter::is_message;
use super::meters::Meters;
use super::pace::Wait;
use crate::config::NotificationConfig;
use crate::notification::{Carrier, Outcome, Parcel, Told};

/// An attempt that takes longer is waited for elsewhere; one that could not begin within this time is put off.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The carriers of each URI scheme.
#[derive(Clone, Default)]
pub struct Carriers(HashMap<&'static str, Arc<dyn Carrier>>);

impl Carriers {
    /// Nobody can be told yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has subscribers of these schemes, in small letters, told by this carrier.
    #[must_use]
    pub fn with(mut self, schemes: &[&'static str], carrier: Arc<dyn Carrier>) -> Self {
        self.0.extend(schemes.iter().map(|scheme| (*scheme, Arc::clone(&carrier))));
        self
    }

    fn of(&self, subscriber: &str) -> Option<&Arc<dyn Carrier>> {
        let (scheme, _) = subscriber.split_once(':')?;
        self.0.get(scheme).or_else(|| self.0.get(scheme.to_ascii_lowercase().as_str()))
    }

    /// The longest time that one of them may take.
    fn longest(&self) -> Duration {
        self.0.values().map(|carrier| carrier.longest()).max().unwrap_or_default()
    }
}

/// Makes attempts.
pub(super) struct Teller {
    carriers: Carriers,
    endpoints: Endpoints,
    in_flight: Arc<Semaphore>,
    /// For attempts that take long, so that they leave room for others.
    lingering: Arc<Semaphore>,
    meters: Meters,
}

/// Who is told, how, and where.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) subscription: Arc<Subscription>,
    carrier: Arc<dyn Carrier>,
    endpoint: Arc<Endpoint>,
}

/// An attempt that has ended.
pub(super) struct Attempted {
    pub(super) parcel: Parcel,
    pub(super) told: Told,
    pub(super) took: Duration,
    /// Whether the endpoint was left alone before, and is well now.
    pub(super) is_recovery: bool,
}

/// What became of an attempt.
pub(super) enum Begun {
    Ended(Attempted),
    /// It takes long; it goes on only while somebody waits for it.
    UnderWay(UnderWay),
    /// It has not begun.
    PutOff(Instant),
    /// It has not begun, and is held back until then at least.
    Held(Instant),
    /// It has not begun, and will not: the server stops.
    Closing,
}

/// An attempt that takes long.
pub(super) struct UnderWay {
    attempt: Pin<Box<dyn Future<Output = Attempted> + Send>>,
    pass: Pass,
    place: OwnedSemaphorePermit,
    _counted: InFlight,
}

/// Counts an attempt as long as it is under way.
struct InFlight(metrics::Gauge);

impl InFlight {
    fn new(gauge: &metrics::Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Target {
    /// Whether the endpoint takes long to answer.
    pub(super) fn is_slow(&self) -> bool {
        self.endpoint.is_slow()
    }

    /// Decides about a message that is held back until then.
    pub(super) fn hold(&self, until: Instant) -> Held {
        self.endpoint.hold(self.subscription.id, until)
    }
}

impl Teller {
    pub(super) fn new(carriers: Carriers, config: &NotificationConfig, meters: Meters) -> Self {
        let places = || Arc::new(Semaphore::new(config.max_attempts));
        let endpoints = Endpoints::new(config);
        let (in_flight, lingering) = (places(), places());
        Self { carriers, endpoints, in_flight, lingering, meters }
    }

    /// How to tell a subscriber; `None` if no carrier knows its scheme.
    pub(super) fn target(&self, subscription: Subscription) -> Option<Target> {
        let carrier = Arc::clone(self.carriers.of(&subscription.subscriber)?);
        let endpoint = self.endpoints.of(&subscription.subscriber);
        Some(Target { subscription: Arc::new(subscription), carrier, endpoint })
    }

    /// What is known of the endpoint of a subscriber.
    pub(super) fn endpoint(&self, subscriber: &str) -> Arc<Endpoint> {
        self.endpoints.of(subscriber)
    }

    /// How long an attempt may take that has begun.
    pub(super) fn longest(&self) -> Duration {
        self.carriers.longest()
    }

    /// Makes an attempt; returns when it ends, takes long, or cannot begin in time. None begins once the token is
    /// cancelled.
    pub(super) async fn attempt(
        &self,
        target: &Target,
        parcel: Parcel,
        closing: &CancellationToken,
    ) -> Begun {
        if closing.is_cancelled() {
            return Begun::Closing;
        }
        // Who asks a question, or for a test, wants it to be sent now.
        let is_first = parcel.attempt == 1 && is_message(parcel.kind);
        let (pass, place) = match closing.run_until_cancelled(self.begin(target, is_first)).await {
            Some(Ok(begun)) => begun,
            Some(Err(Wait::PutOff(until))) => return Begun::PutOff(until),
            Some(Err(Wait::Held(until))) => return Begun::Held(until),
            None => return Begun::Closing,
        };
        let attempt = Box::pin(carry(Arc::clone(&target.carrier), parcel));
        let _counted = InFlight::new(&self.meters.in_flight);
        let mut under_way = UnderWay { attempt, pass, place, _counted };
        match timeout(PATIENCE, &mut under_way.attempt).await {
            Ok(attempted) => Begun::Ended(self.end(under_way.pass, attempted)),
            Err(_) => {
                under_way.pass.take_long();
                if let Ok(place) = Arc::clone(&self.lingering).try_acquire_owned() {
                    under_way.place = place;
                }
                Begun::UnderWay(under_way)
            }
        }
    }

    /// Waits for the end of an attempt that takes long.
    pub(super) async fn wait(&self, under_way: UnderWay) -> Attempted {
        let UnderWay { attempt, pass, place, _counted } = under_way;
        let attempted = attempt.await;
        drop(place);
        self.end(pass, attempted)
    }

    /// Waits for all that an attempt needs.
    async fn begin(
        &self,
        target: &Target,
        is_first: bool,
    ) -> Result<(Pass, OwnedSemaphorePermit), Wait> {
        let deadline = Instant::now() + PATIENCE;
        let at_endpoint = target.endpoint.place(deadline, is_first).await?;
        let acquire = || Arc::clone(&self.in_flight).acquire_owned();
        let Ok(Ok(place)) = timeout_at(deadline, acquire()).await else {
            return Err(Wait::PutOff(deadline));
        };
        let turn = target.endpoint.turn(deadline, is_first)?;
        if turn > Instant::now() {
            sleep_until(turn).await;
        }
        target.endpoint.begin(at_endpoint, is_first).map(|pass| (pass, place))
    }

    fn end(&self, pass: Pass, attempted: Attempted) -> Attempted {
        let is_answered = !matches!(attempted.told.outcome, Outcome::Failed { .. });
        let took = pass.elapsed();
        let attempted = Attempted { took, is_recovery: pass.end(is_answered), ..attempted };
        self.meters.attempted(&attempted);
        attempted
    }
}

async fn carry(carrier: Arc<dyn Carrier>, parcel: Parcel) -> Attempted {
    let told = timeout(carrier.longest(), carrier.carry(&parcel)).await;
    let told = told.unwrap_or_else(|_| Told {
        outcome: Outcome::Failed { retry_after: None },
        status: None,
        detail: "it took too long".to_owned(),
    });
    Attempted { parcel, told, took: Duration::ZERO, is_recovery: false }
}
