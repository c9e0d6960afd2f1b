//! Why an input was refused: the one place that uses `jsonschema`.
//!
//! The generated decoder decides; only when it has said no, the same input is put together as one flat
//! value and the schema of the operation names every violation with its place.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};

use crate::binding::{OperationInfo, RefusalRule};
use crate::decode::{Carried, CarriedValue, Document, Refused};
use crate::raw::{Cursor, RawError};

/// One thing the schema refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a JSON Pointer into the flat input.
    pub at: String,
    /// The keyword that refuses.
    pub keyword: String,
    /// The wanted type, for `type`.
    pub wanted: String,
    /// In plain words.
    pub message: String,
}

/// What a refused caller is told, and everything that was wrong.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The rule that fits first.
    pub rule: &'static RefusalRule,
    /// The violation it fits.
    pub violation: Violation,
    /// All violations.
    pub violations: Vec<Violation>,
}

impl PartialEq for Explained {
    fn eq(&self, other: &Self) -> bool {
        self.violations == other.violations
    }
}

/// Explains a refusal by the rules of a binding, its own first.
pub fn explain(
    info: &OperationInfo,
    rules: &[&'static [RefusalRule]],
    carried: &Carried<'_>,
    refused: Refused,
) -> Explained {
    let violations = match refused {
        Refused::Raw(error) => vec![raw_violation(error)],
        Refused::Shape => shape_violations(info, carried),
    };
    choose(rules, violations)
}

/// Explains a body that is missing or empty, if a rule says that it must not be.
///
/// The keyword is `missing`, `empty`, or `nothing` for one without members; a rule for `nothing` fits all three.
pub fn explain_absence(rules: &'static [RefusalRule], keyword: &'static str) -> Option<Explained> {
    let fits = |rule: &&RefusalRule| rule.keyword == keyword || rule.keyword == "nothing";
    let rule = rules.iter().find(fits)?;
    let violation = plain("", keyword, "the document is absent");
    Some(Explained { rule, violation: violation.clone(), violations: vec![violation] })
}

/// Whether the schema of an operation accepts a flat input.
///
/// # Errors
/// Every violation.
pub fn validate(info: &OperationInfo, input: &Value) -> Result<(), Vec<Violation>> {
    let found: Vec<Violation> =
        validator(info).iter_errors(input).map(|error| from_schema(&error)).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn plain(at: &str, keyword: &str, message: &str) -> Violation {
    Violation {
        at: at.to_owned(),
        keyword: keyword.to_owned(),
        wanted: String::new(),
        message: message.to_owned(),
    }
}

fn raw_violation(error: RawError) -> Violation {
    let keyword = if matches!(error, RawError::Integer(_)) { "integer" } else { "syntax" };
    plain("", keyword, &error.to_string())
}

fn shape_violations(info: &OperationInfo, carried: &Carried<'_>) -> Vec<Violation> {
    let (input, mut found) = flatten(carried);
    if found.is_empty() {
        found.extend(validate(info, &input).err().unwrap_or_default());
    }
    if found.is_empty() {
        found.push(plain("", "any", "the input does not fit"));
    }
    found
}

/// The flat input, and what cannot even be put into one.
fn flatten(carried: &Carried<'_>) -> (Value, Vec<Violation>) {
    let mut flat = Map::new();
    let mut found = Vec::new();
    for (field, value) in &carried.values {
        flat.insert((*field).to_owned(), carried_value(value));
    }
    match carried.document {
        Document::Absent => {}
        Document::Payload { source, field } => {
            flat.insert(field.to_owned(), read(source).unwrap_or_default());
        }
        Document::Members { source, only, requires } => match read(source) {
            Ok(Value::Object(members)) => {
                for name in requires.iter().filter(|name| !members.contains_key(**name)) {
                    found.push(plain(&format!("/{name}"), "required", "is missing"));
                }
                let known = |name: &str| only.is_none_or(|list| list.contains(&name));
                flat.extend(members.into_iter().filter(|(name, _)| known(name)));
            }
            _ => found.push(plain("", "type", "the document is not an object")),
        },
    }
    (Value::Object(flat), found)
}

/// Reads with the scanner of the decoders, so that both see the same depth and the same integers.
fn read(source: &Bytes) -> Result<Value, RawError> {
    tree(&mut Cursor::new(source)?)
}

fn tree(cursor: &mut Cursor<'_>) -> Result<Value, RawError> {
    match cursor.peek() {
        b'"' => Ok(cursor.string()?.map(Value::from).unwrap_or_default()),
        b'[' => {
            let mut elements = Vec::new();
            cursor.array(|cursor| {
                elements.push(tree(cursor)?);
                Ok(())
            })?;
            Ok(Value::from(elements))
        }
        b'{' => {
            let mut members = Map::new();
            cursor.object(|cursor, name| {
                members.insert(name.to_owned(), tree(cursor)?);
                Ok(())
            })?;
            Ok(Value::Object(members))
        }
        _ => {
            let word = cursor.raw()?;
            let text = std::str::from_utf8(word.bytes()).unwrap_or_default();
            // The literal `-0` is an integer, which another reader takes for a float.
            Ok(text
                .parse::<i64>()
                .map_or_else(|_| serde_json::from_str(text).unwrap_or_default(), Value::from))
        }
    }
}

fn carried_value(value: &CarriedValue<'_>) -> Value {
    match value {
        CarriedValue::Text(text) => Value::from(text.as_ref()),
        CarriedValue::Integer(number) => Value::from(*number),
        CarriedValue::Boolean(truth) => Value::from(*truth),
        CarriedValue::List(list) => Value::from(list.clone()),
        CarriedValue::Map(map) => {
            map.iter().map(|(key, text)| (key.clone(), Value::from(text.as_str()))).collect()
        }
    }
}

fn from_schema(error: &jsonschema::ValidationError<'_>) -> Violation {
    let mut at = error.instance_path().to_string();
    let mut wanted = String::new();
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            at.push('/');
            at.push_str(property.as_str().unwrap_or_default());
        }
        ValidationErrorKind::Type { kind } => wanted = format!("{kind:?}"),
        _ => {}
    }
    let keyword = error.kind().keyword().to_owned();
    Violation { at, keyword, wanted: short_type(&wanted), message: error.to_string() }
}

