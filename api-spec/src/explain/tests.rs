use serde_json::json;

use super::*;
use crate::kinds::{INVALID_BODY, INVALID_REQUEST};
use crate::{
    HTTP_REFUSALS, MESSAGE_POST_INFO, QUEUE_CREATE_INFO, QUEUE_PURGE_INFO, WEBSOCKET_REFUSALS,
};

const fn rule(at: &'static str, keyword: &'static str, text: &'static str) -> RefusalRule {
    RefusalRule { at, keyword, kind: INVALID_BODY, text, as_error: false }
}

fn violation(at: &str, keyword: &str) -> Violation {
    plain(at, keyword, "")
}

fn chosen(rules: &'static [RefusalRule], violations: &[(&str, &str)]) -> &'static str {
    let violations = violations.iter().map(|(at, keyword)| violation(at, keyword)).collect();
    choose(&[rules], violations).rule.text
}

#[test]
fn takes_the_first_rule_that_fits() {
    static RULES: &[RefusalRule] =
        &[rule("/ttl", "type", "ttl"), rule("*", "type", "any member"), rule("**", "any", "rest")];

    assert_eq!(chosen(RULES, &[("/ttl", "type")]), "ttl");
    assert_eq!(chosen(RULES, &[("/grace", "type")]), "any member");
    assert_eq!(chosen(RULES, &[("/ttl", "minimum")]), "rest");
    assert_eq!(chosen(RULES, &[("/a/b", "type")]), "rest");
}

#[test]
fn prefers_the_rule_that_stands_first_over_the_violation_that_comes_first() {
    static RULES: &[RefusalRule] = &[rule("/b", "type", "b"), rule("/a", "type", "a")];

    assert_eq!(chosen(RULES, &[("/a", "type"), ("/b", "type")]), "b");
}

#[test]
fn tells_of_the_earliest_element_first() {
    static RULES: &[RefusalRule] =
        &[rule("/messages/*/ttl", "type", "ttl"), rule("/messages/*/body", "required", "body")];

    assert_eq!(
        chosen(RULES, &[("/messages/10/ttl", "type"), ("/messages/2/body", "required")]),
        "body"
    );
    assert_eq!(
        chosen(RULES, &[("/messages/2/body", "required"), ("/messages/2/ttl", "type")]),
        "ttl"
    );
}

#[test]
fn matches_a_star_with_one_segment_only() {
    static RULES: &[RefusalRule] =
        &[rule("/messages/*", "type", "element"), rule("**", "any", "rest")];

    assert_eq!(chosen(RULES, &[("/messages/0", "type")]), "element");
    assert_eq!(chosen(RULES, &[("/messages", "type")]), "rest");
    assert_eq!(chosen(RULES, &[("/messages/0/ttl", "type")]), "rest");
}

#[test]
fn matches_the_empty_place_with_the_document_itself() {
    static RULES: &[RefusalRule] = &[rule("", "type", "document"), rule("*", "type", "member")];

    assert_eq!(chosen(RULES, &[("", "type")]), "document");
    assert_eq!(chosen(RULES, &[("/a", "type")]), "member");
}

#[test]
fn looks_at_the_rules_of_the_binding_before_the_common_ones() {
    static OWN: &[RefusalRule] = &[rule("/ttl", "type", "own")];
    static COMMON: &[RefusalRule] = &[rule("*", "type", "common")];

    let explained = choose(&[OWN, COMMON], vec![violation("/ttl", "type")]);

    assert_eq!(explained.rule.text, "own");
}

#[test]
fn has_words_even_when_no_rule_fits() {
    assert_eq!(chosen(&[], &[("/a", "type")]), "The request is not valid.");
    assert_eq!(chosen(&[], &[]), "The request is not valid.");
}

/// Explains why this document was refused.
fn told(info: &'static OperationInfo, text: &str) -> Explained {
    let source = Bytes::copy_from_slice(text.as_bytes());
    let document = Document::Members { source: &source, only: None, requires: &[] };
    let carried = Carried { values: Vec::new(), document };
    let refused =
        crate::accepts(info.name, &carried, &crate::Limits::default()).unwrap().unwrap_err();
    let own = info.http.map_or(&[][..], |binding| binding.refusals);
    explain(info, &[own, HTTP_REFUSALS], &carried, refused)
}

#[test]
fn tells_what_is_wrong_with_the_text() {
    assert_eq!(told(MESSAGE_POST_INFO, "{").rule.text, "Request body could not be parsed.");
    assert_eq!(told(MESSAGE_POST_INFO, "3").rule.text, "Request body could not be parsed.");
    let large = told(MESSAGE_POST_INFO, r#"{"messages": [{"body": 9223372036854775808}]}"#);
    assert_eq!(large.rule.text, "JSON contains integer that is too large.");
}

#[test]
fn tells_which_field_is_wrong_and_what_it_must_be() {
    let text = r#"{"queue_name": "q", "messages": [{"body": 1}, {"body": 2, "ttl": "x"}]}"#;

    let explained = told(MESSAGE_POST_INFO, text);

    assert_eq!(explained.violation.at, "/messages/1/ttl");
    assert_eq!(explained.violation.wanted, "int");
    assert_eq!(explained.rule.text, "The value of the \"ttl\" field must be a int.");
}

#[test]
fn names_a_missing_member_by_its_own_place() {
    let explained = told(MESSAGE_POST_INFO, r#"{"queue_name": "q", "messages": [{}]}"#);

    assert_eq!(explained.violation.at, "/messages/0/body");
    assert_eq!(explained.rule.text, "Missing \"body\" field.");
}

#[test]
fn names_every_violation() {
    let explained = told(QUEUE_CREATE_INFO, r#"{"queue_name": "", "metadata": 3}"#);

    let places: Vec<&str> = explained.violations.iter().map(|each| each.at.as_str()).collect();
    assert!(places.contains(&"/queue_name") && places.contains(&"/metadata"), "{places:?}");
}

#[test]
fn sees_the_integers_and_the_depth_that_decoders_see() {
    let nested = format!("{}{}", "[".repeat(125), "]".repeat(125));
    let text = format!(
        r#"{{"queue_name": "q", "messages": [{{"ttl": -0, "body": 1}}, {{"ttl": true, "body": {nested}}}]}}"#
    );

    let explained = told(MESSAGE_POST_INFO, &text);

    let places: Vec<&str> = explained.violations.iter().map(|each| each.at.as_str()).collect();
    assert_eq!(places, ["/messages/1/ttl"]);
}

#[test]
fn tells_of_a_field_that_a_body_must_have() {
    let source = Bytes::from_static(b"{}");
    let requires = &["resource_types"];
    let document = Document::Members { source: &source, only: None, requires };
    let carried =
        Carried { values: vec![("queue_name", CarriedValue::Text("q".into()))], document };
    let own = QUEUE_PURGE_INFO.http.unwrap().refusals;

    let explained = explain(QUEUE_PURGE_INFO, &[own, HTTP_REFUSALS], &carried, Refused::Shape);

    assert_eq!(explained.rule.text, "Post body must contain key \"resource_types\".");
    assert_eq!(explained.rule.kind, INVALID_REQUEST);
}

#[test]
fn tells_of_a_missing_body_only_where_a_rule_asks_for_one() {
    let posting = MESSAGE_POST_INFO.http.unwrap().refusals;

    assert_eq!(
        explain_absence(posting, "missing").unwrap().rule.text,
        "Request body can not be empty"
    );
    assert_eq!(explain_absence(WEBSOCKET_REFUSALS, "missing"), None);
}

#[test]
fn takes_a_float_without_fraction_for_no_integer() {
    let input = |ttl| json!({ "queue_name": "q", "messages": [{ "body": 1, "ttl": ttl }] });

    assert!(validate(MESSAGE_POST_INFO, &input(json!(60))).is_ok());
    assert!(validate(MESSAGE_POST_INFO, &input(json!(60.0))).is_err());
}
