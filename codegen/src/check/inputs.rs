//! Inputs: only what decoders can be made for, and defaults that fit.

use std::collections::BTreeSet;

use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::schemas::{defs, localized};
use crate::emit::{is_structure, resolved};
use crate::error::SpecError;
use crate::model::{Operation, Spec};
use crate::schema::{Default, Form, Schema, join};

pub(super) fn check_operation(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    let mut seen = BTreeSet::new();
    let place = Place { spec, file: &operation.file };
    for (name, schema) in operation.fields() {
        let written = &operation.written.input["properties"][name];
        place.nullable(&format!("input.properties.{name}"), &operation.input, name)?;
        place.field(&format!("input.properties.{name}"), schema, written, &mut seen)?;
    }
    Ok(())
}

struct Place<'a> {
    spec: &'a Spec,
    file: &'a str,
}

impl<'a> Place<'a> {
    fn fault<T>(&self, key: impl Into<String>, message: impl Into<String>) -> Result<T, SpecError> {
        Err(SpecError::new(self.file, key, message))
    }

    /// A null stands for a member that is absent, so it cannot stand for one that must be there.
    fn nullable(&self, key: &str, owner: &Schema, name: &str) -> Result<(), SpecError> {
        let nullable = owner.properties().get(name).is_some_and(|schema| schema.nullable);
        if nullable && owner.requires(name) {
            return self.fault(key, "is required, so it cannot be null");
        }
        Ok(())
    }

    fn field(
        &self,
        key: &str,
        schema: &'a Schema,
        written: &Value,
        seen: &mut BTreeSet<&'a str>,
    ) -> Result<(), SpecError> {
        let target = resolved(self.spec, schema);
        if target.nullable && !schema.nullable {
            return self.fault(key, "a type that an input names cannot be null");
        }
        let raw = schema.raw || target.raw;
        match &target.form {
            Form::Object { .. } if !raw => {
                return self.fault(key, "an object in an input is a type of its own, or \"x-raw\"");
            }
            Form::Object { .. } | Form::Any => {}
            _ if raw => return self.fault(key, "\"x-raw\" is for objects and any JSON"),
            Form::Array { items, .. } => {
                if items.nullable {
                    return self.fault(join(key, "items"), "an element cannot be null");
                }
                self.field(&join(key, "items"), items, &written["items"], seen)?;
            }
            Form::Ref(name) => self.structure(name, seen)?,
            _ => {}
        }
        match &schema.default {
            None => Ok(()),
            Some(Default::Limit(_)) if !matches!(target.form, Form::Integer { .. }) => {
                self.fault(join(key, "x-default"), "is for integers")
            }
            Some(Default::Limit(_)) => Ok(()),
            Some(Default::Constant(_)) if matches!(target.form, Form::Ref(_)) => {
                self.fault(join(key, "default"), "a structure has none")
            }
            Some(Default::Constant(value)) => self.default_fits(key, written, value),
        }
    }

    fn structure(&self, name: &'a str, seen: &mut BTreeSet<&'a str>) -> Result<(), SpecError> {
        let Some(def) = self.spec.types.get(name).filter(|def| is_structure(&def.schema)) else {
            return Ok(());
        };
        if !seen.insert(name) {
            return Ok(());
        }
        let place = Place { spec: self.spec, file: &def.file };
        for (member, schema) in def.schema.properties() {
            let written = &def.written["properties"][member];
            place.nullable(&format!("{name}.properties.{member}"), &def.schema, member)?;
            place.field(&format!("{name}.properties.{member}"), schema, written, seen)?;
        }
        Ok(())
    }

    fn default_fits(&self, key: &str, written: &Value, value: &Value) -> Result<(), SpecError> {
        let mut named = BTreeSet::new();
        let mut schema = Map::new();
        schema.insert("allOf".to_owned(), json!([localized(written, &mut named)]));
        schema.insert("$defs".to_owned(), Value::Object(defs(self.spec, named)));
        let built =
            jsonschema::options().with_draft(Draft::Draft202012).build(&Value::Object(schema));
        match built
            .ok()
            .and_then(|validator| validator.validate(value).err().map(|e| e.to_string()))
        {
            None => Ok(()),
            Some(message) => self.fault(join(key, "default"), message),
        }
    }
}
