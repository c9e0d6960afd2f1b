//! A report as JUnit XML, which build servers read.

use std::fmt::Write as _;

use super::{CaseReport, Outcome};
use crate::recorded::{Outcome as Ending, Report};

/// One run of something.
struct Test<'a> {
    class: String,
    name: &'a str,
    ending: Result<(), Trouble<'a>>,
}

enum Trouble<'a> {
    Failure(&'a str),
    Skipped(&'a str),
}

/// Renders cases, a suite for each server and transport, and recorded exchanges, in one suite.
pub fn junit(cases: &[CaseReport], exchanges: Option<&Report>) -> String {
    let mut suites: Vec<(String, Vec<Test<'_>>)> = Vec::new();
    for case in cases {
        let name = format!("cases {} {}", case.driver, case.transport);
        let test = of_case(case);
        match suites.iter_mut().find(|(known, _)| *known == name) {
            Some((_, tests)) => tests.push(test),
            None => suites.push((name, vec![test])),
        }
    }
    if let Some(report) = exchanges {
        let tests = report.exchanges.iter().map(|exchange| Test {
            class: format!("{}.{}", exchange.profile, exchange.group),
            name: &exchange.id,
            ending: match &exchange.outcome {
                Ending::Passed { .. } => Ok(()),
                Ending::Failed { reason, .. } => Err(Trouble::Failure(reason)),
                Ending::NotPlayed { reason } => Err(Trouble::Skipped(reason)),
            },
        });
        suites.push(("recorded exchanges".to_owned(), tests.collect()));
    }
    let all = counts(suites.iter().flat_map(|(_, tests)| tests));
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {all}>\n");
    for (name, tests) in &suites {
        suite(&mut xml, name, tests);
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn of_case(case: &CaseReport) -> Test<'_> {
    Test {
        class: format!("{}.{}", case.operation, case.level),
        name: case.name,
        ending: match &case.outcome {
            Outcome::Passed => Ok(()),
            Outcome::Failed(reason) => Err(Trouble::Failure(reason)),
            Outcome::Ignored(reason) => Err(Trouble::Skipped(reason)),
        },
    }
}

fn suite(xml: &mut String, name: &str, tests: &[Test<'_>]) {
    // Writing to a string cannot fail.
    let _ = writeln!(xml, "  <testsuite name=\"{}\" {}>", escaped(name), counts(tests.iter()));
    for test in tests {
        let (class, name) = (escaped(&test.class), escaped(test.name));
        let open = format!("    <testcase classname=\"{class}\" name=\"{name}\"");
        let trouble = match &test.ending {
            Ok(()) => None,
            Err(Trouble::Failure(reason)) => Some(("failure", reason)),
            Err(Trouble::Skipped(reason)) => Some(("skipped", reason)),
        };
        let _ = match trouble {
            None => writeln!(xml, "{open}/>"),
            Some((element, reason)) => {
                let reason = escaped(reason);
                writeln!(xml, "{open}>\n      <{element} message=\"{reason}\"/>\n    </testcase>")
            }
        };
    }
    xml.push_str("  </testsuite>\n");
}

fn counts<'t, 'a: 't>(tests: impl Iterator<Item = &'t Test<'a>>) -> String {
    let (mut all, mut failures, mut skipped) = (0, 0, 0);
    for test in tests {
        all += 1;
        match test.ending {
            Ok(()) => {}
            Err(Trouble::Failure(_)) => failures += 1,
            Err(Trouble::Skipped(_)) => skipped += 1,
        }
    }
    format!("tests=\"{all}\" failures=\"{failures}\" skipped=\"{skipped}\"")
}

/// A text as it stands in an attribute. Characters that XML does not have become the replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            letter if letter < ' ' || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}
