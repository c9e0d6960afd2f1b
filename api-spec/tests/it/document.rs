//! Documents for tests: JSON with everything a value tree cannot hold, made to fit a schema or nearly.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Map, Value};

/// A JSON document that may repeat members and spells its numbers.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// A number, `true`, `false` or `null`, as written.
    Word(String),
    /// A string, and whether it is written with escapes only.
    Text(String, bool),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Numbers that are grammatical and that the scanner still refuses.
const REFUSED: &[&str] = &["9223372036854775808", "-9223372036854775809", "1e400"];

/// Integers at the edges of types and limits.
const EDGES: &[&str] =
    &["0", "-0", "1", "2", "10", "60", "-1", "9223372036854775807", "-9223372036854775808"];

/// Words that are seldom what is wanted.
const ODD: &[&str] = &["true", "false", "null", "1.0", "1e2", "-1.5E-3", "0.0", "-0.0", "1.5"];

const BOOLEANS: &[&str] = &["true", "false"];

impl Json {
    pub(crate) fn render(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Text(text, false) => Value::from(text.as_str()).to_string(),
            Self::Text(text, true) => {
                let units: Vec<u16> = text.encode_utf16().collect();
                let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
                format!("\"{escaped}\"")
            }
            Self::List(elements) => {
                let inner: Vec<String> = elements.iter().map(Self::render).collect();
                format!("[{}]", inner.join(" ,\n"))
            }
            Self::Object(members) => {
                let inner: Vec<String> = members
                    .iter()
                    .map(|(name, value)| {
                        format!("{}\t: {}", Value::from(name.as_str()), value.render())
                    })
                    .collect();
                format!("{{ {} }}", inner.join(", "))
            }
        }
    }

    /// The value as the contract reads it: the last of repeated members counts, and `-0` is the integer 0.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Word(word) if word == "-0" => Value::from(0),
            Self::Word(word) => serde_json::from_str(word).unwrap_or_default(),
            Self::Text(text, _) => Value::from(text.as_str()),
            Self::List(elements) => elements.iter().map(Self::value).collect(),
            Self::Object(members) => {
                let mut map = Map::new();
                for (name, value) in members {
                    map.insert(name.clone(), value.value());
                }
                Value::Object(map)
            }
        }
    }

    /// Whether the scanner must refuse it wherever it stands.
    pub(crate) fn is_refused(&self) -> bool {
        match self {
            Self::Word(word) => REFUSED.contains(&word.as_str()),
            Self::Text(..) => false,
            Self::List(elements) => elements.iter().any(Self::is_refused),
            Self::Object(members) => members.iter().any(|(_, value)| value.is_refused()),
        }
    }
}

fn word(text: &str) -> Json {
    Json::Word(text.to_owned())
}

fn integers() -> BoxedStrategy<Json> {
    prop_oneof![
        9 => select(EDGES).prop_map(word),
        4 => any::<i32>().prop_map(|number| word(&number.to_string())),
    ]
    .boxed()
}

/// Any text: letters of names, letters that names must not have, escapes, other planes.
pub(crate) fn texts() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-z0-9_.-]{0,8}",
        "[A-Za-z \u{e9}\u{1f600}\"\\\\/\n\u{0}]{0,6}",
        "[a-z]{63,66}",
        "\u{20ac}{63,65}",
        Just("queue\n".to_owned()),
    ]
    .boxed()
}

/// Any document.
pub(crate) fn anything() -> BoxedStrategy<Json> {
    let leaf = prop_oneof![
        8 => select(ODD).prop_map(word),
        4 => integers(),
        1 => select(REFUSED).prop_map(word),
        6 => (texts(), any::<bool>()).prop_map(|(text, escaped)| Json::Text(text, escaped)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Json::List),
            vec(("[a-c]", inner), 0..3).prop_map(Json::Object),
        ]
    })
    .boxed()
}

/// A document that fits this schema, or nearly: now and then a part is of the wrong kind.
pub(crate) fn nearly(schema: &Value, root: &Value) -> BoxedStrategy<Json> {
    prop_oneof![14 => fitting(schema, root), 1 => anything()].boxed()
}

fn fitting(schema: &Value, root: &Value) -> BoxedStrategy<Json> {
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    if let Some(place) = reference.and_then(|text| text.strip_prefix('#')) {
        return fitting(&root.pointer(place).cloned().unwrap_or_default(), root);
    }
    match schema["type"].as_str() {
        Some("boolean") => select(BOOLEANS).prop_map(word).boxed(),
        Some("integer") => integers(),
        Some("string") => strings(schema),
        Some("array") => {
            let element = nearly(&schema["items"], root);
            vec(element, 0..4).prop_map(Json::List).boxed()
        }
        Some("object") => objects(schema, root),
        _ => anything(),
    }
}

fn strings(schema: &Value) -> BoxedStrategy<Json> {
    let values = schema["enum"].as_array().into_iter().flatten();
    let mut known: Vec<String> =
        values.filter_map(|each| each.as_str().map(str::to_owned)).collect();
    known.push("plain".to_owned());
    let text = prop_oneof![6 => select(known), 5 => "[a-z]{1,5}", 2 => texts()];
    (text, any::<bool>()).prop_map(|(text, escaped)| Json::Text(text, escaped)).boxed()
}

/// Members mostly there, sometimes missing, null, wrong or repeated, and members nobody knows.
fn objects(schema: &Value, root: &Value) -> BoxedStrategy<Json> {
    if schema["additionalProperties"].is_object() {
        let text = nearly(&schema["additionalProperties"], root);
        return vec(("[a-c]", text), 0..4).prop_map(Json::Object).boxed();
    }
    let Some(properties) = schema["properties"].as_object().filter(|map| !map.is_empty()) else {
        return vec(("[a-c]", anything()), 0..3).prop_map(Json::Object).boxed();
    };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let members: Vec<BoxedStrategy<Option<(String, Json)>>> = properties
        .iter()
        .map(|(name, each)| {
            let there = if required.iter().any(|must| must == name) { 0.95 } else { 0.5 };
            let name = name.clone();
            let member = nearly(each, root).prop_map(move |value| (name.clone(), value));
            option::weighted(there, member).boxed()
        })
        .collect();
    let names: Vec<String> = properties.keys().cloned().chain(["unknown".to_owned()]).collect();
    let more = vec((select(names), anything(), any::<bool>()), 0..2);
    (members, option::weighted(0.3, more))
        .prop_map(|(members, more)| {
            let mut members: Vec<(String, Json)> = members.into_iter().flatten().collect();
            for (name, value, first) in more.unwrap_or_default() {
                let at = if first { 0 } else { members.len() };
                members.insert(at, (name, value));
            }
            Json::Object(members)
        })
        .boxed()
}
