//! How outcomes and types are shown: every member and every variable exists.

use std::collections::BTreeSet;

use super::texts::template_variables;
use crate::error::SpecError;
use crate::model::{Content, Made, Member, Operation, Spec};
use crate::schema::{Form, Schema, join};

/// Variables that every request over HTTP has.
const OF_THE_REQUEST: [&str; 2] = ["path", "log"];

/// Where a presentation stands and what it may use.
pub(super) struct Shown<'a> {
    pub(super) file: &'a str,
    pub(super) key: String,
    /// The schema whose members are shown.
    pub(super) owner: &'a Schema,
    /// Further variables: those of the path and of the request.
    pub(super) variables: BTreeSet<String>,
    /// Whether links to a next page can be made.
    pub(super) links: bool,
}

impl Shown<'_> {
    fn fault<T>(&self, key: &str, message: impl Into<String>) -> Result<T, SpecError> {
        Err(SpecError::new(self.file, join(&self.key, key), message))
    }

    fn is_field(&self, key: &str, name: &str) -> Result<(), SpecError> {
        if self.owner.properties().contains_key(name) {
            return Ok(());
        }
        self.fault(key, format!("\"{name}\" is not a field of what is shown"))
    }

    pub(super) fn template(&self, key: &str, template: &str, item: bool) -> Result<(), SpecError> {
        for name in template_variables(template) {
            let known = self.owner.properties().contains_key(&name)
                || self.variables.contains(&name)
                || (item && name == "item");
            if !known {
                return self.fault(key, format!("\"{{{name}}}\" stands for nothing here"));
            }
        }
        Ok(())
    }

    pub(super) fn members(&self, key: &str, members: &[Member]) -> Result<(), SpecError> {
        let mut seen = BTreeSet::new();
        for member in members {
            let name = match member {
                Member::Field(name) => {
                    self.is_field(key, name)?;
                    name
                }
                Member::Made(name, made) => {
                    self.made(&join(key, name), made)?;
                    name
                }
            };
            if !seen.insert(name) {
                return self.fault(key, format!("\"{name}\" is shown twice"));
            }
        }
        Ok(())
    }

    fn made(&self, key: &str, made: &Made) -> Result<(), SpecError> {
        match made {
            Made::Null => Ok(()),
            Made::Template(template) => self.template(key, template, false),
            Made::Value(other) => self.is_field(key, &other.value),
            Made::Each(each) => {
                self.is_field(key, &each.each)?;
                if !matches!(self.owner.properties()[&each.each].form, Form::Array { .. }) {
                    return self.fault(key, format!("\"{}\" is not a list", each.each));
                }
                self.template(key, &each.r#as, true)
            }
            Made::Next(next) => {
                if !self.links {
                    return self.fault(key, "only HTTP has links to a next page");
                }
                self.is_field(key, &next.next)?;
                next.force.values().try_for_each(|name| self.is_field(key, name))
            }
        }
    }

    pub(super) fn content(&self, content: &Content) -> Result<(), SpecError> {
        match content {
            Content::Empty | Content::Literal(_) => Ok(()),
            Content::Members(members) => self.members("body", members),
            Content::Payload(name) => self.is_field("payload", name),
            Content::Text(template) => self.template("text", template, false),
            Content::Generated(name) if crate::emit::is_generated(name) => Ok(()),
            Content::Generated(name) => {
                self.fault("generated", format!("\"{name}\" is not a document codegen makes"))
            }
        }
    }
}

/// Checks the outcomes of one operation on both transports.
pub(super) fn check_operation(operation: &Operation) -> Result<(), SpecError> {
    if let Some(binding) = &operation.written.http {
        let mut variables: BTreeSet<String> = binding.variables().map(str::to_owned).collect();
        variables.extend(OF_THE_REQUEST.map(str::to_owned));
        for (name, shown) in &binding.outcomes {
            let Some(owner) = operation.outcomes.get(name) else { continue };
            let key = format!("http.outcomes.{name}");
            let place = Shown {
                file: &operation.file,
                key,
                owner,
                variables: variables.clone(),
                links: true,
            };
            check_status(&place, shown.status)?;
            place.content(&shown.content())?;
            place.template("location", shown.location.as_deref().unwrap_or_default(), false)?;
        }
    }
    if let Some(binding) = &operation.written.websocket {
        for (name, shown) in &binding.outcomes {
            let Some(owner) = operation.outcomes.get(name) else { continue };
            let key = format!("websocket.outcomes.{name}");
            let variables = BTreeSet::new();
            let place = Shown { file: &operation.file, key, owner, variables, links: false };
            check_status(&place, shown.status)?;
            place.content(&shown.content())?;
        }
    }
    Ok(())
}

fn check_status(place: &Shown<'_>, status: u16) -> Result<(), SpecError> {
    if (200..600).contains(&status) {
        return Ok(());
    }
    place.fault("status", format!("{status} is not a status"))
}

/// Checks the views of every type: they may use every variable that a path has, since types are shared.
pub(super) fn check_views(spec: &Spec) -> Result<(), SpecError> {
    let bindings = spec.operations.iter().filter_map(|each| each.written.http.as_ref());
    let of_paths = bindings.flat_map(|binding| binding.variables());
    let variables: BTreeSet<String> = of_paths.chain(OF_THE_REQUEST).map(str::to_owned).collect();
    for (name, def) in &spec.types {
        for (side, members) in &def.views {
            let http = side == "http";
            let place = Shown {
                file: &def.file,
                key: format!("views.{name}"),
                owner: &def.schema,
                variables: if http { variables.clone() } else { BTreeSet::new() },
                links: false,
            };
            if !http && side != "websocket" {
                return place.fault("", format!("\"{side}\" is not a transport"));
            }
            place.members(side, members)?;
        }
    }
    Ok(())
}
