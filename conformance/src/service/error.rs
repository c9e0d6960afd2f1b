//! What an error must look like on a transport.

use sukkal_spec::binding::{ErrorInfo, ErrorOverride, KindInfo, OperationInfo, RefusalRule};
use sukkal_spec::{ERRORS, HTTP_REFUSALS, WEBSOCKET_REFUSALS};

use super::Transport;

/// How one error of one operation is told.
pub(super) struct Telling {
    /// The statuses that are right.
    pub(super) statuses: Vec<u16>,
    /// The titles that are right; HTTP only.
    pub(super) titles: Vec<&'static str>,
    /// The texts that are right, with variables; none if the tables do not say.
    pub(super) texts: Vec<&'static str>,
    /// Whether the answer has no body.
    pub(super) empty: bool,
}

/// Looks an error up; panics if there is no error of that name.
pub(super) fn telling(info: &OperationInfo, transport: Transport, name: &str) -> Telling {
    let Some(error) = ERRORS.iter().find(|error| error.name == name) else {
        panic!("there is no error \"{name}\"")
    };
    let http = transport == Transport::Http;
    let change = overrides(info, http).iter().find(|change| {
        change.error_name == name
            || change.error_name.strip_prefix('@').is_some_and(|group| group == error.group)
    });
    let rules: Vec<(&'static KindInfo, &'static str)> = match name {
        "input_invalid" => refusals(info, http).map(|rule| (rule.kind, rule.text)).collect(),
        "document_too_large" => max_body(info, http),
        "value_not_allowed" => info
            .http
            .map_or(&[][..], |binding| binding.allowed)
            .iter()
            .map(|allowed| (allowed.kind, allowed.text))
            .collect(),
        _ => Vec::new(),
    };
    let kind = change.and_then(|change| change.kind).unwrap_or(error.kind);
    let kinds: Vec<_> =
        if rules.is_empty() { vec![kind] } else { rules.iter().map(|(kind, _)| *kind).collect() };
    let title = change.and_then(|change| change.title).or(error.title);
    Telling {
        statuses: kinds.iter().map(|kind| if http { kind.http } else { kind.websocket }).collect(),
        titles: kinds.iter().map(|kind| title.unwrap_or(kind.title)).collect(),
        texts: if rules.is_empty() {
            texts(error, change, http)
        } else {
            rules.into_iter().map(|(_, text)| text).collect()
        },
        empty: change.is_some_and(|change| change.empty),
    }
}

fn texts(error: &ErrorInfo, change: Option<&ErrorOverride>, http: bool) -> Vec<&'static str> {
    let changed: Vec<_> = if http {
        change.and_then(|change| change.text).into_iter().collect()
    } else {
        let pair = change.map(|change| [change.exception, change.error]);
        pair.into_iter().flatten().flatten().collect()
    };
    if !changed.is_empty() {
        return changed;
    }
    let alone = if http { None } else { error.error };
    alone.or(error.message).or(error.error).into_iter().collect()
}

fn overrides(info: &OperationInfo, http: bool) -> &'static [ErrorOverride] {
    if http {
        info.http.map_or(&[], |binding| binding.errors)
    } else {
        info.websocket.map_or(&[], |binding| binding.errors)
    }
}

fn refusals(info: &OperationInfo, http: bool) -> impl Iterator<Item = &'static RefusalRule> {
    let (own, all) = if http {
        (info.http.map_or(&[][..], |binding| binding.refusals), HTTP_REFUSALS)
    } else {
        (info.websocket.map_or(&[][..], |binding| binding.refusals), WEBSOCKET_REFUSALS)
    };
    own.iter().chain(all)
}

fn max_body(info: &OperationInfo, http: bool) -> Vec<(&'static KindInfo, &'static str)> {
    let bound = if http {
        info.http.and_then(|binding| binding.max_body.as_ref())
    } else {
        info.websocket.and_then(|binding| binding.max_body.as_ref())
    };
    bound.map(|bound| (bound.kind, bound.text)).into_iter().collect()
}

/// Whether a text is what a template says, with anything for its variables.
pub(super) fn says(template: &str, text: &str) -> bool {
    let mut literals = vec![String::new()];
    let mut letters = template.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                if let Some(last) = literals.last_mut() {
                    last.push(letter);
                }
            }
            '{' => {
                while letters.next().is_some_and(|letter| letter != '}') {}
                literals.push(String::new());
            }
            other => {
                if let Some(last) = literals.last_mut() {
                    last.push(other);
                }
            }
        }
    }
    let Some((last, first)) = literals.split_last() else { return false };
    if first.is_empty() {
        return text == last;
    }
    let Some(mut rest) = text.strip_prefix(first[0].as_str()) else { return false };
    for literal in &first[1..] {
        let Some(at) = rest.find(literal.as_str()) else { return false };
        rest = &rest[at + literal.len()..];
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_match_anything_and_the_rest_nothing_else() {
        assert!(says("Queue {queue_name} is {{gone}}.", "Queue jobs is {gone}."));
        assert!(says("{problem}", "whatever"));
        assert!(says("plain", "plain"));
        assert!(!says("plain", "plainer"));
        assert!(!says("Queue {queue_name} does not exist", "Queue jobs does exist"));
        assert!(!says("a {b} c", "a c"));
    }
}
