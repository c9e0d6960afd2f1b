//! The generated decoder and the compiled schema say the same of every input, for every operation.

use std::cell::Cell;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value};
use sukkal_spec::binding::{BodyShape, HttpBinding, OperationInfo};
use sukkal_spec::decode::{Carried, CarriedValue, Document, Refused};
use sukkal_spec::explain::{explain, validate};
use sukkal_spec::{Limits, OPERATIONS, accepts};

use super::document::{Json, anything, nearly, texts};

const CASES: u32 = 400;

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() })
}

fn schema(info: &OperationInfo) -> Value {
    serde_json::from_str(info.schema).expect("codegen wrote this text")
}

/// Members of the document that count, or why there are none.
fn members(json: &Json, only: &[&str]) -> Result<Map<String, Value>, Refused> {
    match json {
        _ if json.is_refused() => Err(refused_text()),
        Json::Object(_) => {
            let Value::Object(mut members) = json.value() else { return Err(Refused::Shape) };
            members.retain(|name, _| only.contains(&name.as_str()));
            Ok(members)
        }
        Json::List(_) => Err(Refused::Shape),
        Json::Word(_) | Json::Text(..) => Err(refused_text()),
    }
}

/// Stands for any refusal of the scanner.
fn refused_text() -> Refused {
    Refused::Raw(sukkal_spec::raw::RawError::Syntax("", 0))
}

/// What the schema says of a flat input.
fn verdict(info: &OperationInfo, flat: Result<Map<String, Value>, Refused>) -> Result<(), Refused> {
    validate(info, &Value::Object(flat?)).map_err(|_| Refused::Shape)
}

fn compare(
    info: &OperationInfo,
    carried: &Carried<'_>,
    wanted: Result<(), Refused>,
) -> Result<bool, TestCaseError> {
    let decoded = accepts(info.name, carried, &Limits::default())
        .ok_or_else(|| TestCaseError::fail("the operation is unknown"))?;
    let alike = matches!(
        (decoded, wanted),
        (Ok(()), Ok(()))
            | (Err(Refused::Shape), Err(Refused::Shape))
            | (Err(Refused::Raw(_)), Err(Refused::Raw(_)))
    );
    if !alike {
        let message = format!("{}: decoder {decoded:?}, schema {wanted:?}", info.name);
        return Err(TestCaseError::fail(message));
    }
    if let Err(refused) = decoded {
        let told = explain(info, &[], carried, refused);
        if told.violations.iter().any(|violation| violation.message == "the input does not fit") {
            return Err(TestCaseError::fail(format!("{}: refused without a reason", info.name)));
        }
    }
    Ok(decoded.is_ok())
}

/// Counts how often each answer was given: a generator that reaches only one of them proves nothing.
#[derive(Default)]
struct Answers {
    yes: Cell<u32>,
    no: Cell<u32>,
}

impl Answers {
    fn count(&self, accepted: bool) {
        let answer = if accepted { &self.yes } else { &self.no };
        answer.set(answer.get() + 1);
    }

    fn assert_both(&self, name: &str) {
        let (yes, no) = (self.yes.get(), self.no.get());
        assert!(yes > CASES / 20 && no > CASES / 20, "{name}: {yes} accepted, {no} refused");
    }
}

#[test]
fn decoder_and_schema_agree_on_every_frame() {
    let mut seen = 0;
    for info in OPERATIONS {
        let Some(binding) = info.websocket else { continue };
        seen += 1;
        let schema = schema(info);
        let answers = Answers::default();
        let ran = runner().run(&nearly(&schema, &schema), |json| {
            let source = Bytes::from(json.render());
            let only = Some(binding.fields);
            let document = Document::Members { source: &source, only, requires: &[] };
            let carried = Carried { values: Vec::new(), document };
            let wanted = verdict(info, members(&json, binding.fields));
            compare(info, &carried, wanted).map(|accepted| answers.count(accepted))
        });
        ran.unwrap_or_else(|problem| panic!("{problem}"));
        answers.assert_both(info.name);
    }
    assert!(seen > 10);
}

