//! Texts with variables, cut into parts once, here.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Fixed text.
    Text(String),
    /// The value of a variable.
    Variable(String),
    /// Left out when its variable is absent.
    Optional(Vec<Part>),
}

/// Cuts a text at `{name}` and `[…]`.
pub(crate) fn parts(template: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '[']) {
        let close = if rest.as_bytes()[at] == b'{' { '}' } else { ']' };
        let Some(end) = rest[at..].find(close).map(|end| at + end) else { break };
        // The text form of a list in an error stands in brackets that are meant literally.
        if close == ']' && rest[at + 1..end].starts_with('{') {
            found.push(Part::Text(rest[..=at].to_owned()));
            rest = &rest[at + 1..];
            continue;
        }
        if at > 0 {
            found.push(Part::Text(rest[..at].to_owned()));
        }
        let inner = &rest[at + 1..end];
        found.push(if close == '}' {
            Part::Variable(inner.to_owned())
        } else {
            Part::Optional(parts(inner))
        });
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        found.push(Part::Text(rest.to_owned()));
    }
    found
}
