use super::*;
use crate::recorded::{ExchangeReport, Outcome as Ending, Report};

fn cases() -> Vec<CaseReport> {
    let report = |name, level, outcome| CaseReport {
        driver: "memory".to_owned(),
        transport: Transport::Http,
        level,
        operation: "ping",
        name,
        outcome,
    };
    vec![
        report("ping::a", Level::Compatible, Outcome::Passed),
        report(
            "ping::b",
            Level::Extended,
            Outcome::Failed("expected <1>, got \"2\" & a | bar".to_owned()),
        ),
        report("ping::c", Level::Compatible, Outcome::Ignored("needs a clock".to_owned())),
    ]
}

fn exchanges() -> Report {
    let exchange = |id: &str, outcome| ExchangeReport {
        id: id.to_owned(),
        group: "claims".to_owned(),
        profile: "base".to_owned(),
        scenario: "claim-get".to_owned(),
        kind: "http",
        outcome,
    };
    let passed = Ending::Passed { alternative: None, texts: crate::recorded::Texts::default() };
    let failed = Ending::Failed {
        reason: "status: expected 200, got 404".to_owned(),
        expected: json!({ "status": 200 }),
        got: json!({ "status": 404 }),
    };
    let left_out = Ending::NotPlayed { reason: "no id".to_owned() };
    Report {
        exchanges: vec![
            exchange("claim-get/01", passed),
            exchange("claim-get/02", failed),
            exchange("claim-get/03", left_out),
        ],
    }
}

#[test]
fn the_document_tells_every_outcome_under_its_driver_transport_and_operation() {
    let cases = cases();

    let failed = "expected <1>, got \"2\" & a | bar";
    let ended = json!({ "passed": 1, "failed": { "ping::b": failed }, "ignored": { "ping::c": "needs a clock" } });
    assert_eq!(document(&cases), json!({ "memory": { "http": { "ping": ended } } }));
    assert_eq!(totals(&cases), [1, 1, 1]);
    let counted = json!({
        "compatible": { "passed": 1, "failed": 0, "ignored": 1 },
        "extended": { "passed": 0, "failed": 1, "ignored": 0 },
    });
    assert_eq!(levels(&cases), counted);
}

#[test]
fn junit_has_a_suite_per_driver_and_transport_and_one_for_the_exchanges() {
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="6" failures="2" skipped="2">
  <testsuite name="cases memory http" tests="3" failures="1" skipped="1">
    <testcase classname="ping.compatible" name="ping::a"/>
    <testcase classname="ping.extended" name="ping::b">
      <failure message="expected &lt;1&gt;, got &quot;2&quot; &amp; a | bar"/>
    </testcase>
    <testcase classname="ping.compatible" name="ping::c">
      <skipped message="needs a clock"/>
    </testcase>
  </testsuite>
  <testsuite name="recorded exchanges" tests="3" failures="1" skipped="1">
    <testcase classname="base.claims" name="claim-get/01"/>
    <testcase classname="base.claims" name="claim-get/02">
      <failure message="status: expected 200, got 404"/>
    </testcase>
    <testcase classname="base.claims" name="claim-get/03">
      <skipped message="no id"/>
    </testcase>
  </testsuite>
</testsuites>
"#;

    assert_eq!(junit(&cases(), Some(&exchanges())), expected);
}

#[test]
fn junit_keeps_what_no_xml_may_hold_out() {
    let mut cases = cases();
    cases.truncate(1);
    cases[0].outcome = Outcome::Failed("a\u{1}b\nc".to_owned());

    assert!(junit(&cases, None).contains("message=\"a\u{fffd}b&#10;c\""));
}

#[test]
fn markdown_has_a_table_of_levels_one_of_operations_and_what_failed() {
    let expected = r#"# Conformance

| level | passed | failed | ignored |
|---|---:|---:|---:|
| compatible | 1 | 0 | 1 |
| extended | 0 | 1 | 0 |

## Cases

| server | transport | operation | passed | failed | ignored |
|---|---|---|---:|---:|---:|
| memory | http | ping | 1 | 1 | 1 |

## Recorded exchanges

| group | passed | failed | not played | equal texts |
|---|---:|---:|---:|---:|
| claims | 1 | 1 | 1 | 0 of 0 |

## Failed

- `[memory/http] ping::b`: expected <1>, got "2" & a \| bar
- `claim-get/02`: status: expected 200, got 404
"#;

    assert_eq!(markdown(&cases(), Some(&exchanges())), expected);
}
