//! One operation of the page.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{example, markdown, words};
use crate::check::errors_named;
use crate::emit::documents::failures::{Rules, failures};
use crate::model::{Content, HttpBinding, Member, Operation, Spec, Who};

pub(super) fn section(spec: &Spec, operation: &Operation) -> Markup {
    let written = &operation.written;
    html! {
        section id=(operation.name()) {
            h3 { a href={ "#" (operation.name()) } { (operation.name()) } (tags(spec, operation)) }
            p { strong { (written.summary) } }
            ul .calls {
                @if let Some(binding) = &written.http {
                    li { span { "HTTP" } code { (binding.method) " " (binding.path) } }
                }
                @if let Some(binding) = &written.websocket {
                    li { span { "WebSocket" } code { (binding.action) } }
                }
            }
            (markdown(&written.description))
            @if !operation.fields().is_empty() { h4 { "Fields" } (fields(spec, operation)) }
            h4 { "Outcomes" }
            (outcomes(operation))
            h4 { "Errors" }
            (errors(spec, operation))
            h4 { "Examples" }
            @for each in &written.examples { (example::pair(operation, each)) }
        }
    }
}

/// What is special about it: extensions, roles, switches.
fn tags(spec: &Spec, operation: &Operation) -> Markup {
    let written = &operation.written;
    let on = |bound: Option<bool>| bound == Some(true);
    let mut tags = Vec::new();
    if written.extension {
        tags.push("extension".to_owned());
    } else if on(written.websocket.as_ref().map(|binding| binding.extension)) {
        tags.push("extension over the WebSocket".to_owned());
    } else if on(written.http.as_ref().map(|binding| binding.extension)) {
        tags.push("extension over HTTP".to_owned());
    }
    let rule = written.policy.as_ref().and_then(|rule| spec.access.rules.get(rule));
    if let Some(Who::Role(role)) = rule {
        tags.push(format!("role {role}"));
    }
    tags.extend(written.available_with.iter().map(|switch| format!("with {switch}")));
    html! { @for tag in tags { span .tag { (tag) } } }
}

fn fields(spec: &Spec, operation: &Operation) -> Markup {
    html! {
        div .scroll { table {
            tr { th { "field" } th { "HTTP" } th { "type" } th { "meaning" } }
            @for (name, schema) in operation.fields() {
                tr {
                    td .name {
                        code { (name) }
                        @if operation.input.requires(name) { br; span .must { "required" } }
                    }
                    td .place { (operation.written.http.as_ref().map(|binding| place(binding, name)).unwrap_or_default()) }
                    td { (words::kind(spec, schema)) }
                    td {
                        @if let Some(about) = &schema.description { (markdown(about)) }
                        @let bounds = words::bounds(spec, schema);
                        @if !bounds.is_empty() { span .soft { (bounds.join("; ")) } }
                    }
                }
            }
        } }
    }
}

/// Where HTTP carries a field.
fn place(binding: &HttpBinding, name: &str) -> Markup {
    if binding.variables().any(|variable| variable == name) {
        return html! { "path" };
    }
    if let Some(field) = binding.query.iter().find(|field| field.field() == name) {
        return html! { "query" @if field.wire() != name { " " code { (field.wire()) } } };
    }
    if binding.query_rest.as_deref() == Some(name) {
        return html! { "other parameters" };
    }
    if binding.payload.as_deref() == Some(name) {
        return html! { "the body" };
    }
    html! { @if binding.body.iter().any(|each| each == name) { "body" } @else { "–" } }
}

fn outcomes(operation: &Operation) -> Markup {
    let written = &operation.written;
    html! {
        div .scroll { table {
            tr {
                th { "outcome" }
                @if written.http.is_some() { th { "HTTP" } }
                @if written.websocket.is_some() { th { "WebSocket" } }
                th { "meaning" }
            }
            @for (name, schema) in &operation.outcomes {
                tr {
                    td .name { code { (name) } }
                    @if let Some(binding) = &written.http {
                        td { @if let Some(shown) = binding.outcomes.get(name) {
                            (shown.status) " " (content(&shown.content()))
                            @if let Some(location) = &shown.location { br; span .soft { "Location: " (location) } }
                        } }
                    }
                    @if let Some(binding) = &written.websocket {
                        td { @if let Some(shown) = binding.outcomes.get(name) {
                            (shown.status) " " (content(&shown.content()))
                        } }
                    }
                    td { @if let Some(about) = &schema.description { (markdown(about)) } }
                }
            }
        } }
    }
}

/// What the body of an answer is made of.
fn content(content: &Content) -> Markup {
    match content {
        Content::Empty => html! {},
        Content::Members(members) if members.is_empty() => html! { code { "{}" } },
        Content::Members(members) => {
            let names: Vec<&str> = members
                .iter()
                .map(|member| match member {
                    Member::Field(name) | Member::Made(name, _) => name.as_str(),
                })
                .collect();
            html! { code { "{" (names.join(", ")) "}" } }
        }
        Content::Payload(name) => html! { code { (name) } },
        Content::Text(text) => html! { code { "\"" (text) "\"" } },
        Content::Literal(document) => html! { code { (document) } },
        Content::Generated(name) => html! { code { (name) } },
    }
}

fn errors(spec: &Spec, operation: &Operation) -> Markup {
    let mut rows: BTreeMap<&str, [BTreeSet<u16>; 2]> = BTreeMap::new();
    if let Some(binding) = &operation.written.http {
        for (status, failure) in failures(spec, operation, binding) {
            for name in failure.errors.keys() {
                rows.entry(name).or_default()[0].insert(status);
            }
        }
    }
    if let Some(binding) = &operation.written.websocket {
        let rules = Rules::of_websocket(spec, binding);
        let names = operation.written.errors.iter().flat_map(|name| errors_named(spec, name));
        for name in names {
            let statuses = rules.kinds(spec, name).into_iter().map(|kind| kind.websocket);
            rows.entry(name).or_default()[1].extend(statuses);
        }
    }
    let listed = |statuses: &BTreeSet<u16>| {
        statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
    };
    html! {
        div .scroll { table {
            tr { th { "error" } th { "HTTP" } th { "WebSocket" } th { "when" } }
            @for (name, statuses) in &rows {
                tr {
                    td .name { a href={ "#error-" (name) } { code { (name) } } }
                    @for each in statuses { td { (listed(each)) } }
                    td { @if let Some(error) = spec.errors.get(*name) { (markdown(&error.about)) } }
                }
            }
        } }
    }
}
