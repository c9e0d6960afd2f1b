use serde_json::json;

use super::*;

fn refused(schema: &Value) -> String {
    match compile(schema) {
        Err(Refusal::Invalid { at: Some(at), problem }) => format!("{at}: {problem}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}

fn checked(schema: &Value, body: &Value) -> Result<(), String> {
    let schema = Schema::compile(schema).unwrap();
    schema.check(body).map_err(|(at, problem)| format!("{at}: {problem}"))
}

#[test]
fn says_where_a_body_does_not_fit_and_why() {
    let schema = json!({
        "type": "object",
        "required": ["order"],
        "properties": { "order": { "$ref": "#/$defs/order" } },
        "$defs": { "order": { "properties": { "count": { "type": "integer" } } } },
    });

    assert_eq!(checked(&schema, &json!({ "order": { "count": 2 } })), Ok(()));
    assert_eq!(
        checked(&schema, &json!({ "order": { "count": "two" } })),
        Err("/order/count: \"two\" is not of type \"integer\"".to_owned())
    );
    assert_eq!(checked(&schema, &json!({})), Err(": \"order\" is a required property".to_owned()));
    assert_eq!(checked(&json!(false), &json!(1)).unwrap_err(), ": False schema does not allow 1");
}

#[test]
fn a_problem_does_not_repeat_a_large_body() {
    let body = json!("x".repeat(10_000));

    assert!(checked(&json!({ "type": "integer" }), &body).unwrap_err().len() < 300);
}

#[test]
fn refuses_what_is_no_schema_and_says_where() {
    for (schema, wanted) in [
        (json!("text"), "/_message_schema: a schema is an object or a boolean"),
        (json!([]), "/_message_schema: a schema is an object or a boolean"),
        (json!({ "type": "integr" }), "/_message_schema/type: "),
        (json!({ "properties": { "a": { "pattern": "(" } } }), "/_message_schema/"),
        (json!({ "pattern": "(a)\\1" }), "/_message_schema"),
        (json!({ "pattern": "((a{99}){99}){99}" }), "/_message_schema"),
        (
            json!({ "$schema": "http://json-schema.org/draft-04/schema#" }),
            "/_message_schema/$schema: only https://json-schema.org/draft/2020-12/schema is taken",
        ),
    ] {
        let told = refused(&schema);

        assert!(told.starts_with(wanted), "{told}");
    }
}

#[test]
fn references_stay_within_the_schema() {
    for target in ["http://127.0.0.1:9/schema", "file:///etc/hostname", "other.json", "//host/a"] {
        let told = refused(&json!({ "properties": { "a": { "$ref": target } } }));

        let wanted = "/_message_schema/properties/a/$ref: a reference must stay within the schema";
        assert!(told.starts_with(wanted), "{told}");
    }
    let nowhere = refused(&json!({ "$ref": "#/$defs/absent" }));
    assert_eq!(nowhere, "/_message_schema/$ref: the reference leads nowhere");
    let moved = refused(&json!({ "$id": "http://127.0.0.1:9/", "type": "string" }));
    assert_eq!(moved, "/_message_schema/$id: $id is not taken here");
}

#[test]
fn refuses_a_schema_that_makes_endless_work() {
    let circle = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "allOf": [{ "$ref": "#" }] } } });
    let tree = json!({ "items": { "$ref": "#" } });
    for schema in [circle, tree] {
        assert!(refused(&schema).ends_with("a schema may not refer to itself"));
    }
    let mut doubling = json!({ "$ref": "#/$defs/a0", "$defs": { "a40": {} } });
    for step in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/a{}", step + 1) });
        doubling["$defs"][format!("a{step}")] = json!({ "allOf": [next, next] });
    }
    assert!(refused(&doubling).starts_with("/_message_schema: the schema is too complex"));
    let long = json!({ "description": "x".repeat(20_000) });
    assert!(refused(&long).starts_with("/_message_schema: the schema is too large"));
}

#[test]
fn refuses_a_body_that_takes_too_long_to_check() {
    let alternatives: Vec<Value> = (0..400).map(|n| json!({ "const": n })).collect();
    let schema = json!({ "items": { "anyOf": alternatives } });

    let told = checked(&schema, &json!(vec![-1; 50_000])).unwrap_err();

    assert_eq!(told, ": is too large to be checked with the schema of the queue");
}

#[test]
fn metadata_without_a_schema_is_let_through() {
    for metadata in ["{}", "{\"_message_schema\": null}", "{\"message_schema\": 1}"] {
        assert!(read(metadata.as_bytes()).is_none());
    }
}
