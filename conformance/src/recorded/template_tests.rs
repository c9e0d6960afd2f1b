use serde_json::json;

use super::*;

fn bound(pairs: &[(&str, &str)]) -> Bindings {
    let mut bindings = Bindings::default();
    for (name, value) in pairs {
        bindings.set(name, *value);
    }
    bindings
}

fn matches(template: &str, text: &str, bindings: &mut Bindings) -> bool {
    Template::parse(template).unwrap().matches(text, bindings)
}

#[test]
fn binds_a_name_where_it_first_occurs_and_keeps_it() {
    let mut bindings = Bindings::default();

    assert!(matches(
        "/v2/queues/q/messages?ids=${id1},${id2}",
        "/v2/queues/q/messages?ids=a-1,b.2",
        &mut bindings
    ));
    assert!(matches("${id2}", "b.2", &mut bindings));
    assert!(!matches("${id2}", "a-1", &mut bindings));
    assert_eq!(bindings, bound(&[("id1", "a-1"), ("id2", "b.2")]));
}

#[test]
fn a_failed_match_binds_nothing() {
    let mut bindings = Bindings::default();

    assert!(!matches("${id1}/end", "abc/other", &mut bindings));
    assert_eq!(bindings, Bindings::default());
}

#[test]
fn one_name_twice_in_a_text_means_one_value() {
    assert!(matches("${id1}/${id1}", "a/a", &mut Bindings::default()));
    assert!(!matches("${id1}/${id1}", "a/b", &mut Bindings::default()));
}

#[test]
fn a_name_next_to_letters_gives_some_of_them_back() {
    let mut bindings = Bindings::default();

    assert!(matches("Claim ${id1}.", "Claim abc.", &mut bindings));
    assert_eq!(bindings, bound(&[("id1", "abc")]));
}

#[test]
fn given_values_are_literal() {
    let mut bindings = bound(&[("project", "p1")]);

    assert!(matches("for project ${project}b", "for project p1b", &mut bindings));
    assert!(!matches("for project ${project}", "for project p2", &mut bindings));
    assert!(!matches("${hook}", "", &mut bindings), "a given name without a value matches nothing");
}

#[test]
fn free_placeholders_match_anew_each_time() {
    let mut bindings = Bindings::default();

    assert!(matches("keys: ${text}, age ${age}", "keys: a, b, age 3", &mut bindings));
    assert!(matches("keys: ${text}", "keys: ", &mut bindings));
    assert!(!matches("age ${age}", "age x", &mut bindings));
    assert_eq!(bindings, Bindings::default());
}

#[test]
fn only_a_lone_placeholder_matches_a_number() {
    let mut bindings = Bindings::default();

    assert!(Template::parse("${age}").unwrap().matches_value(&json!(2), &mut bindings));
    assert!(!Template::parse("${age}").unwrap().matches_value(&json!("2"), &mut bindings));
    assert!(!Template::parse("x${age}").unwrap().matches_value(&json!(2), &mut bindings));
    assert!(Template::parse("${any}").unwrap().matches_value(&json!(null), &mut bindings));
}

#[test]
fn fills_requests_and_names_what_is_missing() {
    let bindings = bound(&[("id1", "abc"), ("project", "p")]);

    assert_eq!(bindings.fill("/x/${id1}?p=${project}b").unwrap(), "/x/abc?p=pb");
    assert_eq!(bindings.fill("/x/${id2}"), Err(Unbound("id2".to_owned())));
    assert_eq!(
        bindings.fill_value(&json!({"a": ["${id1}", 1], "b": null})).unwrap(),
        json!({"a": ["abc", 1], "b": null})
    );
    assert_eq!(bindings.fill("$zaqar_message$ {}").unwrap(), "$zaqar_message$ {}");
}

#[test]
fn unknown_placeholders_are_found_anywhere() {
    assert!(check_placeholders(&json!({"a": [{"b": "x${nope}"}]})).is_err());
    assert!(check_placeholders(&json!({"a": [{"b": "x${id1}"}]})).is_ok());
}

#[test]
fn long_texts_without_a_match_do_not_take_forever() {
    let text = "a".repeat(3000);

    assert!(!matches("${text}b${text}c${text}", &text, &mut Bindings::default()));
    assert!(!matches("${id1}${id2}!", &text, &mut Bindings::default()));
}
