//! Runs cases against one server.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};

use crate::case::{Case, Level, Need};
use crate::cases;
use crate::report::{CaseReport, Outcome};
use crate::service::{Service, Target, Transport};

/// A case that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs one case to its end.
pub async fn attempt(case: &Case, service: Service) -> Outcome {
    let outcome = guarded((case.run)(service.clone())).await;
    if !case.needs.contains(&Need::Pools) {
        return outcome;
    }
    match Box::pin(guarded(service.remove_pools())).await {
        Outcome::Failed(reason) if outcome == Outcome::Passed => {
            Outcome::Failed(format!("pools are left: {reason}"))
        }
        _ => outcome,
    }
}

async fn guarded(running: impl Future<Output = ()>) -> Outcome {
    let running = AssertUnwindSafe(running).catch_unwind();
    match tokio::time::timeout(PATIENCE, running).await {
        Ok(Ok(())) => Outcome::Passed,
        Ok(Err(panic)) => Outcome::Failed(message_of(panic.as_ref())),
        Err(_) => Outcome::Failed("did not finish in time".to_owned()),
    }
}

/// Which cases are run.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// Only those whose name contains this.
    pub part: &'a str,
    /// Only those of this level.
    pub level: Option<Level>,
}

/// Runs the chosen cases over every transport, so many at a time.
///
/// - `driver` is the name the reports get.
/// - A case that moves the clock is ignored where there is none to move, one with pools where no URIs are known.
/// - Cases with pools run one after another at the end.
pub async fn run_all(
    target: &Arc<Target>,
    driver: &str,
    chosen: Chosen<'_>,
    jobs: usize,
) -> Vec<CaseReport> {
    let runs: Vec<(Case, Transport)> = Transport::ALL
        .into_iter()
        .flat_map(|transport| cases::all().map(move |case| (case, transport)))
        .filter(|(case, transport)| case.fits(*transport) && chosen.takes(case, *transport))
        .collect();
    let (alone, together): (Vec<_>, Vec<_>) =
        runs.into_iter().partition(|(case, _)| case.needs.contains(&Need::Pools));
    let mut reports = side_by_side(target, driver, together, jobs.max(1)).await;
    reports.extend(side_by_side(target, driver, alone, 1).await);
    reports
}

async fn side_by_side(
    target: &Arc<Target>,
    driver: &str,
    runs: Vec<(Case, Transport)>,
    jobs: usize,
) -> Vec<CaseReport> {
    stream::iter(runs)
        .map(|(case, transport)| {
            Box::pin(async move {
                let outcome = run(target, &case, transport).await;
                CaseReport::new(driver, transport, &case, outcome)
            })
        })
        .buffered(jobs)
        .collect()
        .await
}

impl Chosen<'_> {
    fn takes(&self, case: &Case, transport: Transport) -> bool {
        let level = self.level.is_none_or(|level| case.level(transport) == level);
        level && case.short_name().contains(self.part)
    }
}

async fn run(target: &Arc<Target>, case: &Case, transport: Transport) -> Outcome {
    if case.needs.contains(&Need::Clock) && !target.has_clock() {
        return Outcome::Ignored("needs a clock".to_owned());
    }
    if case.needs.contains(&Need::Limits) && !target.has_small_limits() {
        return Outcome::Ignored("needs the profile limits".to_owned());
    }
    if case.needs.contains(&Need::Pools) && target.pool_uris().len() < 3 {
        return Outcome::Ignored("needs pooling and three URIs of pools".to_owned());
    }
    if !target.has(transport) {
        return Outcome::Ignored("needs the URL of a WebSocket".to_owned());
    }
    attempt(case, Service::new(Arc::clone(target), transport)).await
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panicked").to_owned()
}
