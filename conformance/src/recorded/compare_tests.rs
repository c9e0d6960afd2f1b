use serde_json::json;

use super::*;

fn compare(expected: &Value, got: &Value) -> Result<Comparison, Box<Difference>> {
    let mut comparison = Comparison::new(&Bindings::default());
    comparison.value("body", expected, got).map(|()| comparison)
}

fn place_of(expected: &Value, got: &Value) -> String {
    compare(expected, got).unwrap_err().place
}

#[test]
fn the_order_of_members_is_free_but_not_that_of_elements() {
    assert!(compare(&json!({"a": 1, "b": [1, 2]}), &json!({"b": [1, 2], "a": 1})).is_ok());
    assert_eq!(place_of(&json!({"b": [1, 2]}), &json!({"b": [2, 1]})), "body/b/0");
}

#[test]
fn names_the_place_of_the_first_difference() {
    let expected = json!({"messages": [{"ttl": 60, "body": "x"}]});

    assert_eq!(
        place_of(&expected, &json!({"messages": [{"ttl": 61, "body": "x"}]})),
        "body/messages/0/ttl"
    );
    assert_eq!(
        place_of(&expected, &json!({"messages": [{"ttl": 60}]})),
        "body/messages/0/body (missing)"
    );
    assert_eq!(
        place_of(&expected, &json!({"messages": []})),
        "body/messages (0 elements instead of 1)"
    );
    assert_eq!(place_of(&expected, &json!({"messages": [], "x": 1})), "body/x (not expected)");
    assert_eq!(place_of(&expected, &json!([])), "body");
}

#[test]
fn types_are_part_of_the_value() {
    for (expected, got) in
        [(json!(1), json!("1")), (json!(60), json!(60.0)), (json!(null), json!(false))]
    {
        assert!(compare(&expected, &got).is_err(), "{expected} {got}");
    }
    assert!(compare(&json!(0.5), &json!(0.5)).is_ok());
}

#[test]
fn a_member_expected_as_null_must_be_there() {
    assert!(compare(&json!({"ref": null}), &json!({})).is_err());
    assert!(compare(&json!({"ref": "${any}"}), &json!({})).is_err());
    assert!(compare(&json!({"ref": "${any}"}), &json!({"ref": null})).is_ok());
}

#[test]
fn an_id_must_be_the_same_everywhere() {
    let expected = json!({"id": "${id1}", "href": "/v2/queues/q/messages/${id1}"});

    assert!(compare(&expected, &json!({"id": "a", "href": "/v2/queues/q/messages/a"})).is_ok());
    assert!(compare(&expected, &json!({"id": "a", "href": "/v2/queues/q/messages/b"})).is_err());
}

#[test]
fn query_parameters_of_a_href_come_in_any_order_but_nowhere_else() {
    let (expected, got) = ("/m?limit=1&marker=${marker1}", "/m?marker=x&limit=1");

    assert!(compare(&json!({"href": expected}), &json!({"href": got})).is_ok());
    assert!(
        compare(
            &json!({"links": [{"rel": "next", "href": expected}]}),
            &json!({"links": [{"rel": "next", "href": got}]})
        )
        .is_ok()
    );
    assert!(compare(&json!({"text": expected}), &json!({"text": got})).is_err());
}

#[test]
fn subscriptions_come_in_any_order_and_bind_accordingly() {
    let expected = json!({"subscriptions": [
        {"id": "${id1}", "subscriber": "http://a"},
        {"id": "${id2}", "subscriber": "http://b"},
    ]});
    let got = json!({"subscriptions": [
        {"id": "second", "subscriber": "http://b"},
        {"id": "first", "subscriber": "http://a"},
    ]});

    let comparison = compare(&expected, &got).unwrap();

    assert_eq!(comparison.bindings.fill("${id1} ${id2}").unwrap(), "first second");
}

#[test]
fn an_early_choice_in_an_unordered_array_is_taken_back_when_needed() {
    let expected = json!({"capabilities": ["${text}", "AOD"]});

    assert!(compare(&expected, &json!({"capabilities": ["AOD", "FIFO"]})).is_ok());
    assert!(compare(&expected, &json!({"capabilities": ["FIFO", "CLAIMS"]})).is_err());
    assert!(compare(&json!({"pool_list": ["a", "a"]}), &json!({"pool_list": ["a", "b"]})).is_err());
}

#[test]
fn a_hopeless_unordered_array_is_given_up_in_time() {
    let expected: Vec<Value> =
        (0..40).map(|_| json!("${any}")).chain([json!("x"), json!("x")]).collect();
    let got: Vec<Value> = (0..41).map(|n| json!(n)).chain([json!("x")]).collect();

    assert!(compare(&json!({"capabilities": expected}), &json!({"capabilities": got})).is_err());
}

#[test]
fn error_texts_may_differ_and_are_counted() {
    let mut comparison = Comparison::new(&Bindings::default());
    let expected = json!({"title": "Not found", "description": "Queue q does not exist"});

    comparison
        .error_body("body", &expected, &json!({"title": "Not found", "description": "No queue q"}))
        .unwrap();

    assert_eq!(comparison.texts.compared, 2);
    assert_eq!(comparison.texts.different.len(), 1);
    assert_eq!(comparison.texts.different[0].place, "body/description");
}

#[test]
fn error_bodies_must_have_the_same_members_and_types() {
    let expected = json!({"exception": "Queue q does not exist", "error": null});
    for got in [
        json!({"exception": "x"}),
        json!({"exception": "x", "error": "y"}),
        json!({"exception": 5, "error": null}),
        json!({"exception": "x", "error": null, "more": 1}),
        json!("x"),
    ] {
        let mut comparison = Comparison::new(&Bindings::default());
        assert!(comparison.error_body("body", &expected, &got).is_err(), "{got}");
    }
}

#[test]
fn texts_are_free_only_at_the_top_of_an_error_body() {
    let mut comparison = Comparison::new(&Bindings::default());

    assert!(
        comparison
            .error_body("body", &json!({"x": {"title": "a"}}), &json!({"x": {"title": "b"}}))
            .is_err()
    );
}
