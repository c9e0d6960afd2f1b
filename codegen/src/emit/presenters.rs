//! How outcomes look on each transport: straight-line code that writes JSON text.

use super::rust::{is_optional, is_structure, list, literal, option, resolved};
use super::templates::{Part, parts};
use crate::Spec;
use crate::model::{Content, Each, HttpOutcome, Made, Member, NextLink, Operation};
use crate::names::{camel, field};
use crate::schema::{Form, Schema};

/// Which transport is written for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Http,
    WebSocket,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::WebSocket => "websocket",
        }
    }

    /// The argument that only HTTP has.
    fn call(self) -> &'static str {
        match self {
            Self::Http => "call, ",
            Self::WebSocket => "",
        }
    }
}

pub(crate) fn render(spec: &Spec) -> String {
    let mut text =
        String::from("use crate::present::{HttpCall, HttpReply, JsonText, location};\n\n");
    for side in [Side::Http, Side::WebSocket] {
        for (name, def) in &spec.types {
            if is_structure(&def.schema) {
                let all: Vec<Member> =
                    def.schema.properties().keys().cloned().map(Member::Field).collect();
                let view = def.views.get(side.name()).unwrap_or(&all);
                text.push_str(&structure(spec, side, name, &def.schema, view));
            }
        }
    }
    for operation in &spec.operations {
        text.push_str(&http(spec, operation));
        text.push_str(&websocket(spec, operation));
    }
    text
}

fn structure(spec: &Spec, side: Side, name: &str, schema: &Schema, view: &[Member]) -> String {
    let call = if side == Side::Http { "call: &HttpCall<'_>, " } else { "" };
    format!(
        "#[allow(dead_code)]\nfn show_{}_{}(value: &{}, {call}out: &mut JsonText) {{\n{}{}}}\n\n",
        side.name(),
        name.to_lowercase(),
        camel(name),
        bind(&camel(name), schema, "value"),
        object(spec, side, schema, view)
    )
}

/// `let Name { a, b } = value;`
fn bind(name: &str, schema: &Schema, value: &str) -> String {
    format!("let {name} {{ {} }} = {value};\n", names(schema))
}

fn names(schema: &Schema) -> String {
    let all: Vec<String> = schema.properties().keys().map(|name| field(name)).collect();
    all.join(", ")
}

fn object(spec: &Spec, side: Side, owner: &Schema, members: &[Member]) -> String {
    let mut text = String::from("out.open(b'{');\n");
    for member in members {
        match member {
            Member::Field(name) => text.push_str(&plain(spec, side, owner, name, name)),
            Member::Made(name, how) => text.push_str(&special(spec, side, owner, name, how)),
        }
    }
    text.push_str("out.close(b'}');\n");
    text
}

/// A member that is a field, under this name.
fn plain(spec: &Spec, side: Side, owner: &Schema, name: &str, source: &str) -> String {
    let Some(schema) = owner.properties().get(source) else { return String::new() };
    let place = field(source);
    let begin = format!("out.member({});\n", literal(name));
    if schema.nullable {
        let write = value(spec, side, schema, "value");
        return format!(
            "{begin}match {place} {{ Some(value) => {{ {write} }} None => out.literal(\"null\"), }}\n"
        );
    }
    if is_optional(owner, source, schema) {
        let write = value(spec, side, schema, "value");
        return format!("if let Some(value) = {place} {{ {begin}{write} }}\n");
    }
    format!("{begin}{}", value(spec, side, schema, &place))
}

