//! Variables in texts: each names something that is there when the text is written.

use crate::emit::{Part, parts};

/// The variables of a text of the presenters: `{name}`, also within `[…]`.
pub(super) fn template_variables(template: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&parts(template), &mut found);
    found
}

fn collect(parts: &[Part], found: &mut Vec<String>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Variable(name) => found.push(name.clone()),
            Part::Optional(inner) => collect(inner, found),
        }
    }
}

/// The variables of an error text: `{name}`; doubled braces are literal ones.
pub(super) fn text_variables(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            rest = &tail[2..];
            continue;
        }
        let Some(end) = tail.find('}').filter(|_| tail.starts_with('{')) else { break };
        found.push(tail[1..end].to_owned());
        rest = &tail[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_variables_within_optional_parts() {
        let found = template_variables("/v2/{queue_name}/{id}[?claim_id={claim_id}]");

        assert_eq!(found, ["queue_name", "id", "claim_id"]);
    }

    #[test]
    fn takes_doubled_braces_for_literal_ones() {
        let found = text_variables("{{'a'}} of {name}: {{}}");

        assert_eq!(found, ["name"]);
    }
}