/// What a path or a query may bring for one field: the right kind, or another.
fn carried_values() -> BoxedStrategy<Option<CarriedValue<'static>>> {
    let text = texts().prop_map(|text| CarriedValue::Text(text.into()));
    let list = vec(texts(), 0..4).prop_map(CarriedValue::List);
    let map = vec(("[a-c]", texts()), 0..3).prop_map(CarriedValue::Map);
    prop_oneof![
        2 => Just(None),
        4 => "[a-z]{1,5}".prop_map(|text| Some(CarriedValue::Text(text.into()))),
        1 => text.prop_map(Some),
        3 => any::<i64>().prop_map(|number| Some(CarriedValue::Integer(number))),
        3 => any::<bool>().prop_map(|truth| Some(CarriedValue::Boolean(truth))),
        3 => list.prop_map(Some),
        2 => map.prop_map(Some),
    ]
    .boxed()
}

fn flat_value(value: &CarriedValue<'_>) -> Value {
    match value {
        CarriedValue::Text(text) => Value::from(text.as_ref()),
        CarriedValue::Integer(number) => Value::from(*number),
        CarriedValue::Boolean(truth) => Value::from(*truth),
        CarriedValue::List(list) => Value::from(list.clone()),
        CarriedValue::Map(map) => {
            map.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect()
        }
    }
}

/// The fields that HTTP carries outside the body.
fn outside(info: &OperationInfo, binding: &HttpBinding) -> Vec<&'static str> {
    let inside: Vec<&str> = match binding.body {
        BodyShape::None => Vec::new(),
        BodyShape::Members(names) => names.to_vec(),
        BodyShape::Payload(name) => vec![name],
    };
    info.fields.iter().copied().filter(|name| !inside.contains(name)).collect()
}

fn bodies(info: &OperationInfo, binding: &HttpBinding) -> BoxedStrategy<Option<Json>> {
    let schema = schema(info);
    match binding.body {
        BodyShape::None => Just(None).boxed(),
        BodyShape::Members(_) => nearly(&schema, &schema).prop_map(Some).boxed(),
        BodyShape::Payload(name) => {
            let payload = nearly(&schema["properties"][name], &schema);
            prop_oneof![9 => payload, 1 => anything()].prop_map(Some).boxed()
        }
    }
}

/// The flat input of an HTTP request, or why there is none.
fn request(
    binding: &HttpBinding,
    values: &[(&'static str, CarriedValue<'static>)],
    body: Option<&Json>,
) -> Result<Map<String, Value>, Refused> {
    let mut flat: Map<String, Value> =
        values.iter().map(|(name, value)| ((*name).to_owned(), flat_value(value))).collect();
    match (binding.body, body) {
        (BodyShape::None, _) | (_, None) => {}
        (BodyShape::Members(names), Some(json)) => flat.extend(members(json, names)?),
        (BodyShape::Payload(name), Some(json)) => {
            if json.is_refused() || matches!(json, Json::Word(_) | Json::Text(..)) {
                return Err(refused_text());
            }
            flat.insert(name.to_owned(), json.value());
        }
    }
    Ok(flat)
}

#[test]
fn decoder_and_schema_agree_on_every_request() {
    for info in OPERATIONS {
        let Some(binding) = info.http else { continue };
        let names = outside(info, binding);
        let strategy = (vec(carried_values(), names.len()), bodies(info, binding));
        let ran = runner().run(&strategy, |(values, json)| {
            let values = names.iter().zip(values).filter_map(|(name, value)| Some((*name, value?)));
            let values: Vec<(&'static str, CarriedValue<'static>)> = values.collect();
            let source = Bytes::from(json.as_ref().map(Json::render).unwrap_or_default());
            let document = match (binding.body, &json) {
                (BodyShape::None, _) | (_, None) => Document::Absent,
                (BodyShape::Members(names), _) => {
                    Document::Members { source: &source, only: Some(names), requires: &[] }
                }
                (BodyShape::Payload(field), _) => Document::Payload { source: &source, field },
            };
            let wanted = verdict(info, request(binding, &values, json.as_ref()));
            compare(info, &Carried { values, document }, wanted).map(drop)
        });
        ran.unwrap_or_else(|problem| panic!("{problem}"));
    }
}
