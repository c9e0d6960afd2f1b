//! Bindings: every field carried once, every outcome shown, every name known.

use std::collections::BTreeSet;

use super::errors::{check_overrides, check_rules, check_text, known_kind};
use crate::emit::resolved;
use crate::error::SpecError;
use crate::model::{HttpBinding, MaxBody, Operation, Spec, WebSocketBinding};
use crate::schema::Form;

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

pub(super) fn check_operation(spec: &Spec, operation: &Operation) -> Result<(), SpecError> {
    let place = Place { spec, operation };
    if let Some(binding) = &operation.written.http {
        place.http_fields(binding)?;
        place.http_rest(binding)?;
    }
    if let Some(binding) = &operation.written.websocket {
        place.websocket(binding)?;
    }
    if operation.written.http.is_none() && operation.written.websocket.is_none() {
        return place.fault("http", "an operation needs at least one binding");
    }
    Ok(())
}

struct Place<'a> {
    spec: &'a Spec,
    operation: &'a Operation,
}

impl Place<'_> {
    fn fault<T>(&self, key: impl Into<String>, message: impl Into<String>) -> Result<T, SpecError> {
        Err(SpecError::new(&self.operation.file, key, message))
    }

    /// Refuses a name that is not an input field.
    fn is_field(&self, key: &str, name: &str) -> Result<(), SpecError> {
        if self.operation.fields().contains_key(name) {
            return Ok(());
        }
        self.fault(key, format!("\"{name}\" is not an input field"))
    }

    fn http_fields(&self, binding: &HttpBinding) -> Result<(), SpecError> {
        let mut carried: Vec<(&str, &str)> = Vec::new();
        carried.extend(binding.variables().map(|name| ("http.path", name)));
        carried.extend(binding.query.iter().map(|each| ("http.query", each.field())));
        carried.extend(binding.query_rest.iter().map(|each| ("http.query_rest", each.as_str())));
        carried.extend(binding.body.iter().map(|each| ("http.body", each.as_str())));
        carried.extend(binding.payload.iter().map(|each| ("http.payload", each.as_str())));
        carried.extend(binding.unbound.iter().map(|each| ("http.unbound", each.as_str())));
        let mut seen = BTreeSet::new();
        for (key, name) in &carried {
            self.is_field(key, name)?;
            if !seen.insert(*name) {
                return self.fault(*key, format!("\"{name}\" is bound twice"));
            }
            self.is_carried(key, name)?;
        }
        let mut fields = self.operation.fields().keys();
        match fields.find(|name| !seen.contains(name.as_str())) {
            Some(name) => self.fault("http", format!("input field \"{name}\" is not bound")),
            None => self.unbound("http.unbound", &binding.unbound),
        }
    }

    /// A field that a binding leaves out must have a value without it.
    fn unbound(&self, key: &str, names: &[String]) -> Result<(), SpecError> {
        match names.iter().find(|name| self.operation.input.requires(name)) {
            Some(name) => self.fault(key, format!("\"{name}\" is required")),
            None => Ok(()),
        }
    }

    /// Refuses a field whose type does not fit where it is carried.
    fn is_carried(&self, key: &str, name: &str) -> Result<(), SpecError> {
        let form = |name: &str| &resolved(self.spec, &self.operation.fields()[name]).form;
        let fits = match (key, form(name)) {
            ("http.path", Form::String { .. }) | ("http.query_rest", Form::Map) => true,
            ("http.path" | "http.query_rest", _) => false,
            ("http.query", Form::Array { items, .. }) => {
                matches!(resolved(self.spec, items).form, Form::String { .. })
            }
            ("http.query", form) => {
                matches!(form, Form::String { .. } | Form::Integer { .. } | Form::Boolean)
            }
            _ => true,
        };
        if fits {
            Ok(())
        } else {
            self.fault(key, format!("\"{name}\" has a type that cannot stand there"))
        }
    }

    fn http_rest(&self, binding: &HttpBinding) -> Result<(), SpecError> {
        if !METHODS.contains(&binding.method.as_str()) {
            return self.fault("http.method", format!("\"{}\" is not a method", binding.method));
        }
        if !binding.path.starts_with('/') {
            return self.fault("http.path", "must begin with a slash");
        }
        if binding.payload.is_some() && !binding.body.is_empty() {
            return self.fault("http.payload", "excludes \"body\"");
        }
        let mut wires = BTreeSet::new();
        if let Some(twice) = binding.query.iter().find(|each| !wires.insert(each.wire())) {
            return self
                .fault("http.query", format!("parameter \"{}\" is used twice", twice.wire()));
        }
        if let Some(name) = binding.body_requires.iter().find(|name| !binding.body.contains(name)) {
            return self.fault("http.body_requires", format!("\"{name}\" is not in \"body\""));
        }
        if binding.closed && binding.body.is_empty() {
            return self.fault("http.closed", "is for routes that carry fields in \"body\"");
        }
        for (name, allowed) in &binding.allowed {
            let key = format!("http.allowed.{name}");
            self.is_field(&key, name)?;
            known_kind(self.spec, &self.operation.file, &format!("{key}.kind"), &allowed.kind)?;
        }
        if let Some(when) = &binding.when {
            self.is_field("http.when.has", &when.has)?;
            if !binding.query.iter().any(|each| each.field() == when.has) {
                return self
                    .fault("http.when.has", format!("\"{}\" is not in \"query\"", when.has));
            }
        }
        if let Some(misfit) = &binding.owns_path {
            self.misfit("http.owns_path", [&misfit.none.kind, &misfit.several.kind])?;
        }
        let shown: Vec<(&String, usize)> =
            binding.outcomes.iter().map(|(name, shown)| (name, shown.content_keys())).collect();
        self.outcomes("http", &shown, 0)?;
        self.texts("http", binding.unavailable.as_deref(), binding.max_body.as_ref())?;
        self.rules("http.refusals", &binding.refusals)?;
        check_overrides(self.spec, self.operation, "http", binding.errors.iter())
    }

    fn websocket(&self, binding: &WebSocketBinding) -> Result<(), SpecError> {
        for name in &binding.unbound {
            self.is_field("websocket.unbound", name)?;
        }
        self.unbound("websocket.unbound", &binding.unbound)?;
        if let Some(when) = &binding.when {
            self.is_field("websocket.when.has", &when.has)?;
        }
        if let Some(misfit) = &binding.owns_action {
            self.misfit("websocket.owns_action", [&misfit.none.kind, &misfit.several.kind])?;
        }
        let shown: Vec<(&String, usize)> =
            binding.outcomes.iter().map(|(name, shown)| (name, shown.content_keys())).collect();
        self.outcomes("websocket", &shown, 1)?;
        self.texts("websocket", binding.unavailable.as_deref(), binding.max_body.as_ref())?;
        self.rules("websocket.refusals", &binding.refusals)?;
        check_overrides(self.spec, self.operation, "websocket", binding.errors.iter())
    }

    /// Every outcome is shown, with at least so many kinds of body and at most one.
    fn outcomes(
        &self,
        side: &str,
        shown: &[(&String, usize)],
        least: usize,
    ) -> Result<(), SpecError> {
        let key = format!("{side}.outcomes");
        for name in self.operation.outcomes.keys() {
            match shown.iter().find(|(each, _)| *each == name) {
                None => return self.fault(key, format!("outcome \"{name}\" is missing")),
                Some((_, kinds)) if *kinds > 1 => {
                    return self.fault(format!("{key}.{name}"), "has several kinds of body");
                }
                Some((_, kinds)) if *kinds < least => {
                    return self.fault(format!("{key}.{name}"), "needs one kind of body");
                }
                Some(_) => {}
            }
        }
        match shown.iter().find(|(name, _)| !self.operation.outcomes.contains_key(*name)) {
            None => Ok(()),
            Some((name, _)) => self.fault(key, format!("\"{name}\" is not an outcome")),
        }
    }

    fn misfit(&self, key: &str, kinds: [&String; 2]) -> Result<(), SpecError> {
        let [none, several] = kinds;
        known_kind(self.spec, &self.operation.file, &format!("{key}.none.kind"), none)?;
        known_kind(self.spec, &self.operation.file, &format!("{key}.several.kind"), several)
    }

    fn rules(&self, key: &str, rules: &[crate::model::Refusal]) -> Result<(), SpecError> {
        let is_field = |name: &str| self.operation.fields().contains_key(name);
        check_rules(self.spec, &self.operation.file, key, rules, &is_field)
    }

    fn texts(
        &self,
        side: &str,
        unavailable: Option<&str>,
        max: Option<&MaxBody>,
    ) -> Result<(), SpecError> {
        let file = &self.operation.file;
        let is_field = |name: &str| self.operation.fields().contains_key(name);
        let key = format!("{side}.unavailable");
        check_text(file, &key, unavailable.unwrap_or_default(), is_field)?;
        let listed = self.operation.written.errors.iter().any(|name| name == "storage_unavailable");
        let silent = self.operation.written.http.as_ref().is_some_and(|binding| {
            binding.errors.get("storage_unavailable").is_some_and(|change| change.empty)
        });
        if listed && unavailable.is_none() && !silent {
            return self.fault(key, "is missing, though \"errors\" lists \"storage_unavailable\"");
        }
        let Some(max) = max else { return Ok(()) };
        if !self.spec.limits.contains_key(&max.limit) {
            let key = format!("{side}.max_body.limit");
            return self.fault(key, format!("\"{}\" is not a limit", max.limit));
        }
        known_kind(self.spec, file, &format!("{side}.max_body.kind"), &max.kind)?;
        check_text(file, &format!("{side}.max_body.text"), &max.text, |name| name == "maximum")
    }
}