fn special(spec: &Spec, side: Side, owner: &Schema, name: &str, how: &Made) -> String {
    let begin = format!("out.member({});\n", literal(name));
    match how {
        Made::Null => format!("{begin}out.literal(\"null\");\n"),
        Made::Value(other) => plain(spec, side, owner, name, &other.value),
        Made::Template(template) => format!("{begin}{}", string(owner, template)),
        Made::Each(Each { each, r#as }) => format!(
            "{begin}out.open(b'[');\nfor item in {}.iter() {{ out.element();\n{} }}\nout.close(b']');\n",
            field(each),
            string(owner, r#as)
        ),
        Made::Next(NextLink { next, query, force }) => {
            let forced: Vec<String> = force
                .iter()
                .map(|(name, source)| format!("({}, *{})", literal(name), field(source)))
                .collect();
            format!(
                "{begin}out.next_link(call, {}.as_deref(), {}, &[{}]);\n",
                field(next),
                list(query),
                forced.join(", ")
            )
        }
    }
}

fn value(spec: &Spec, side: Side, schema: &Schema, place: &str) -> String {
    let schema = resolved(spec, schema);
    if schema.raw {
        return format!("out.raw({place});\n");
    }
    match &schema.form {
        Form::Any | Form::Object { .. } | Form::Map => format!("out.raw({place});\n"),
        Form::Boolean => format!("out.boolean(*{place});\n"),
        Form::Integer { .. } => format!("out.integer(*{place});\n"),
        Form::String { .. } => format!("out.string({place});\n"),
        Form::Array { items, .. } => format!(
            "out.open(b'[');\nfor each in {place}.iter() {{ out.element();\n{} }}\nout.close(b']');\n",
            value(spec, side, items, "each")
        ),
        Form::Ref(name) => {
            format!("show_{}_{}({place}, {}out);\n", side.name(), name.to_lowercase(), side.call())
        }
    }
}

/// A JSON string made of parts.
fn string(owner: &Schema, template: &str) -> String {
    let mut text = String::from("out.quote();\n");
    for part in parts(template) {
        text.push_str(&pieces(owner, &part, "out.part"));
    }
    text.push_str("out.quote();\n");
    text
}

fn pieces(owner: &Schema, part: &Part, push: &str) -> String {
    match part {
        Part::Text(fixed) => format!("{push}({});\n", literal(fixed)),
        Part::Variable(name) => format!("{push}({});\n", variable(owner, name)),
        Part::Optional(inner) => {
            let absent = inner.iter().find_map(|part| match part {
                Part::Variable(name) => Some(field(name)),
                _ => None,
            });
            let body: String = inner.iter().map(|part| pieces(owner, part, push)).collect();
            let name = absent.unwrap_or_default();
            format!("if let Some({name}) = {name} {{ {body} }}\n")
        }
    }
}

/// An expression that gives the text of a variable.
fn variable(owner: &Schema, name: &str) -> String {
    match name {
        "path" => return "call.path".to_owned(),
        "log" => return "call.log()".to_owned(),
        "item" => return "item".to_owned(),
        _ => {}
    }
    match owner.properties().get(name).map(|schema| &schema.form) {
        None => format!("call.capture({})", literal(name)),
        Some(Form::Array { .. }) => format!("&{}.join(\",\")", field(name)),
        Some(Form::Integer { .. }) => format!("&{}.to_string()", field(name)),
        Some(_) => field(name),
    }
}

fn http(spec: &Spec, operation: &Operation) -> String {
    let name = operation.name();
    let begin = format!(
        "pub(crate) fn http_{name}(outcome: &{0}Outcome, call: &HttpCall<'_>) -> HttpReply {{\n",
        camel(name)
    );
    let Some(binding) = &operation.written.http else {
        return format!("{begin}let _ = (outcome, call); HttpReply::default()\n}}\n\n");
    };
    let mut text = format!("{begin}match outcome {{\n");
    for (outcome, schema) in &operation.outcomes {
        let shown = &binding.outcomes[outcome];
        text.push_str(&format!(
            "{}Outcome::{} {{ {} }} => {{\n{}}}\n",
            camel(name),
            camel(outcome),
            names(schema),
            http_outcome(spec, schema, shown)
        ));
    }
    text.push_str("}\n}\n\n");
    text
}

fn http_outcome(spec: &Spec, owner: &Schema, shown: &HttpOutcome) -> String {
    let body = match shown.content() {
        Content::Empty if shown.status == 204 => "let body = None;\n".to_owned(),
        Content::Empty => "let body = Some(Vec::new());\n".to_owned(),
        content => format!(
            "let mut text = JsonText::with_capacity(512);\nlet out = &mut text;\n{}let body = Some(text.into_bytes());\n",
            body_text(spec, Side::Http, owner, &content)
        ),
    };
    let place = shown.location.as_deref().map_or_else(
        || "let place = None;\n".to_owned(),
        |template| {
            let pieces: String =
                parts(template).iter().map(|part| pieces(owner, part, "place.push_str")).collect();
            format!("let mut place = String::new();\n{pieces}let place = Some(location(&place));\n")
        },
    );
    let headers: Vec<String> =
        shown.headers.iter().map(|(name, value)| format!("({name:?}, {value:?})")).collect();
    format!(
        "{body}{place}HttpReply {{ status: {}, location: place, headers: &[{}], media_type: {}, body }}\n",
        shown.status,
        headers.join(", "),
        option(shown.media_type.as_deref())
    )
}

fn body_text(spec: &Spec, side: Side, owner: &Schema, content: &Content) -> String {
    match content {
        Content::Empty => "out.literal(\"{}\");\n".to_owned(),
        Content::Members(members) => object(spec, side, owner, members),
        Content::Payload(name) => match owner.properties().get(name) {
            Some(schema) => value(spec, side, schema, &field(name)),
            None => String::new(),
        },
        Content::Text(template) => string(owner, template),
        Content::Literal(document) => {
            format!("out.literal({});\n", literal(&super::errors::spaced(document)))
        }
        Content::Generated(name) => {
            format!("out.literal({});\n", literal(&super::home_document(spec, name)))
        }
    }
}

fn websocket(spec: &Spec, operation: &Operation) -> String {
    let name = operation.name();
    let begin = format!(
        "pub(crate) fn websocket_{name}(outcome: &{0}Outcome, out: &mut JsonText) -> u16 {{\n",
        camel(name)
    );
    let Some(binding) = &operation.written.websocket else {
        return format!("{begin}let _ = (outcome, out); 0\n}}\n\n");
    };
    let mut text = format!("{begin}match outcome {{\n");
    for (outcome, schema) in &operation.outcomes {
        let shown = &binding.outcomes[outcome];
        text.push_str(&format!(
            "{}Outcome::{} {{ {} }} => {{\n{}{}\n}}\n",
            camel(name),
            camel(outcome),
            names(schema),
            body_text(spec, Side::WebSocket, schema, &shown.content()),
            shown.status
        ));
    }
    text.push_str("}\n}\n\n");
    text
}
