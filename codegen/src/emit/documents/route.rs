//! One method of one path: the operations that share it, as one entry.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    Operation as Entry, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, ParameterStyle,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, Required};

use super::bodies::Bodies;
use super::failures::failures;
use super::splice::Splices;
use crate::Spec;
use crate::model::{HttpBinding, HttpOutcome, Need, Operation, Who};
use crate::schema::Form;

/// An operation and how HTTP carries it.
pub(super) type Bound<'a> = (&'a Operation, &'a HttpBinding);

/// The entry of one method. The first operation names it.
pub(super) fn route<'a>(
    spec: &'a Spec,
    bound: &[Bound<'a>],
    bodies: &mut Bodies<'a>,
    splices: &mut Splices,
) -> Entry {
    let (first, _) = bound[0];
    let mut entry = OperationBuilder::new()
        .tag(&first.written.resource)
        .operation_id(Some(first.name()))
        .summary(Some(summary(bound)))
        .description(Some(description(bound)))
        .parameters(Some(parameters(bound, bodies, splices)))
        .request_body(bound.iter().find_map(|each| request_body(*each, bodies, splices)));
    for (status, response) in responses(spec, bound, bodies, splices) {
        entry = entry.response(status.to_string(), response);
    }
    let mut extensions = ExtensionsBuilder::new();
    if bound.len() > 1 {
        let names: Vec<&str> = bound.iter().map(|(operation, _)| operation.name()).collect();
        extensions = extensions.add("x-operations", names);
    }
    if bound.iter().all(|(operation, binding)| operation.written.extension || binding.extension) {
        extensions = extensions.add("x-extension", true);
    }
    if let Some(policy) = bound.iter().find_map(|(operation, _)| operation.written.policy.as_ref())
    {
        extensions = extensions.add("x-policy", policy.as_str());
        if let Some(Who::Role(role)) = spec.access.rules.get(policy) {
            extensions = extensions.add("x-role", role.as_str());
        }
    }
    if !first.written.available_with.is_empty() {
        extensions = extensions.add("x-available-with", first.written.available_with.clone());
    }
    entry.extensions(Some(extensions.build())).build()
}

/// The entry for `HEAD`, where the binding fixes its answer.
pub(super) fn head((operation, binding): Bound<'_>) -> Option<Entry> {
    let status = binding.head?;
    let response = ResponseBuilder::new().description("Always.").build();
    let entry = OperationBuilder::new()
        .tag(&operation.written.resource)
        .operation_id(Some(format!("{}_head", operation.name())))
        .response(status.to_string(), response);
    Some(entry.build())
}

