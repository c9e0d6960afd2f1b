//! One pass from carried fields and document text to a typed input, checking every keyword of the schema.
//!
//! What reads is called `cursor_` in what is made, because a field can be called `cursor`.

use super::limits::value;
use super::rust::{is_optional, is_structure, literal, resolved, type_of};
use crate::Spec;
use crate::names::{camel, field};
use crate::schema::{Default, Form, Schema};

pub(crate) fn render(spec: &Spec) -> String {
    let mut text = String::from(
        "use crate::decode::{Carried, Refused, Slot};\nuse crate::raw::{Cursor, RawError};\n\n",
    );
    for name in used_by_inputs(spec) {
        text.push_str(&structure(spec, &name, &spec.types[&name].schema));
    }
    for operation in &spec.operations {
        text.push_str(&input(spec, operation.name(), &operation.input));
    }
    text
}

/// The structures that inputs hold, by name.
fn used_by_inputs(spec: &Spec) -> Vec<String> {
    let mut found = Vec::new();
    for operation in &spec.operations {
        for schema in operation.fields().values() {
            collect(spec, schema, &mut found);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn collect(spec: &Spec, schema: &Schema, found: &mut Vec<String>) {
    match &schema.form {
        Form::Array { items, .. } => collect(spec, items, found),
        Form::Ref(name) => {
            if let Some(def) = spec.types.get(name).filter(|def| is_structure(&def.schema)) {
                found.push(name.clone());
                for inner in def.schema.properties().values() {
                    collect(spec, inner, found);
                }
            }
        }
        _ => {}
    }
}

/// An expression that reads a member into its slot: `Result<Slot<T>, RawError>`. A null counts as absent where it may stand.
fn slot(spec: &Spec, schema: &Schema) -> String {
    let value = read(spec, schema);
    if schema.nullable {
        format!("(if cursor_.null()? {{ Ok(Slot::Absent) }} else {{ {value}.map(Slot::from) }})")
    } else {
        format!("{value}.map(Slot::from)")
    }
}

/// An expression that reads a value: `Result<Option<T>, RawError>`, `None` for one that does not fit.
fn read(spec: &Spec, schema: &Schema) -> String {
    let schema = resolved(spec, schema);
    match &schema.form {
        Form::Any => "cursor_.raw().map(Some)".to_owned(),
        Form::Object { .. } if schema.raw => "cursor_.raw_if(b'{')".to_owned(),
        Form::Object { .. } => "cursor_.skip().map(|()| None)".to_owned(),
        Form::Map => "cursor_.texts()".to_owned(),
        Form::Boolean => "cursor_.boolean()".to_owned(),
        Form::Integer { .. } => {
            format!("cursor_.integer().map(|value| value.filter(|value| {}))", fits_integer(schema))
        }
        Form::String { .. } => format!(
            "cursor_.string().map(|value| value.filter(|value| {}).map(|value| value.into_owned()))",
            fits_string(schema)
        ),
        Form::Array { items, min_items } => {
            let least = min_items.unwrap_or(0);
            let list = format!("cursor_.list(|cursor_| {})", read(spec, items));
            if least == 0 {
                list
            } else {
                format!("{list}.map(|value| value.filter(|value| value.len() >= {least}))")
            }
        }
        Form::Ref(name) => format!("read_{}(cursor_)", name.to_lowercase()),
    }
}

fn fits_integer(schema: &Schema) -> String {
    match &schema.form {
        Form::Integer { minimum: None, maximum: None } => "{ let _ = value; true }".to_owned(),
        Form::Integer { minimum, maximum } => format!(
            "({}..={}).contains(value)",
            minimum.unwrap_or(i64::MIN),
            maximum.unwrap_or(i64::MAX)
        ),
        _ => "true".to_owned(),
    }
}

fn fits_string(schema: &Schema) -> String {
    let Form::String { min, max, charset, values } = &schema.form else { return "true".to_owned() };
    let mut parts = Vec::new();
    if min.is_some() || max.is_some() {
        parts.push(format!(
            "({}..={}).contains(&text.chars().count())",
            min.unwrap_or(0),
            max.map_or_else(|| "usize::MAX".to_owned(), |max| max.to_string())
        ));
    }
    if let Some(charset) = charset {
        parts.push(format!("text.bytes().all(|byte| matches!(byte, {}))", byte_patterns(charset)));
    }
    if !values.is_empty() {
        parts.push(format!("{}.contains(&text)", super::rust::list(values)));
    }
    if parts.is_empty() {
        return "{ let _ = value; true }".to_owned();
    }
    format!("{{ let text: &str = value; {} }}", parts.join(" && "))
}

/// `A-Za-z_` as byte patterns.
fn byte_patterns(charset: &str) -> String {
    let letters: Vec<char> = charset.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if at + 2 < letters.len() && letters[at + 1] == '-' {
            parts.push(format!("b'{}'..=b'{}'", letters[at], letters[at + 2]));
            at += 3;
        } else {
            parts.push(format!("b'{}'", letters[at]));
            at += 1;
        }
    }
    parts.join(" | ")
}

fn default_of(spec: &Spec, schema: &Schema) -> Option<String> {
    Some(match schema.default.as_ref()? {
        Default::Limit(name) => {
            // A default that is fixed may lie above a maximum that is configured.
            let limit = spec.limits.get(name);
            format!(
                "i64::min({}, {})",
                value(limit.and_then(|limit| limit.default.as_ref()), "0"),
                value(limit.and_then(|limit| limit.maximum.as_ref()), "i64::MAX")
            )
        }
        Default::Constant(constant) if resolved(spec, schema).raw || schema.raw => {
            format!("crate::Raw::from_static({:?})", constant.to_string())
        }
        Default::Constant(serde_json::Value::Array(list)) => {
            let inner: Vec<String> = list.iter().map(|each| format!("{each}.to_owned()")).collect();
            format!("vec![{}]", inner.join(", "))
        }
        Default::Constant(serde_json::Value::String(text)) => {
            format!("{}.to_owned()", literal(text))
        }
        Default::Constant(other) => other.to_string(),
    })
}

fn finish(spec: &Spec, owner: &Schema, name: &str, schema: &Schema) -> String {
    let slot = field(name);
    if let Some(default) = default_of(spec, schema) {
        format!("{slot}: {slot}.or_else(|| {default})?,\n")
    } else if is_optional(owner, name, schema) {
        format!("{slot}: {slot}.optional()?,\n")
    } else {
        format!("{slot}: {slot}.required()?,\n")
    }
}

fn slots(spec: &Spec, schema: &Schema) -> String {
    schema
        .properties()
        .iter()
        .map(|(name, each)| {
            format!("let mut {}: Slot<{}> = Slot::Absent;\n", field(name), type_of(spec, each))
        })
        .collect()
}

fn structure(spec: &Spec, name: &str, schema: &Schema) -> String {
    let mut arms = String::new();
    let mut ends = String::new();
    for (member, each) in schema.properties() {
        arms.push_str(&format!(
            "{} => {} = {}?,\n",
            literal(member),
            field(member),
            slot(spec, each)
        ));
        ends.push_str(&finish(spec, schema, member, each));
    }
    format!(
        "fn read_{}(cursor_: &mut Cursor<'_>) -> Result<Option<{}>, RawError> {{\nif cursor_.peek() != b'{{' {{ return cursor_.skip().map(|()| None); }}\n{}cursor_.object(|cursor_, wire| {{ match wire {{\n{arms}_ => cursor_.skip()?,\n}} Ok(()) }})?;\nlet built = || -> Result<{}, Refused> {{ Ok({} {{\n{ends}}}) }};\nOk(built().ok())\n}}\n\n",
        name.to_lowercase(),
        camel(name),
        slots(spec, schema),
        camel(name),
        camel(name),
    )
}

/// How a carried value becomes a field: an `Option`, `None` for one that does not fit.
fn carried(spec: &Spec, schema: &Schema) -> String {
    let schema = resolved(spec, schema);
    match &schema.form {
        Form::Boolean => "value.boolean()".to_owned(),
        Form::Integer { .. } => format!("value.integer().filter(|value| {})", fits_integer(schema)),
        Form::String { .. } => {
            format!("value.text().filter(|value| {}).map(str::to_owned)", fits_string(schema))
        }
        Form::Array { items, min_items } => {
            let each = fits_string(resolved(spec, items));
            let enough =
                min_items.map_or_else(String::new, |least| format!("value.len() >= {least} && "));
            format!("value.list().filter(|value| {enough}value.iter().all(|value| {each}))")
        }
        Form::Map => "value.map()".to_owned(),
        _ => "None".to_owned(),
    }
}

fn is_carried(spec: &Spec, schema: &Schema) -> bool {
    match &resolved(spec, schema).form {
        Form::Boolean | Form::Integer { .. } | Form::String { .. } | Form::Map => true,
        Form::Array { items, .. } => matches!(resolved(spec, items).form, Form::String { .. }),
        _ => false,
    }
}

fn input(spec: &Spec, name: &str, schema: &Schema) -> String {
    let (mut outside, mut inside, mut ends) = (String::new(), String::new(), String::new());
    for (member, each) in schema.properties() {
        let place = field(member);
        if is_carried(spec, each) {
            outside.push_str(&format!(
                "{} => {place} = {}.into(),\n",
                literal(member),
                carried(spec, each)
            ));
        }
        inside.push_str(&format!("{} => {place} = {}?,\n", literal(member), slot(spec, each)));
        ends.push_str(&finish(spec, schema, member, each));
    }
    format!(
        "pub(crate) fn decode_{name}(carried: &Carried<'_>, limits: &Limits) -> Result<{0}Input, Refused> {{\n{1}for (wire, value) in &carried.values {{ match *wire {{\n{outside}_ => {{ let _ = value; }}\n}} }}\ncrate::decode::read_document(carried.document, |cursor_, wire| {{ match wire {{\n{inside}_ => return Ok(false),\n}} #[allow(unreachable_code)] Ok(true) }})?;\nOk({0}Input {{\n{ends}}})\n}}\n\n",
        camel(name),
        slots(spec, schema),
    )
}
