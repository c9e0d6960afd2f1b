//! How cases ended: by level, and by driver, transport and operation.

mod junit;
mod markdown;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use junit::junit;
pub use markdown::markdown;

use crate::case::{Case, Level};
use crate::service::Transport;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server does what the case says.
    Passed,
    /// It does not; with what was different.
    Failed(String),
    /// The case did not run; with the reason.
    Ignored(String),
}

/// One run of one case.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// The driver, or what else tells one server from another.
    pub driver: String,
    /// What carried the calls.
    pub transport: Transport,
    /// What it asks of a server.
    pub level: Level,
    /// The operation.
    pub operation: &'static str,
    /// The name of the case.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

impl CaseReport {
    /// Notes how a case ended.
    pub fn new(driver: &str, transport: Transport, case: &Case, outcome: Outcome) -> Self {
        let (operation, name) = (case.operation.name, case.short_name());
        let level = case.level(transport);
        Self { driver: driver.to_owned(), transport, level, operation, name, outcome }
    }
}

/// Counts passed, failed and ignored runs, by level.
pub fn levels(reports: &[CaseReport]) -> Value {
    let of = |level| totals(reports.iter().filter(move |report| report.level == level));
    let told = Level::ALL.map(|level| {
        let [passed, failed, ignored] = of(level);
        let counts = json!({ "passed": passed, "failed": failed, "ignored": ignored });
        (level.to_string(), counts)
    });
    Value::Object(told.into_iter().collect())
}

/// Counts passed, failed and ignored runs.
pub fn totals<'a>(reports: impl IntoIterator<Item = &'a CaseReport>) -> [usize; 3] {
    let mut totals = [0; 3];
    for report in reports {
        totals[match report.outcome {
            Outcome::Passed => 0,
            Outcome::Failed(_) => 1,
            Outcome::Ignored(_) => 2,
        }] += 1;
    }
    totals
}

/// Makes one document of many reports: driver, transport, operation; then how many cases passed, and which
/// failed or were ignored, with the reason.
pub fn document(reports: &[CaseReport]) -> Value {
    let mut found: BTreeMap<(&str, String, &str), (usize, Map<_, _>, Map<_, _>)> = BTreeMap::new();
    for report in reports {
        let place = (report.driver.as_str(), report.transport.to_string(), report.operation);
        let (passed, failed, ignored) = found.entry(place).or_default();
        match &report.outcome {
            Outcome::Passed => *passed += 1,
            Outcome::Failed(why) => drop(failed.insert(report.name.to_owned(), json!(why))),
            Outcome::Ignored(why) => drop(ignored.insert(report.name.to_owned(), json!(why))),
        }
    }
    let mut document = json!({});
    for ((driver, transport, operation), (passed, failed, ignored)) in found {
        document[driver][transport][operation] =
            json!({ "passed": passed, "failed": failed, "ignored": ignored });
    }
    document
}

#[cfg(test)]
mod tests;
