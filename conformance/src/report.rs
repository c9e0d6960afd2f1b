//! How cases ended: by driver, transport and operation.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::case::Case;
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
        Self { driver: driver.to_owned(), transport, operation, name, outcome }
    }
}

/// Counts passed, failed and ignored runs.
pub fn totals(reports: &[CaseReport]) -> [usize; 3] {
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
mod tests {
    use super::*;

    #[test]
    fn tells_every_outcome_under_its_driver_transport_and_operation() {
        let report = |name, outcome| CaseReport {
            driver: "memory".to_owned(),
            transport: Transport::Http,
            operation: "ping",
            name,
            outcome,
        };
        let reports = [
            report("a", Outcome::Passed),
            report("b", Outcome::Failed("it differs".to_owned())),
            report("c", Outcome::Ignored("needs a clock".to_owned())),
        ];

        let ended = json!({ "passed": 1, "failed": { "b": "it differs" }, "ignored": { "c": "needs a clock" } });
        assert_eq!(document(&reports), json!({ "memory": { "http": { "ping": ended } } }));
        assert_eq!(totals(&reports), [1, 1, 1]);
    }
}
