//! The report as a table for people.

use std::fmt::{self, Display, Formatter};

use super::report::{ExchangeReport, Outcome, Report, Totals};

/// A server that is not there would otherwise fill the screen; the JSON report has all of them.
const MAX_LINES: usize = 100;

/// Prints one row per group, the totals, and a line for each of the first exchanges that did not pass.
#[derive(Debug)]
pub struct Table<'a>(pub &'a Report);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let groups = self.0.groups();
        let width = groups.iter().map(|(name, _)| name.len()).chain([5]).max().unwrap_or(5);
        writeln!(f, "{:width$}  passed  failed  not played  equal texts", "group")?;
        for (name, totals) in &groups {
            row(f, width, name, totals)?;
        }
        row(f, width, "total", &self.0.totals())?;
        let not_passed = self.0.exchanges.iter().filter_map(complaint);
        for line in not_passed.clone().take(MAX_LINES) {
            writeln!(f, "{line}")?;
        }
        match not_passed.count().saturating_sub(MAX_LINES) {
            0 => Ok(()),
            more => writeln!(f, "… and {more} more"),
        }
    }
}

fn complaint(exchange: &ExchangeReport) -> Option<String> {
    match &exchange.outcome {
        Outcome::Passed { .. } => None,
        Outcome::Failed { reason, .. } => Some(format!("FAILED     {}: {reason}", exchange.id)),
        Outcome::NotPlayed { reason } => Some(format!("not played {}: {reason}", exchange.id)),
    }
}

fn row(f: &mut Formatter<'_>, width: usize, name: &str, totals: &Totals) -> fmt::Result {
    let Totals { passed, failed, not_played, texts, texts_equal } = totals;
    write!(f, "{name:width$}  {passed:6}  {failed:6}  {not_played:10}")?;
    match totals.texts_percent() {
        Some(percent) => writeln!(f, "  {texts_equal}/{texts} ({percent:.0} %)"),
        None => writeln!(f, "  -"),
    }
}
