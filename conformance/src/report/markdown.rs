//! A report as Markdown, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{CaseReport, Outcome, totals};
use crate::case::Level;
use crate::recorded::{Outcome as Ending, Report};

/// Renders the counts, by level, by operation and by group, and a line for everything that failed.
pub fn markdown(cases: &[CaseReport], exchanges: Option<&Report>) -> String {
    let mut text = "# Conformance\n".to_owned();
    let mut failed = Vec::new();
    if !cases.is_empty() {
        by_level(&mut text, cases);
        by_operation(&mut text, cases);
        failed.extend(cases.iter().filter_map(|case| match &case.outcome {
            Outcome::Failed(reason) => {
                let place = format!("[{}/{}] {}", case.driver, case.transport, case.name);
                Some((place, reason))
            }
            _ => None,
        }));
    }
    if let Some(report) = exchanges {
        by_group(&mut text, report);
        failed.extend(report.exchanges.iter().filter_map(|exchange| match &exchange.outcome {
            Ending::Failed { reason, .. } => Some((exchange.id.clone(), reason)),
            _ => None,
        }));
    }
    if !failed.is_empty() {
        text.push_str("\n## Failed\n\n");
        for (place, reason) in failed {
            line(&mut text, format_args!("- `{place}`: {}", plain(reason)));
        }
    }
    text
}

fn by_level(text: &mut String, cases: &[CaseReport]) {
    text.push_str("\n| level | passed | failed | ignored |\n|---|---:|---:|---:|\n");
    for level in Level::ALL {
        let counts = totals(cases.iter().filter(|case| case.level == level));
        line(text, format_args!("| {level} | {} |", joined(counts)));
    }
}

fn by_operation(text: &mut String, cases: &[CaseReport]) {
    text.push_str("\n## Cases\n\n| server | transport | operation | passed | failed | ignored |\n");
    text.push_str("|---|---|---|---:|---:|---:|\n");
    let mut rows: BTreeMap<_, Vec<&CaseReport>> = BTreeMap::new();
    for case in cases {
        let place = (case.driver.as_str(), case.transport.to_string(), case.operation);
        rows.entry(place).or_default().push(case);
    }
    for ((driver, transport, operation), cases) in rows {
        let counts = joined(totals(cases));
        let driver = plain(driver);
        line(text, format_args!("| {driver} | {transport} | {operation} | {counts} |"));
    }
}

fn by_group(text: &mut String, report: &Report) {
    text.push_str(
        "\n## Recorded exchanges\n\n| group | passed | failed | not played | equal texts |\n",
    );
    text.push_str("|---|---:|---:|---:|---:|\n");
    for (group, totals) in report.groups() {
        let counts = joined([totals.passed, totals.failed, totals.not_played]);
        let texts = format!("{} of {}", totals.texts_equal, totals.texts);
        line(text, format_args!("| {group} | {counts} | {texts} |"));
    }
}

fn joined(counts: [usize; 3]) -> String {
    counts.map(|count| count.to_string()).join(" | ")
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// A text in one line, in which nothing ends a cell.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('|', "\\|")
}
