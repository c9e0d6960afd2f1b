//! The part of JSON Schema the specification uses, read strictly: an unknown keyword is an error.

use indexmap::IndexMap;
use serde_json::{Map, Value};

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

const KEYWORDS: &[&str] = &[
    "type",
    "properties",
    "required",
    "items",
    "minItems",
    "minLength",
    "maxLength",
    "pattern",
    "enum",
    "minimum",
    "maximum",
    "additionalProperties",
    "default",
    "description",
    "$ref",
    "x-raw",
    "x-limit",
    "x-default",
    "x-refusal",
    "examples",
];

impl Schema {
    /// Reads a schema; the error is the place within it and the message.
    pub fn read(value: &Value) -> Result<Self, (String, String)> {
        let object = value.as_object().ok_or_else(|| fault("", "a schema is an object"))?;
        for key in object.keys() {
            if !KEYWORDS.contains(&key.as_str()) {
                return Err(fault("", format!("unknown schema keyword \"{key}\"")));
            }
        }
        let (form, nullable) = read_form(object)?;
        let default = match (text(object, "x-default")?, object.get("default")) {
            (Some(limit), None) => Some(Default::Limit(limit)),
            (None, Some(constant)) => Some(Default::Constant(constant.clone())),
            (None, None) => None,
            _ => return Err(fault("", "\"default\" and \"x-default\" exclude each other")),
        };
        Ok(Self {
            form,
            nullable,
            raw: object.get("x-raw") == Some(&Value::Bool(true)),
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

fn read_form(object: &Map<String, Value>) -> Result<(Form, bool), (String, String)> {
    if let Some(target) = text(object, "$ref")? {
        let name = target.rsplit("#/").next().unwrap_or_default().to_owned();
        return Ok((Form::Ref(name), false));
    }
    let mut types: Vec<&str> = match object.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => return Err(fault("", "a schema states its \"type\"")),
    };
    if types.len() >= 6 {
        return Ok((Form::Any, false));
    }
    let nullable = types.contains(&"null");
    types.retain(|each| *each != "null");
    let [one] = types[..] else {
        return Err(fault("type", "one type, one type and null, or all six"));
    };
    let form = match one {
        "boolean" => Form::Boolean,
        "integer" => Form::Integer {
            minimum: object.get("minimum").and_then(Value::as_i64),
            maximum: object.get("maximum").and_then(Value::as_i64),
        },
        "string" => read_string(object)?,
        "array" => {
            let items = object.get("items").ok_or_else(|| fault("items", "is missing"))?;
            let items = Schema::read(items).map_err(|(p, m)| (join("items", &p), m))?;
            let min_items = object.get("minItems").and_then(Value::as_u64);
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
            Some(inner.to_owned())
        }
    };
    let values = object.get("enum").and_then(Value::as_array);
    Ok(Form::String {
        min: object.get("minLength").and_then(Value::as_u64),
        max: object.get("maxLength").and_then(Value::as_u64),
        charset,
        values: values
            .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
    })
}

fn read_object(object: &Map<String, Value>) -> Result<Form, (String, String)> {
    if object.get("additionalProperties").is_some_and(Value::is_object) {
        return Ok(Form::Map);
    }
    let mut properties = IndexMap::new();
    if let Some(Value::Object(members)) = object.get("properties") {
        for (name, value) in members {
            let place = format!("properties.{name}");
            let schema = Schema::read(value).map_err(|(p, m)| (join(&place, &p), m))?;
            properties.insert(name.clone(), schema);
        }
    }
    let mut required = Vec::new();
    for name in object.get("required").and_then(Value::as_array).into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        if !properties.contains_key(name) {
            return Err(fault("required", format!("\"{name}\" is not a property")));
        }
        required.push(name.to_owned());
    }
    Ok(Form::Object { properties, required })
}

/// Joins two places with a dot.
pub(crate) fn join(outer: &str, inner: &str) -> String {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.to_owned(),
        (_, true) => outer.to_owned(),
        _ => format!("{outer}.{inner}"),
    }
}
