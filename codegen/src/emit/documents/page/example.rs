//! One example of the page, as it looks on each transport.

use maud::{Markup, html};

use crate::model::{Example, HttpExample, Operation, WebSocketExample};

pub(super) fn pair(operation: &Operation, example: &Example) -> Markup {
    html! {
        p { (example.name.replace('_', " ")) span .soft { " → " code { (example.outcome) } } }
        div .pair {
            @if let Some(shown) = &example.http {
                div { span { "HTTP" } pre { code { (http(operation, shown)) } } }
            }
            @if let (Some(shown), Some(binding)) = (&example.websocket, &operation.written.websocket) {
                div { span { "WebSocket" } pre { code { (websocket(&binding.action, shown)) } } }
            }
        }
    }
}

fn http(operation: &Operation, shown: &HttpExample) -> String {
    let mut lines = vec![shown.request.clone()];
    if let Some(body) = &shown.body {
        let given =
            operation.written.http.as_ref().and_then(|binding| binding.media_type.as_deref());
        lines.push(format!("Content-Type: {}", given.unwrap_or("application/json")));
        lines.push(String::new());
        lines.push(format!("{body:#}"));
    }
    lines.push(String::new());
    lines.push(format!("HTTP/1.1 {}", shown.status));
    lines.join("\n")
}

fn websocket(action: &str, shown: &WebSocketExample) -> String {
    let body = shown.body.as_ref().map(|body| format!(", \"body\": {body:#}")).unwrap_or_default();
    let status = shown.status;
    format!(
        "{{\"action\": \"{action}\", \"headers\": {{…}}{body}}}\n\n{{\"request\": {{…}}, \"body\": …, \"headers\": {{\"status\": {status}}}}}"
    )
}
