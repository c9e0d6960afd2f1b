//! `openapi.json`: OpenAPI 3.1, as readers and foreign tools want it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::path::{PathItemBuilder, PathsBuilder};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{HttpMethod, InfoBuilder, OpenApiBuilder};

use super::bodies::Bodies;
use super::route::{Bound, head, route};
use super::splice::Splices;
use crate::Spec;

pub(super) fn render(spec: &Spec) -> Value {
    let mut splices = Splices::default();
    let mut bodies = Bodies::new(spec, "http", "#/components/schemas/");
    let mut paths = PathsBuilder::new();
    for (path, methods) in routes(spec) {
        let mut item = PathItemBuilder::new();
        for (method, bound) in methods {
            let Some(known) = method_of(method) else { continue };
            if let Some(operation) = head(bound[0]) {
                item = item.operation(HttpMethod::Head, operation);
            }
            item = item.operation(known, route(spec, &bound, &mut bodies, &mut splices));
        }
        paths = paths.path(path, item.build());
    }
    let service = &spec.service;
    let info = InfoBuilder::new()
        .title(&service.title)
        .version(&service.version)
        .description(Some(service.description.trim()));
    let tags = service
        .resources
        .iter()
        .map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build());
    let document = OpenApiBuilder::new().info(info.build()).tags(Some(tags)).paths(paths).build();
    let model = serde_json::to_value(document).unwrap_or_default();
    let mut types = bodies.types();
    types.insert("Error".to_owned(), error());
    types.sort_keys();
    let mut whole = Map::new();
    whole.insert("x-generated".to_owned(), json!(super::MARK));
    if let Value::Object(members) = splices.put(model) {
        whole.extend(members);
    }
    whole.insert("components".to_owned(), json!({ "schemas": types }));
    whole.insert("x-limits".to_owned(), limits(spec));
    Value::Object(whole)
}

type Methods<'a> = BTreeMap<&'a str, Vec<Bound<'a>>>;

fn routes(spec: &Spec) -> BTreeMap<&str, Methods<'_>> {
    let mut routes: BTreeMap<&str, Methods<'_>> = BTreeMap::new();
    for operation in &spec.operations {
        if let Some(binding) = &operation.written.http {
            let methods = routes.entry(&binding.path).or_default();
            methods.entry(&binding.method).or_default().push((operation, binding));
        }
    }
    // The operation that answers what fits no other comes first and names the route.
    for bound in routes.values_mut().flat_map(BTreeMap::values_mut) {
        bound.sort_by_key(|(_, binding)| (binding.when.is_some(), binding.owns_path.is_none()));
    }
    routes
}

fn method_of(name: &str) -> Option<HttpMethod> {
    Some(match name {
        "GET" => HttpMethod::Get,
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => return None,
    })
}

/// The bounds by name, with the options that change them.
pub(super) fn limits(spec: &Spec) -> Value {
    let limits = spec.limits.iter().map(|(name, limit)| {
        let mut told =
            json!({ "about": limit.about, "unit": limit.unit, "minimum": limit.minimum });
        for (key, bound) in [("maximum", &limit.maximum), ("default", &limit.default)] {
            if let Some(bound) = bound {
                told[key] = json!(bound.value);
                if let Some(option) = &bound.config {
                    told[format!("{key}-option")] = json!(option);
                }
            }
        }
        (name.clone(), told)
    });
    Value::Object(limits.collect())
}

fn error() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong.",
        "required": ["title"],
        "properties": {
            "title": { "type": "string", "description": "The kind of error." },
            "description": { "type": "string", "description": "What is wrong with this request." },
            "link": {
                "type": "object",
                "description": "Where to read more.",
                "properties": {
                    "text": { "type": "string" },
                    "href": { "type": "string" },
                    "rel": { "type": "string" }
                }
            }
        }
    })
}
