//! The table from action names to operations, for the server.

use std::collections::BTreeMap;

use super::http_routes::misfit_text;
use super::rust::literal;
use crate::Spec;
use crate::model::{Operation, WebSocketBinding};
use crate::names::{camel, constant};

pub(crate) fn render(spec: &Spec) -> String {
    let mut actions: BTreeMap<&str, Vec<(&Operation, &WebSocketBinding)>> = BTreeMap::new();
    for operation in &spec.operations {
        if let Some(binding) = &operation.written.websocket {
            actions.entry(&binding.action).or_default().push((operation, binding));
        }
    }
    let mut text = String::from(
        "/// Every action of the API.\npub(crate) fn action<A: sukkal_spec::Api + 'static>(name: &str) -> Option<Action<A>> {\nSome(match name {\n",
    );
    for (action, bound) in &actions {
        text.push_str(&format!("{} => {},\n", literal(action), chosen(bound)));
    }
    text.push_str("_ => return None,\n})\n}\n");
    text
}

fn chosen(bound: &[(&Operation, &WebSocketBinding)]) -> String {
    if let [(operation, _)] = bound {
        return format!(
            "Action::One(sukkal_spec::{}_INFO, run::<sukkal_spec::{}, A>)",
            constant(operation.name()),
            camel(operation.name())
        );
    }
    let mut choices = Vec::new();
    let mut owner = String::from("None");
    for (operation, binding) in bound {
        if let Some(when) = &binding.when {
            choices.push(format!(
                "({}, sukkal_spec::{}_INFO, run::<sukkal_spec::{}, A> as Run<A>)",
                literal(&when.has),
                constant(operation.name()),
                camel(operation.name())
            ));
        }
        if let Some(misfit) = &binding.owns_action {
            owner = format!(
                "Some(({}, {}))",
                misfit_text(&misfit.none.kind, &misfit.none.exception),
                misfit_text(&misfit.several.kind, &misfit.several.exception)
            );
        }
    }
    format!("Action::Choice(vec![{}], {owner})", choices.join(", "))
}
