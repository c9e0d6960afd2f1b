//! The part of JSON Schema the specification uses, read strictly: an unknown keyword is an error.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// One schema.
#[derive(Clone, Debug)]
pub struct Schema {
    pub form: Form,
    pub nullable: bool,
    pub raw: bool,
    pub limit: Option<String>,
    pub default: Option<Default>,
    pub refusal: Option<String>,
    pub description: Option<String>,
}

/// Where a default comes from.
#[derive(Clone, Debug)]
pub enum Default {
    /// The default of a limit.
    Limit(String),
    /// A constant.
    Constant(Value),
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Form {
    Any,
    Boolean,
    Integer {
        minimum: Option<i64>,
        maximum: Option<i64>,
    },
    String {
        min: Option<u64>,
        max: Option<u64>,
        charset: Option<String>,
        values: Vec<String>,
    },
    Array {
        items: Box<Schema>,
        min_items: Option<u64>,
    },
    Object {
        properties: IndexMap<String, Schema>,
        required: Vec<String>,
    },
    /// An object of strings under any name.
    Map,
    Ref(String),
}

/// What any schema may say, whatever its type.
const EVERYWHERE: &[&str] = &[
    "type",
    "default",
    "description",
    "examples",
    "x-raw",
    "x-limit",
    "x-default",
    "x-refusal",
    "x-extension",
];

/// What a schema of one type may also say.
fn keywords_of(form: &str) -> &'static [&'static str] {
    match form {
        "integer" => &["minimum", "maximum"],
        "string" => &["minLength", "maxLength", "pattern", "enum"],
        "array" => &["items", "minItems"],
        "object" => &["properties", "required", "additionalProperties"],
        _ => &[],
    }
}

/// Every keyword there is.
#[cfg(test)]
pub(crate) fn all_keywords() -> Vec<&'static str> {
    let mut all = vec!["$ref"];
    all.extend(EVERYWHERE);
    for form in ["integer", "string", "array", "object"] {
        all.extend(keywords_of(form));
    }
    all
}

impl Schema {
    /// Reads a schema; the error is the place within it and the message.
    pub fn read(value: &Value) -> Result<Self, (String, String)> {
        let object = value.as_object().ok_or_else(|| fault("", "a schema is an object"))?;
        let (form, nullable) = read_form(object)?;
        flag(object, "x-extension")?;
        let default = match (text(object, "x-default")?, object.get("default")) {
            (Some(limit), None) => Some(Default::Limit(limit)),
            (None, Some(constant)) => Some(Default::Constant(constant.clone())),
            (None, None) => None,
            _ => return Err(fault("", "\"default\" and \"x-default\" exclude each other")),
        };
        Ok(Self {
            form,
            nullable,
            raw: flag(object, "x-raw")?,
            limit: text(object, "x-limit")?,
            default,
            refusal: text(object, "x-refusal")?,
            description: text(object, "description")?,
        })
    }

    /// The properties of an object; none for anything else.
    pub fn properties(&self) -> &IndexMap<String, Schema> {
        static NONE: std::sync::OnceLock<IndexMap<String, Schema>> = std::sync::OnceLock::new();
        match &self.form {
            Form::Object { properties, .. } => properties,
            _ => NONE.get_or_init(IndexMap::new),
        }
    }

    /// Whether an object must have this member.
    pub fn requires(&self, name: &str) -> bool {
        matches!(&self.form, Form::Object { required, .. } if required.iter().any(|each| each == name))
    }
}

fn fault(place: &str, message: impl Into<String>) -> (String, String) {
    (place.to_owned(), message.into())
}

fn text(object: &Map<String, Value>, key: &str) -> Result<Option<String>, (String, String)> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(fault(key, "must be a string")),
    }
}

fn flag(object: &Map<String, Value>, key: &str) -> Result<bool, (String, String)> {
    match object.get(key) {
        None => Ok(false),
        Some(Value::Bool(truth)) => Ok(*truth),
        Some(_) => Err(fault(key, "must be true or false")),
    }
}

fn number<T>(
    object: &Map<String, Value>,
    key: &str,
    read: impl Fn(&Value) -> Result<T, &'static str>,
) -> Result<Option<T>, (String, String)> {
    object.get(key).map(|value| read(value).map_err(|wanted| fault(key, wanted))).transpose()
}

fn integer(value: &Value) -> Result<i64, &'static str> {
    value.as_i64().ok_or("must be an integer")
}

