//! When two JSON values count as equal: members in any order, placeholders, arrays without an order, and
//! error texts that may differ.

use serde::Serialize;
use serde_json::{Map, Value};

use super::href;
use super::template::{Bindings, Template};

/// Arrays whose elements may come in any order, by the name of the member that holds them.
const UNORDERED: [&str; 3] = ["subscriptions", "pool_list", "capabilities"];
/// Members whose query parameters may come in any order.
const LINKS: [&str; 2] = ["href", "location"];
/// Members of an error body whose wording is free.
const TEXTS: [&str; 4] = ["title", "description", "error", "exception"];
/// Bounds the search for an order of an unordered array.
const MAX_ATTEMPTS: usize = 10_000;

/// Compares one answer, collecting bindings and the error texts seen.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    pub(super) bindings: Bindings,
    pub(super) texts: Texts,
}

/// How the error texts of one exchange compare.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Texts {
    /// How many texts were compared.
    pub compared: usize,
    /// Those that differ.
    pub different: Vec<Difference>,
}

/// The first place where an answer is not as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where, like `body/messages/0/ttl`.
    pub place: String,
    pub expected: Value,
    pub got: Value,
}

impl Comparison {
    pub(super) fn new(bindings: &Bindings) -> Self {
        Self { bindings: bindings.clone(), texts: Texts::default() }
    }

    /// Compares the body of an error, whose texts may differ.
    pub(super) fn error_body(
        &mut self,
        place: &str,
        expected: &Value,
        got: &Value,
    ) -> Result<(), Box<Difference>> {
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                self.object(place, expected, got, true)
            }
            _ => self.value(place, expected, got),
        }
    }

    /// Compares a text that may differ; anything but two texts is compared as usual.
    pub(super) fn text(
        &mut self,
        place: &str,
        expected: &Value,
        got: &Value,
    ) -> Result<(), Box<Difference>> {
        let (Value::String(template), Value::String(text)) = (expected, got) else {
            return self.value(place, expected, got);
        };
        self.texts.compared += 1;
        if !self.matches(template, text) {
            self.texts.different.push(*Difference::at(place, expected, got));
        }
        Ok(())
    }

    /// Compares any value.
    pub(super) fn value(
        &mut self,
        place: &str,
        expected: &Value,
        got: &Value,
    ) -> Result<(), Box<Difference>> {
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                self.object(place, expected, got, false)
            }
            (Value::Array(expected), Value::Array(got)) => self.array(place, expected, got),
            (Value::String(template), got) => {
                let is_equal = Template::parse(template)
                    .is_ok_and(|template| template.matches_value(got, &mut self.bindings));
                if is_equal { Ok(()) } else { Err(Difference::at(place, expected, got)) }
            }
            (Value::Number(_), Value::Number(_)) if is_same_number(expected, got) => Ok(()),
            (expected, got) if expected == got => Ok(()),
            _ => Err(Difference::at(place, expected, got)),
        }
    }

    /// Compares a link: order of query parameters free.
    pub(super) fn link(
        &mut self,
        place: &str,
        expected: &Value,
        got: &Value,
    ) -> Result<(), Box<Difference>> {
        match (expected, got) {
            (Value::String(template), Value::String(text)) => {
                if href::matches(template, text, &mut self.bindings) {
                    Ok(())
                } else {
                    Err(Difference::at(place, expected, got))
                }
            }
            _ => self.value(place, expected, got),
        }
    }

    fn matches(&mut self, template: &str, text: &str) -> bool {
        Template::parse(template).is_ok_and(|template| template.matches(text, &mut self.bindings))
    }

    fn object(
        &mut self,
        place: &str,
        expected: &Map<String, Value>,
        got: &Map<String, Value>,
        are_texts_free: bool,
    ) -> Result<(), Box<Difference>> {
        for (name, value) in got {
            if !expected.contains_key(name) {
                return Err(Difference::unexpected(&format!("{place}/{name}"), value));
            }
        }
        for (name, expected) in expected {
            let place = format!("{place}/{name}");
            let got = got.get(name).ok_or_else(|| Difference::missing(&place, expected))?;
            match name.as_str() {
                text if are_texts_free && TEXTS.contains(&text) => {
                    self.text(&place, expected, got)?;
                }
                link if LINKS.contains(&link) => self.link(&place, expected, got)?,
                list if UNORDERED.contains(&list) => self.unordered(&place, expected, got)?,
                _ => self.value(&place, expected, got)?,
            }
        }
        Ok(())
    }

    fn array(
        &mut self,
        place: &str,
        expected: &[Value],
        got: &[Value],
    ) -> Result<(), Box<Difference>> {
        if expected.len() != got.len() {
            return Err(wrong_length(place, expected, got));
        }
        let pairs = expected.iter().zip(got).enumerate();
        pairs.into_iter().try_for_each(|(at, (expected, got))| {
            self.value(&format!("{place}/{at}"), expected, got)
        })
    }

    fn unordered(
        &mut self,
        place: &str,
        expected: &Value,
        got: &Value,
    ) -> Result<(), Box<Difference>> {
        let (Value::Array(wanted), Value::Array(found)) = (expected, got) else {
            return self.value(place, expected, got);
        };
        if wanted.len() != found.len() {
            return Err(wrong_length(place, wanted, found));
        }
        match Search::new(place, wanted, found, self).and_then(|mut search| search.from(0, self)) {
            Some(fitting) => {
                *self = fitting;
                Ok(())
            }
            None => Err(Difference::at(&format!("{place} (in any order)"), expected, got)),
        }
    }
}

