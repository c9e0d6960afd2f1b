//! The report as a table for people.

use std::fmt::{self, Display, Formatter};

use super::report::{Outcome, Report, Totals};

/// Prints one row per group, the totals, and a line for each exchange that did not pass.
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
        for exchange in &self.0.exchanges {
            match &exchange.outcome {
                Outcome::Passed { .. } => {}
                Outcome::Failed { reason, .. } => {
                    writeln!(f, "FAILED     {}: {reason}", exchange.id)?;
                }
                Outcome::NotPlayed { reason } => {
                    writeln!(f, "not played {}: {reason}", exchange.id)?;
                }
            }
        }
        Ok(())
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
