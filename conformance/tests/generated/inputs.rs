//! Inputs of an operation: those of its examples, and what becomes of them when one field is wrong, missing or at a bound.

use serde_json::{Value, json};
use sukkal_spec::OperationInfo;
use sukkal_spec::binding::{BodyShape, QueryKind};

/// What carries a field over HTTP; that decides which values can be sent at all.
enum Carrier {
    Path,
    Query(QueryKind),
    Body,
}

fn carrier(info: &OperationInfo, field: &str) -> Option<Carrier> {
    let (http, websocket) = (info.http?, info.websocket?);
    if !websocket.fields.contains(&field) {
        return None;
    }
    if http.path.split('/').any(|part| part.strip_prefix('{') == Some(&format!("{field}}}"))) {
        return Some(Carrier::Path);
    }
    if let Some(query) = http.query.iter().find(|query| query.field == field) {
        return Some(Carrier::Query(query.kind));
    }
    match http.body {
        BodyShape::Members(fields) => fields.contains(&field).then_some(Carrier::Body),
        BodyShape::Payload(name) => (name == field).then_some(Carrier::Body),
        BodyShape::None => None,
    }
}

/// The input of an example with one field changed, in every way that both transports can carry.
pub(crate) fn changed(info: &OperationInfo, input: &Value) -> Vec<Value> {
    let schema: Value = serde_json::from_str(info.schema).expect("the schema is JSON");
    let mut inputs = Vec::new();
    for field in info.fields {
        let Some(carrier) = carrier(info, field) else { continue };
        if !matches!(carrier, Carrier::Path) {
            let mut without = input.clone();
            if without.as_object_mut().and_then(|all| all.shift_remove(*field)).is_some() {
                inputs.push(without);
            }
        }
        let values = match carrier {
            Carrier::Path => texts().into_iter().filter(|text| *text != json!("")).collect(),
            Carrier::Query(QueryKind::Integer) => [integers(), vec![json!("x")]].concat(),
            Carrier::Query(QueryKind::Boolean) => vec![json!(true), json!(false), json!("perhaps")],
            Carrier::Query(QueryKind::Text) => texts(),
            Carrier::Query(QueryKind::List) => lists(),
            Carrier::Body => wrong(&schema, &schema["properties"][*field], &input[*field]),
        };
        inputs.extend(values.into_iter().map(|value| {
            let mut changed = input.clone();
            changed[*field] = value;
            changed
        }));
    }
    inputs
}

fn texts() -> Vec<Value> {
    vec![json!(""), json!("x"), json!("two words"), json!("ü"), json!("a".repeat(65)), json!("1.5")]
}

fn integers() -> Vec<Value> {
    vec![json!(0), json!(-1), json!(1), json!(60), json!(10_000_000_000_i64), json!(i64::MAX)]
}

fn lists() -> Vec<Value> {
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    vec![json!(["x"]), json!(["x", "x"]), json!(many)]
}

/// Values of every kind, and the given value with one part of it changed.
fn wrong(root: &Value, schema: &Value, given: &Value) -> Vec<Value> {
    let mut values = vec![json!(null), json!(true), json!(1.5), json!([]), json!({}), json!([7])];
    values.extend(texts());
    values.extend(integers());
    let schema = resolved(root, schema);
    if let Some(first) = given.as_array().and_then(|items| items.first()) {
        values.extend(wrong(root, &schema["items"], first).into_iter().map(|each| json!([each])));
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let parts = wrong(root, member, &given[name]);
        values.extend(parts.into_iter().map(|part| {
            let mut changed = if given.is_object() { given.clone() } else { json!({}) };
            changed[name] = part;
            changed
        }));
        if given.get(name).is_some() {
            let mut without = given.clone();
            without.as_object_mut().and_then(|all| all.shift_remove(name));
            values.push(without);
        }
    }
    values
}

/// A schema without the reference that it may be.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
    reference.and_then(|place| root.pointer(place.strip_prefix('#')?)).unwrap_or(schema)
}