/// Looks for an order of the elements found in which each equals the one wanted.
struct Search<'a> {
    place: &'a str,
    wanted: &'a [Value],
    found: &'a [Value],
    /// For each wanted element, the found ones it equals as long as no other is chosen.
    candidates: Vec<Vec<usize>>,
    used: Vec<bool>,
    attempts: usize,
}

impl<'a> Search<'a> {
    /// `None` if some element has no counterpart at all.
    fn new(
        place: &'a str,
        wanted: &'a [Value],
        found: &'a [Value],
        so_far: &Comparison,
    ) -> Option<Self> {
        let fits = |wanted, found| so_far.clone().value(place, wanted, found).is_ok();
        let candidates: Vec<Vec<usize>> = wanted
            .iter()
            .map(|wanted| (0..found.len()).filter(|at| fits(wanted, &found[*at])).collect())
            .collect();
        let has_counterpart = |at: usize| candidates.iter().any(|of_one| of_one.contains(&at));
        if candidates.iter().any(Vec::is_empty) || !(0..found.len()).all(has_counterpart) {
            return None;
        }
        Some(Self { place, wanted, found, candidates, used: vec![false; found.len()], attempts: 0 })
    }

    fn from(&mut self, at: usize, so_far: &Comparison) -> Option<Comparison> {
        let Some(wanted) = self.wanted.get(at) else { return Some(so_far.clone()) };
        for candidate in self.candidates[at].clone() {
            if self.used[candidate] || self.attempts >= MAX_ATTEMPTS {
                continue;
            }
            self.attempts += 1;
            let mut attempt = so_far.clone();
            if attempt.value(self.place, wanted, &self.found[candidate]).is_err() {
                continue;
            }
            self.used[candidate] = true;
            if let Some(fitting) = self.from(at + 1, &attempt) {
                return Some(fitting);
            }
            self.used[candidate] = false;
        }
        None
    }
}

impl Difference {
    pub(super) fn at(place: &str, expected: &Value, got: &Value) -> Box<Self> {
        Box::new(Self { place: place.to_owned(), expected: expected.clone(), got: got.clone() })
    }

    fn missing(place: &str, expected: &Value) -> Box<Self> {
        Self::at(&format!("{place} (missing)"), expected, &Value::Null)
    }

    fn unexpected(place: &str, got: &Value) -> Box<Self> {
        Self::at(&format!("{place} (not expected)"), &Value::Null, got)
    }
}

fn wrong_length(place: &str, expected: &[Value], got: &[Value]) -> Box<Difference> {
    let place = format!("{place} ({} elements instead of {})", got.len(), expected.len());
    Difference::at(&place, &Value::from(expected), &Value::from(got))
}

/// Integers equal integers and fractions equal fractions: `60.0` is another thing to a client than `60`.
fn is_same_number(expected: &Value, got: &Value) -> bool {
    expected.is_f64() == got.is_f64()
        && (expected == got || (expected.is_f64() && expected.as_f64() == got.as_f64()))
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