fn natural(value: &Value) -> Result<u64, &'static str> {
    value.as_u64().ok_or("must be an integer that is not negative")
}

fn texts(object: &Map<String, Value>, key: &str) -> Result<Vec<String>, (String, String)> {
    let list = match object.get(key) {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(fault(key, "must be a list of strings")),
    };
    let texts = list.iter().map(|each| each.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(|| fault(key, "must be a list of strings"))
}

/// Refuses a keyword that the specification does not know, or not for this type.
fn only(object: &Map<String, Value>, form: &str) -> Result<(), (String, String)> {
    for key in object.keys().map(String::as_str) {
        if !EVERYWHERE.contains(&key) && !keywords_of(form).contains(&key) {
            return Err(fault("", format!("unknown schema keyword \"{key}\" for {form}")));
        }
    }
    Ok(())
}

fn read_form(object: &Map<String, Value>) -> Result<(Form, bool), (String, String)> {
    if let Some(target) = text(object, "$ref")? {
        let beside: Map<String, Value> = object
            .iter()
            .filter(|(key, _)| *key != "$ref")
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        only(&beside, "a reference")?;
        let name = target.rsplit("#/").next().unwrap_or_default().to_owned();
        return Ok((Form::Ref(name), false));
    }
    let mut types: Vec<&str> = match object.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => return Err(fault("", "a schema states its \"type\"")),
    };
    if types.len() >= 6 {
        only(object, "any JSON")?;
        return Ok((Form::Any, false));
    }
    let nullable = types.contains(&"null");
    types.retain(|each| *each != "null");
    let [one] = types[..] else {
        return Err(fault("type", "one type, one type and null, or all six"));
    };
    only(object, one)?;
    let form = match one {
        "boolean" => Form::Boolean,
        "integer" => Form::Integer {
            minimum: number(object, "minimum", integer)?,
            maximum: number(object, "maximum", integer)?,
        },
        "string" => read_string(object)?,
        "array" => {
            let items = object.get("items").ok_or_else(|| fault("items", "is missing"))?;
            let items = Schema::read(items).map_err(|(p, m)| (join("items", &p), m))?;
            let min_items = number(object, "minItems", natural)?;
            Form::Array { items: Box::new(items), min_items }
        }
        "object" => read_object(object)?,
        other => return Err(fault("type", format!("\"{other}\" is not supported"))),
    };
    Ok((form, nullable))
}

fn read_string(object: &Map<String, Value>) -> Result<Form, (String, String)> {
    let charset = match text(object, "pattern")? {
        None => None,
        Some(pattern) => {
            let inner = pattern.strip_prefix("^[").and_then(|rest| rest.strip_suffix("]*$"));
            let inner = inner.ok_or_else(|| fault("pattern", "must have the form ^[…]*$"))?;
            let plain =
                |letter: char| letter.is_ascii_alphanumeric() || "_.-:/@+=".contains(letter);
            if !inner.chars().all(plain) {
                return Err(fault("pattern", "may name letters, digits and _ . - : / @ + = only"));
            }
            Some(inner.to_owned())
        }
    };
    Ok(Form::String {
        min: number(object, "minLength", natural)?,
        max: number(object, "maxLength", natural)?,
        charset,
        values: texts(object, "enum")?,
    })
}

fn read_object(object: &Map<String, Value>) -> Result<Form, (String, String)> {
    if let Some(others) = object.get("additionalProperties") {
        if *others != json!({ "type": "string" }) || object.contains_key("properties") {
            let message = "must be { type: string }, without \"properties\"";
            return Err(fault("additionalProperties", message));
        }
        return Ok(Form::Map);
    }
    let mut properties = IndexMap::new();
    match object.get("properties") {
        None => {}
        Some(Value::Object(members)) => {
            for (name, value) in members {
                let place = format!("properties.{name}");
                let schema = Schema::read(value).map_err(|(p, m)| (join(&place, &p), m))?;
                properties.insert(name.clone(), schema);
            }
        }
        Some(_) => return Err(fault("properties", "must be an object")),
    }
    let required = texts(object, "required")?;
    match required.iter().find(|name| !properties.contains_key(*name)) {
        Some(name) => Err(fault("required", format!("\"{name}\" is not a property"))),
        None => Ok(Form::Object { properties, required }),
    }
}

/// Joins two places with a dot.
pub(crate) fn join(outer: &str, inner: &str) -> String {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.to_owned(),
        (_, true) => outer.to_owned(),
        _ => format!("{outer}.{inner}"),
    }
}
