//! How an error looks on a transport.

use std::borrow::Cow;

use crate::ApiError;
use crate::binding::{ErrorOverride, KindInfo, OperationInfo};
use crate::present::{HttpReply, JsonText};

/// Finds the value of a variable of a route: a path capture, or a member of a frame's body.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Shows an error over HTTP.
pub fn http_error(info: Option<&OperationInfo>, error: &ApiError, lookup: Lookup<'_>) -> HttpReply {
    let binding = info.and_then(|info| info.http);
    let change = find(binding.map_or(&[], |binding| binding.errors), error);
    let kind = kind_of(error, change);
    if change.is_some_and(|change| change.empty) {
        return HttpReply { status: kind.http, body: Some(Vec::new()), ..HttpReply::default() };
    }
    let def = error.info();
    let title = change.and_then(|change| change.title).or(def.title).unwrap_or(kind.title);
    let text = change.and_then(|change| change.text);
    let description =
        describe(error, text, binding.map_or("", |binding| binding.unavailable), lookup);
    let mut out = JsonText::with_capacity(160);
    out.open(b'{');
    out.member("title");
    out.string(title);
    if let Some(description) = description {
        out.member("description");
        out.string(&description);
    }
    if let Some(link) = def.link {
        out.member("link");
        out.literal(link);
    }
    out.close(b'}');
    HttpReply { status: kind.http, body: Some(out.into_bytes()), ..HttpReply::default() }
}

/// Writes the body of an error for the WebSocket; returns its status.
pub fn websocket_error(
    info: Option<&OperationInfo>,
    error: &ApiError,
    lookup: Lookup<'_>,
    out: &mut JsonText,
) -> u16 {
    let binding = info.and_then(|info| info.websocket);
    let change = find(binding.map_or(&[], |binding| binding.errors), error);
    let kind = kind_of(error, change);
    let unavailable = binding.map_or("", |binding| binding.unavailable);
    let def = error.info();
    out.open(b'{');
    if let Some(alone) = alone(error, def.error) {
        out.member("error");
        out.string(&expand(&alone, error, lookup));
    } else {
        let (exception, second) = match (change, error) {
            (Some(change), _) if change.exception.is_some() || change.error.is_some() => {
                (change.exception.unwrap_or_default(), change.error)
            }
            (_, ApiError::StorageUnavailable { .. }) => {
                ("The store is not available.", Some(unavailable))
            }
            (_, ApiError::Internal) => ("", Some("Unexpected error.")),
            _ => ("", None),
        };
        let first = if exception.is_empty() {
            describe(error, None, unavailable, lookup).unwrap_or_default()
        } else {
            expand(exception, error, lookup)
        };
        out.member("exception");
        out.string(&first);
        out.member("error");
        match second {
            Some(text) => out.string(&expand(text, error, lookup)),
            None => out.literal("null"),
        }
    }
    out.close(b'}');
    kind.websocket
}

fn find<'a>(changes: &'a [ErrorOverride], error: &ApiError) -> Option<&'a ErrorOverride> {
    let info = error.info();
    changes.iter().find(|change| {
        change.error_name == info.name
            || change.error_name.strip_prefix('@').is_some_and(|group| group == info.group)
    })
}

fn kind_of(error: &ApiError, change: Option<&ErrorOverride>) -> &'static KindInfo {
    if let Some(kind) = change.and_then(|change| change.kind) {
        return kind;
    }
    match error {
        ApiError::InputInvalid(explained) => explained.rule.kind,
        ApiError::DocumentTooLarge(large) => large.kind,
        ApiError::CallMisfit(misfit) | ApiError::ValueNotAllowed(misfit) => misfit.kind,
        other => other.info().kind,
    }
}

/// The text that is told as `error` alone, if the error is of that shape.
fn alone(error: &ApiError, fixed: Option<&'static str>) -> Option<Cow<'static, str>> {
    match error {
        ApiError::InputInvalid(explained) if explained.rule.as_error => {
            Some(Cow::Borrowed(explained.rule.text))
        }
        _ => fixed.map(Cow::Borrowed),
    }
}

fn describe(
    error: &ApiError,
    text: Option<&'static str>,
    unavailable: &'static str,
    lookup: Lookup<'_>,
) -> Option<String> {
    if matches!(error, ApiError::StorageUnavailable { .. }) {
        let first = expand(text.unwrap_or(unavailable), error, lookup);
        return Some(format!("{first} Please try again in a few seconds."));
    }
    let template = text.or(match error {
        ApiError::InputInvalid(explained) => Some(explained.rule.text),
        ApiError::LimitExceeded(range) => Some(range.text),
        ApiError::DocumentTooLarge(large) => Some(large.text),
        ApiError::CallMisfit(misfit) | ApiError::ValueNotAllowed(misfit) => Some(misfit.text),
        other => other.info().message,
    })?;
    Some(expand(template, error, lookup))
}

/// Replaces `{name}` by the error's field or the route's variable; doubled braces are literal ones.
fn expand(template: &str, error: &ApiError, lookup: Lookup<'_>) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            text.push_str(&tail[..1]);
            rest = &tail[2..];
            continue;
        }
        let Some(end) = tail.find('}').filter(|_| tail.starts_with('{')) else {
            text.push_str(tail);
            return text;
        };
        let name = &tail[1..end];
        let value = variable(error, name).or_else(|| lookup(name));
        text.push_str(&value.unwrap_or_default());
        rest = &tail[end + 1..];
    }
    text.push_str(rest);
    text
}

fn variable(error: &ApiError, name: &str) -> Option<String> {
    match (error, name) {
        (ApiError::LimitExceeded(range), "minimum") => Some(range.minimum.to_string()),
        (ApiError::LimitExceeded(range), "maximum") => Some(range.maximum.to_string()),
        (ApiError::DocumentTooLarge(large), "maximum") => Some(large.maximum.to_string()),
        (ApiError::InputInvalid(explained), "field") => {
            explained.violation.at.rsplit('/').next().map(str::to_owned)
        }
        (ApiError::InputInvalid(explained), "type") => Some(explained.violation.wanted.clone()),
        _ => error.field(name),
    }
}

#[cfg(test)]
mod tests;
