//! How much work a schema can make, found before it is compiled.
//!
//! A schema of a few lines can make a validator work for hours: by references that double at each step, or by
//! references to itself. So references are followed here once, and counted each time they are used.

use std::collections::HashMap;

use serde_json::Value;

use super::schema::{Problem, problem};

/// Words that change what a reference means, or where it leads, and so are not taken.
const NOT_TAKEN: [&str; 6] =
    ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"];

/// Counts the values of a schema, with those behind references as often as they are referred to.
///
/// # Errors
/// A reference leads out of the schema, nowhere, or in a circle, or a word changes what references mean.
pub(super) fn of(schema: &Value) -> Result<usize, Problem> {
    Count { schema, known: HashMap::new(), open: Vec::new() }.value(schema, "")
}

struct Count<'a> {
    schema: &'a Value,
    /// What is known of targets.
    known: HashMap<&'a str, usize>,
    /// The targets that are being counted.
    open: Vec<&'a str>,
}

impl<'a> Count<'a> {
    fn value(&mut self, value: &'a Value, at: &str) -> Result<usize, Problem> {
        let mut sum = 1_usize;
        match value {
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    sum = sum.saturating_add(self.value(element, &format!("{at}/{index}"))?);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let place = format!("{at}/{name}");
                    sum = sum.saturating_add(self.member(name, member, &place)?);
                }
            }
            _ => {}
        }
        Ok(sum)
    }

    fn member(&mut self, name: &str, member: &'a Value, at: &str) -> Result<usize, Problem> {
        match member {
            Value::String(target) if name == "$ref" => self.target(target, at),
            Value::String(_) | Value::Bool(_) if NOT_TAKEN.contains(&name) => {
                Err(problem(at, format!("{name} is not taken here")))
            }
            _ => self.value(member, at),
        }
    }

    fn target(&mut self, target: &'a str, at: &str) -> Result<usize, Problem> {
        let Some(pointer) = target.strip_prefix('#') else {
            return Err(problem(at, "a reference must stay within the schema, like #/$defs/name"));
        };
        if self.open.contains(&pointer) {
            return Err(problem(at, "a schema may not refer to itself"));
        }
        if let Some(known) = self.known.get(pointer) {
            return Ok(*known);
        }
        let Some(found) = self.schema.pointer(pointer) else {
            return Err(problem(at, "the reference leads nowhere"));
        };
        self.open.push(pointer);
        let count = self.value(found, at)?;
        self.open.pop();
        self.known.insert(pointer, count);
        Ok(count)
    }
}
