//! Texts with placeholders: filling them for a request, matching them against a response.

use std::collections::BTreeMap;

use serde_json::Value;

use super::placeholder::{Form, Placeholder};

/// The values of the scenario so far, by placeholder name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bindings(BTreeMap<String, String>);

/// A name that has no value yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unbound(pub(super) String);

/// A text cut into literal parts and placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Hole(Placeholder),
}

/// A placeholder nobody described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown placeholder ${{{0}}}")]
pub struct UnknownPlaceholder(String);

impl Bindings {
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Replaces the placeholders of a text by their values.
    pub(super) fn fill(&self, text: &str) -> Result<String, Unbound> {
        let template = Template::parse(text).map_err(|UnknownPlaceholder(name)| Unbound(name))?;
        template.0.iter().map(|segment| self.fill_segment(segment)).collect()
    }

    /// Replaces the placeholders in every text and member name of a JSON value.
    pub(super) fn fill_value(&self, value: &Value) -> Result<Value, Unbound> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(items) => Value::Array(
                items.iter().map(|item| self.fill_value(item)).collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => {
                let fill = |(name, value): (&String, &Value)| {
                    Ok((self.fill(name)?, self.fill_value(value)?))
                };
                Value::Object(members.iter().map(fill).collect::<Result<_, Unbound>>()?)
            }
            plain => plain.clone(),
        })
    }

    fn fill_segment(&self, segment: &Segment) -> Result<String, Unbound> {
        match segment {
            Segment::Literal(text) => Ok(text.clone()),
            Segment::Hole(Placeholder::Given(name) | Placeholder::Named(name, _)) => {
                self.get(name).map(str::to_owned).ok_or_else(|| Unbound(name.clone()))
            }
            Segment::Hole(Placeholder::Free(form)) => {
                Err(Unbound(format!("{form:?}").to_lowercase()))
            }
        }
    }
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, UnknownPlaceholder> {
        let mut segments = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else { break };
            let name = &rest[start + 2..start + length];
            let hole =
                Placeholder::parse(name).ok_or_else(|| UnknownPlaceholder(name.to_owned()))?;
            if start > 0 {
                segments.push(Segment::Literal(rest[..start].to_owned()));
            }
            segments.push(Segment::Hole(hole));
            rest = &rest[start + length + 1..];
        }
        if !rest.is_empty() {
            segments.push(Segment::Literal(rest.to_owned()));
        }
        Ok(Self(segments))
    }

    /// Whether a text is as described. New names are bound only if it is.
    pub(super) fn matches(&self, text: &str, bindings: &mut Bindings) -> bool {
        let mut attempt = bindings.clone();
        let matched = match_segments(&self.0, text, &mut attempt);
        if matched {
            *bindings = attempt;
        }
        matched
    }

    /// Whether a JSON value other than a text is as described: only a lone placeholder can be.
    pub(super) fn matches_value(&self, value: &Value, bindings: &mut Bindings) -> bool {
        match (self.0.as_slice(), value) {
            ([Segment::Hole(Placeholder::Free(form))], value) => form.accepts_value(value),
            (_, Value::String(text)) => self.matches(text, bindings),
            _ => false,
        }
    }
}

/// Fails on the first unknown placeholder anywhere in a JSON value.
pub(super) fn check_placeholders(value: &Value) -> Result<(), UnknownPlaceholder> {
    match value {
        Value::String(text) => Template::parse(text).map(drop),
        Value::Array(items) => items.iter().try_for_each(check_placeholders),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            Template::parse(name)?;
            check_placeholders(value)
        }),
        _ => Ok(()),
    }
}

fn match_segments(segments: &[Segment], text: &str, bindings: &mut Bindings) -> bool {
    let Some((first, later)) = segments.split_first() else { return text.is_empty() };
    match first {
        Segment::Literal(literal) => text
            .strip_prefix(literal.as_str())
            .is_some_and(|rest| match_segments(later, rest, bindings)),
        Segment::Hole(Placeholder::Given(name)) => match bindings.get(name) {
            Some(value) => match text.strip_prefix(value) {
                Some(rest) => match_segments(later, rest, bindings),
                None => false,
            },
            None => false,
        },
        Segment::Hole(Placeholder::Named(name, form)) => match bindings.get(name) {
            Some(value) => match text.strip_prefix(value) {
                Some(rest) => match_segments(later, rest, bindings),
                None => false,
            },
            None => match_hole(*form, Some(name), later, text, bindings),
        },
        Segment::Hole(Placeholder::Free(form)) => match_hole(*form, None, later, text, bindings),
    }
}

/// Tries the longest value first, so that `${id1},${id2}` splits at the comma.
fn match_hole(
    form: Form,
    name: Option<&str>,
    later: &[Segment],
    text: &str,
    bindings: &mut Bindings,
) -> bool {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let next_literal = match later.first() {
        Some(Segment::Literal(literal)) => Some(literal.as_str()),
        _ => None,
    };
    let candidates: Vec<usize> = ends
        .filter(|end| match (next_literal, later.is_empty()) {
            (Some(literal), _) => text[*end..].starts_with(literal),
            (None, true) => *end == text.len(),
            (None, false) => true,
        })
        .collect();
    candidates.into_iter().rev().any(|end| {
        let (value, rest) = text.split_at(end);
        if !form.accepts_text(value) {
            return false;
        }
        let mut attempt = bindings.clone();
        if let Some(name) = name {
            attempt.set(name, value);
        }
        let matched = match_segments(later, rest, &mut attempt);
        if matched {
            *bindings = attempt;
        }
        matched
    })
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
