//! A schema that is compiled, and how bodies are checked with it.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::cost;

/// Where something is wrong, as a JSON Pointer, and what.
pub(super) type Problem = (String, String);

/// The longest schema, in bytes of compact JSON.
const MOST_BYTES: usize = 16_384;
/// The most values of a schema, with those behind references as often as they are referred to.
const MOST_VALUES: usize = 1000;
/// The most values of a body times those of the schema: what can be checked in some tenths of a second.
const MOST_WORK: usize = 20_000_000;
/// The size of a compiled pattern, in bytes.
const MOST_PATTERN_BYTES: usize = 262_144;
/// The longest problem that is told, in characters: one may repeat the value it is about.
const MOST_TOLD: usize = 200;

/// A JSON Schema (2020-12) ready to check bodies.
pub(super) struct BodySchema {
    validator: Validator,
    values: usize,
}

pub(super) fn problem(at: impl Into<String>, text: impl Into<String>) -> Problem {
    (at.into(), text.into())
}

impl BodySchema {
    /// Compiles a schema. References lead nowhere but into the schema itself; patterns are of the kind that is
    /// matched in linear time.
    ///
    /// # Errors
    /// It is no schema, or too large.
    pub(super) fn compile(schema: &Value) -> Result<Self, Problem> {
        if !(schema.is_object() || schema.is_boolean()) {
            return Err(problem("", "a schema is an object or a boolean"));
        }
        if schema.to_string().len() > MOST_BYTES {
            let text = format!("the schema is too large: at most {MOST_BYTES} bytes are taken");
            return Err(problem("", text));
        }
        let draft = "https://json-schema.org/draft/2020-12/schema";
        if schema.get("$schema").is_some_and(|named| named != draft) {
            return Err(problem("/$schema", format!("only {draft} is taken")));
        }
        let values = cost::of(schema)?;
        if values > MOST_VALUES {
            let text = format!("the schema is too complex: at most {MOST_VALUES} values are taken");
            return Err(problem("", text));
        }
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex().size_limit(MOST_PATTERN_BYTES));
        let validator = options
            .build(schema)
            .map_err(|error| problem(error.instance_path().to_string(), told(&error)))?;
        Ok(Self { validator, values })
    }

    /// Checks a body.
    ///
    /// # Errors
    /// Where it does not fit first, and why; or that checking it would take too long.
    pub(super) fn check(&self, body: &Value) -> Result<(), Problem> {
        if count(body).saturating_mul(self.values) > MOST_WORK {
            return Err(problem("", "is too large to be checked with the schema of the queue"));
        }
        match self.validator.iter_errors(body).next() {
            None => Ok(()),
            Some(error) => Err(problem(error.instance_path().to_string(), told(&error))),
        }
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

fn told(error: &jsonschema::ValidationError<'_>) -> String {
    let text = error.to_string();
    match text.char_indices().nth(MOST_TOLD) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
