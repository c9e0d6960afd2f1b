//! `reference.html`: the specification as one page for people, with everything inside it.

mod example;
mod operation;
mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{Event, Parser};

use crate::model::{Operation, Push, Receiver, Spec};

pub(super) fn render(spec: &Spec) -> String {
    let page = html! {
        (DOCTYPE)
        (PreEscaped(format!("\n<!-- {} -->\n", super::MARK)))
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (spec.service.title) ": reference" }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                (contents(spec))
                main {
                    (introduction(spec))
                    @for (resource, about) in &spec.service.resources {
                        h2 .resource id=(resource) { (heading(resource)) }
                        (markdown(about))
                        @for each in of_resource(spec, resource) { (operation::section(spec, each)) }
                    }
                    (pushes(spec))
                    (errors(spec))
                    (limits(spec))
                }
            }
        }
    };
    // One line per element that begins a block, so that a change of the specification is a change of few lines.
    let mut text = page.into_string();
    for end in
        ["</li>", "</tr>", "</h2>", "</h3>", "</h4>", "</p>", "</pre>", "</table>", "</section>"]
    {
        text = text.replace(end, &format!("{end}\n"));
    }
    text.push('\n');
    text
}

fn of_resource<'a>(spec: &'a Spec, resource: &'a str) -> impl Iterator<Item = &'a Operation> {
    spec.operations.iter().filter(move |each| each.written.resource == resource)
}

/// A resource as a heading: `topic_message` is "Topic messages".
fn heading(resource: &str) -> String {
    let plain = resource.replace('_', " ");
    let mut letters = plain.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}s", first.unwrap_or_default(), letters.as_str())
}

fn contents(spec: &Spec) -> Markup {
    html! {
        nav {
            strong { (spec.service.title) }
            @for resource in spec.service.resources.keys() {
                h2 { a href={ "#" (resource) } { (heading(resource)) } }
                ul {
                    @for each in of_resource(spec, resource) {
                        li { a href={ "#" (each.name()) } { (each.name()) } }
                    }
                }
            }
            h2 { "Everywhere" }
            ul {
                li { a href="#pushes" { "Pushes" } }
                li { a href="#errors" { "Errors" } }
                li { a href="#limits" { "Limits" } }
            }
            h2 { "Documents" }
            ul {
                @for name in ["openapi.json", "asyncapi.json", "actions.schema.json"] {
                    li { a href=(name) { (name) } }
                }
            }
        }
    }
}

fn introduction(spec: &Spec) -> Markup {
    html! {
        h1 { (spec.service.title) " " span .soft { "API " (spec.service.version) } }
        (markdown(&spec.service.description))
        p {
            "Over the WebSocket a frame names the action; its body holds the fields of the operation under the same names. The answer "
            "repeats the request and has the status in its headers:"
        }
        pre { code {
            "{\"action\": \"queue_get\", \"headers\": {\"Client-ID\": \"…\", \"X-Project-ID\": \"…\"}, \"body\": {\"queue_name\": \"jobs\"}}\n"
            "{\"request\": {…}, \"body\": {…}, \"headers\": {\"status\": 200}}"
        } }
    }
}

fn pushes(spec: &Spec) -> Markup {
    html! {
        h2 .resource id="pushes" { "Pushes" }
        p { "What the service sends by itself." }
        @for (name, push) in &spec.pushes { (push_section(name, push)) }
    }
}

fn push_section(name: &str, push: &Push) -> Markup {
    let to = push.to.iter().map(|receiver| match receiver {
        Receiver::Websocket => "WebSocket",
        Receiver::Subscriber => "subscriber",
    });
    html! {
        section id={ "push-" (name) } {
            h3 { (name) }
            p { (push.summary) span .soft { " To: " (to.collect::<Vec<_>>().join(", ")) } }
            (markdown(&push.description))
            @for example in &push.examples { pre { code { (format!("{example:#}")) } } }
        }
    }
}

fn errors(spec: &Spec) -> Markup {
    html! {
        h2 .resource id="errors" { "Errors" }
        p { "Statuses are those of HTTP and of the WebSocket. A route or an action may tell an error differently; that stands there." }
        div .scroll { table {
            tr { th { "error" } th { "HTTP" } th { "WebSocket" } th { "when" } }
            @for (name, error) in &spec.errors {
                tr id={ "error-" (name) } {
                    td .name { code { (name) } }
                    @if let Some(kind) = spec.kinds.get(&error.kind) {
                        td { (kind.http) } td { (kind.websocket) }
                    } @else { td {} td {} }
                    td { (markdown(&error.about)) }
                }
            }
        } }
    }
}

fn limits(spec: &Spec) -> Markup {
    html! {
        h2 .resource id="limits" { "Limits" }
        p { "Options stand in the section " code { "[transport]" } " of the configuration." }
        div .scroll { table {
            tr { th { "limit" } th { "minimum" } th { "maximum" } th { "default" } th { "unit" } th { "of" } }
            @for (name, limit) in &spec.limits {
                tr id={ "limit-" (name) } {
                    td .name { code { (name) } }
                    td { (limit.minimum) }
                    @for bound in [&limit.maximum, &limit.default] {
                        td { @if let Some(bound) = bound {
                            (bound.value)
                            @if let Some(option) = &bound.config { br; code { (option) } }
                        } }
                    }
                    td { (limit.unit) }
                    td { (markdown(&limit.about)) }
                }
            }
        } }
    }
}

/// Text of the specification, which is Markdown. HTML in it is shown, not used.
fn markdown(text: &str) -> Markup {
    let events = Parser::new(text.trim()).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut rendered = String::new();
    pulldown_cmark::html::push_html(&mut rendered, events);
    PreEscaped(rendered)
}