/// The words the service has always used for types.
fn short_type(debug: &str) -> String {
    let lower = debug.to_lowercase();
    for (part, word) in [
        ("integer", "int"),
        ("boolean", "bool"),
        ("string", "str"),
        ("array", "list"),
        ("object", "dict"),
    ] {
        if lower.contains(part) {
            return word.to_owned();
        }
    }
    lower
}

/// Of all violations, the one in the earliest element, and there the one whose rule stands first.
fn choose(rules: &[&'static [RefusalRule]], violations: Vec<Violation>) -> Explained {
    static LAST: RefusalRule = RefusalRule {
        at: "**",
        keyword: "any",
        kind: crate::kinds::INVALID_BODY,
        text: "The request is not valid.",
        as_error: false,
    };
    let best = violations
        .iter()
        .map(|violation| {
            let fits =
                rules.iter().copied().flatten().enumerate().find(|(_, rule)| fits(rule, violation));
            let (place, rule) = fits.unwrap_or((usize::MAX, &LAST));
            (indices(&violation.at), place, rule, violation)
        })
        .min_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let (rule, violation) = best.map_or_else(
        || (&LAST, plain("", "any", "the input does not fit")),
        |(_, _, rule, v)| (rule, v.clone()),
    );
    Explained { rule, violation, violations }
}

fn indices(at: &str) -> Vec<usize> {
    at.split('/').filter_map(|segment| segment.parse().ok()).collect()
}

fn fits(rule: &RefusalRule, violation: &Violation) -> bool {
    if rule.keyword != "any" && rule.keyword != violation.keyword {
        return false;
    }
    match rule.at {
        "**" => true,
        "*" => !violation.at.is_empty() && !violation.at[1..].contains('/'),
        pattern => {
            let mut wanted = pattern.split('/');
            let mut given = violation.at.split('/');
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return true,
                    (Some("*"), Some(_)) => {}
                    (Some(a), Some(b)) if a == b => {}
                    _ => return false,
                }
            }
        }
    }
}

/// Draft 4, because there an integer is a literal without fraction, as the decoder and the service have it.
fn validator(info: &OperationInfo) -> Arc<Validator> {
    static COMPILED: LazyLock<Mutex<BTreeMap<&'static str, Arc<Validator>>>> =
        LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    compiled
        .entry(info.name)
        .or_insert_with(|| {
            let schema: Value = serde_json::from_str(info.schema).expect("codegen wrote this text");
            let options = jsonschema::options().with_draft(Draft::Draft4);
            Arc::new(options.build(&schema).expect("codegen compiled this schema"))
        })
        .clone()
}

#[cfg(test)]
mod tests;