fn summary(bound: &[Bound<'_>]) -> String {
    let all: Vec<&str> =
        bound.iter().map(|(operation, _)| operation.written.summary.as_str()).collect();
    all.join(" Or: ")
}

fn description(bound: &[Bound<'_>]) -> String {
    if let [(operation, _)] = bound {
        return operation.written.description.trim().to_owned();
    }
    let parts = bound.iter().map(|(operation, binding)| {
        let text = operation.written.description.trim();
        let place = binding.when.as_ref().map_or_else(
            || "Otherwise".to_owned(),
            |when| format!("With `{}`", wire(binding, &when.has)),
        );
        format!("{place} (`{}`): {} {text}", operation.name(), operation.written.summary)
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

fn wire<'a>(binding: &'a HttpBinding, field: &'a str) -> &'a str {
    binding.query.iter().find(|each| each.field() == field).map_or(field, |each| each.wire())
}

fn parameters<'a>(
    bound: &[Bound<'a>],
    bodies: &mut Bodies<'a>,
    splices: &mut Splices,
) -> Vec<Parameter> {
    let (first, route) = bound[0];
    let written =
        |operation: &'a Operation, name: &str| &operation.written.input["properties"][name];
    let mut found = Vec::new();
    for name in route.variables() {
        let schema = bodies.sent(written(first, name));
        found.push(parameter(name, ParameterIn::Path, true, schema, splices).build());
    }
    let mut seen = Vec::new();
    for (operation, binding) in bound {
        for each in &binding.query {
            if seen.contains(&each.wire()) {
                continue;
            }
            seen.push(each.wire());
            let required = bound.len() == 1 && operation.input.requires(each.field());
            let schema = bodies.sent(written(operation, each.field()));
            let list = matches!(operation.fields()[each.field()].form, Form::Array { .. });
            let made = parameter(each.wire(), ParameterIn::Query, required, schema, splices);
            let style = list.then_some(ParameterStyle::Form);
            found.push(made.style(style).explode(list.then_some(false)).build());
        }
        if let Some(name) = &binding.query_rest {
            let schema = bodies.sent(written(operation, name));
            let made = parameter(name, ParameterIn::Query, false, schema, splices);
            found.push(made.style(Some(ParameterStyle::Form)).explode(Some(true)).build());
        }
    }
    found.extend(headers(first, splices));
    found
}

fn headers(operation: &Operation, splices: &mut Splices) -> Vec<Parameter> {
    let context = &operation.written.context;
    let mut found = Vec::new();
    if context.client_id != Need::Absent {
        let schema = json!({
            "type": "string",
            "format": "uuid",
            "description": "Names the client; any UUID it has chosen."
        });
        found.push(parameter("Client-ID", ParameterIn::Header, true, schema, splices).build());
    }
    if context.project != Need::Absent {
        let schema = json!({ "type": "string", "minLength": 1, "description": "The project." });
        found.push(parameter("X-Project-ID", ParameterIn::Header, true, schema, splices).build());
    }
    found
}

fn parameter(
    name: &str,
    place: ParameterIn,
    required: bool,
    schema: Value,
    splices: &mut Splices,
) -> ParameterBuilder {
    let description = schema["description"].as_str().map(str::to_owned);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(if required { Required::True } else { Required::False })
        .description(description)
        .schema(Some(splices.hold(schema)))
}

fn request_body<'a>(
    (operation, binding): Bound<'a>,
    bodies: &mut Bodies<'a>,
    splices: &mut Splices,
) -> Option<RequestBody> {
    let insists = binding.refusals.iter().any(|rule| rule.keyword == "missing");
    let (schema, required) = match &binding.payload {
        Some(name) => {
            let schema = bodies.sent(&operation.written.input["properties"][name]);
            (schema, operation.input.requires(name))
        }
        None if binding.body.is_empty() => return None,
        None => {
            let fields = binding.body.iter().map(String::as_str);
            let schema = bodies.sent_object(operation, fields, &binding.body_requires);
            (schema, binding.body.iter().any(|name| operation.input.requires(name)))
        }
    };
    let media_type = binding.media_type.as_deref().unwrap_or("application/json");
    let mut content = ContentBuilder::new().schema(Some(splices.hold(schema)));
    let shown = operation.written.examples.iter().find_map(|each| each.http.as_ref()?.body.clone());
    if let Some(example) = shown {
        content = content.example(Some(example));
    }
    let required = if required || insists { Required::True } else { Required::False };
    let body = RequestBodyBuilder::new().content(media_type, content.build());
    Some(body.required(Some(required)).build())
}

/// What is known of one status before it becomes a response.
#[derive(Default)]
struct Told<'a> {
    about: Vec<String>,
    schemas: Vec<Value>,
    shown: Vec<&'a HttpOutcome>,
}

fn responses<'a>(
    spec: &'a Spec,
    bound: &[Bound<'a>],
    bodies: &mut Bodies<'a>,
    splices: &mut Splices,
) -> BTreeMap<u16, Response> {
    let mut found: BTreeMap<u16, Told<'a>> = BTreeMap::new();
    for (operation, binding) in bound {
        for (name, shown) in &binding.outcomes {
            let told = found.entry(shown.status).or_default();
            let about = operation.outcomes[name].description.as_deref().unwrap_or_default();
            let about = format!("- Outcome `{name}` of `{}`. {about}", operation.name());
            told.about.push(about.trim_end().to_owned());
            told.add(bodies.shown(operation, name, &shown.content()));
            told.shown.push(shown);
        }
    }
    for (operation, binding) in bound {
        for (status, failure) in failures(spec, operation, binding) {
            let told = found.entry(status).or_default();
            for (name, error) in failure.errors {
                let extension = if error.extension { " (`x-extension`)" } else { "" };
                let line = format!("- Error `{name}`{extension}. {}", error.about);
                if !told.about.contains(&line) {
                    told.about.push(line);
                }
            }
            let body = json!({ "$ref": "#/components/schemas/Error" });
            told.add((!failure.empty).then_some(body));
        }
    }
    found.into_iter().map(|(status, told)| (status, told.response(splices))).collect()
}

impl Told<'_> {
    fn add(&mut self, schema: Option<Value>) {
        self.schemas.extend(schema.filter(|schema| !self.schemas.contains(schema)));
    }

    fn response(self, splices: &mut Splices) -> Response {
        let mut response = ResponseBuilder::new().description(self.about.join("\n"));
        let mut schemas = self.schemas;
        let schema =
            if schemas.len() > 1 { Some(json!({ "anyOf": schemas })) } else { schemas.pop() };
        if let Some(schema) = schema {
            let media_types = self.shown.iter().find_map(|shown| shown.media_type.as_deref());
            let content = ContentBuilder::new().schema(Some(splices.hold(schema)));
            response = response.content(media_types.unwrap_or("application/json"), content.build());
        }
        let text = |schema: Value, splices: &mut Splices| {
            HeaderBuilder::new().schema(Some(splices.hold(schema))).build()
        };
        for shown in self.shown {
            if shown.location.is_some() {
                response = response.header("Location", text(json!({ "type": "string" }), splices));
            }
            for (name, value) in &shown.headers {
                let schema = json!({ "type": "string", "const": value });
                response = response.header(name, text(schema, splices));
            }
        }
        response.build()
    }
}
