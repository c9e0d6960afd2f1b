//! The static tables of bindings.

use indexmap::IndexMap;

use super::rust::{list, literal, option, resolved};
use crate::Spec;
use crate::model::{
    ErrorOverride, HttpBinding, MaxBody, Operation, Refusal, WebSocketBinding, Who,
};
use crate::names::constant;
use crate::schema::Form;

pub(crate) fn render(spec: &Spec) -> String {
    let mut text = String::from(
        "use crate::binding::{Allowed, BodyShape, ErrorOverride, HttpBinding, MaxBody, OperationInfo, OutcomeInfo, QueryField, QueryKind, RefusalRule, WebSocketBinding, Who};\n\n",
    );
    text.push_str(&format!(
        "/// What refusals say over HTTP where an operation has no rule of its own.\npub const HTTP_REFUSALS: &[RefusalRule] = &{};\n\n",
        refusals(&spec.refusals.http)
    ));
    text.push_str(&format!(
        "/// What refusals say over the WebSocket where an operation has no rule of its own.\npub const WEBSOCKET_REFUSALS: &[RefusalRule] = &{};\n\n",
        refusals(&spec.refusals.websocket)
    ));
    text.push_str(&format!(
        "/// The flags of the configuration that decide which operations exist.\npub const SWITCHES: &[&str] = {};\n\n",
        list(spec.access.switches.keys())
    ));
    for operation in &spec.operations {
        text.push_str(&info(spec, operation));
    }
    text.push_str("/// Every operation, sorted by resource and name.\npub const OPERATIONS: &[&OperationInfo] = &[\n");
    for operation in &spec.operations {
        text.push_str(&format!("{}_INFO,\n", constant(operation.name())));
    }
    text.push_str("];\n\n");
    text
}

fn kind(name: &str) -> String {
    format!("kinds::{}", constant(name))
}

fn kind_option(name: Option<&str>) -> String {
    name.map_or_else(|| "None".to_owned(), |name| format!("Some({})", kind(name)))
}

fn refusals(rules: &[Refusal]) -> String {
    let inner: Vec<String> = rules
        .iter()
        .map(|rule| {
            let text = rule.error.as_ref().or(rule.exception.as_ref()).or(rule.text.as_ref());
            format!(
                "RefusalRule {{ at: {}, keyword: {}, kind: {}, text: {}, as_error: {} }}",
                literal(&rule.at),
                literal(&rule.keyword),
                kind(&rule.kind),
                literal(text.map_or("", String::as_str)),
                rule.error.is_some()
            )
        })
        .collect();
    format!("[{}]", inner.join(",\n"))
}

fn overrides(changes: &IndexMap<String, ErrorOverride>) -> String {
    let inner: Vec<String> = changes
        .iter()
        .map(|(name, change)| {
            format!(
                "ErrorOverride {{ error_name: {}, kind: {}, title: {}, text: {}, exception: {}, error: {}, empty: {} }}",
                literal(name),
                kind_option(change.kind.as_deref()),
                option(change.title.as_deref()),
                option(change.text.as_deref()),
                option(change.exception.as_deref()),
                option(change.error.as_deref()),
                change.empty
            )
        })
        .collect();
    format!("&[{}]", inner.join(",\n"))
}

fn max_body(spec: &Spec, max: Option<&MaxBody>) -> String {
    let Some(max) = max else { return "None".to_owned() };
    let bound = spec.limits.get(&max.limit).and_then(|limit| limit.maximum.as_ref());
    format!(
        "Some(MaxBody {{ limit: |limits| {}, kind: {}, text: {} }})",
        super::limits::value(bound, "{ let _ = limits; i64::MAX }"),
        kind(&max.kind),
        literal(&max.text)
    )
}

fn query(spec: &Spec, operation: &Operation, binding: &HttpBinding) -> String {
    let inner: Vec<String> = binding
        .query
        .iter()
        .map(|each| {
            let form =
                operation.fields().get(each.field()).map(|schema| &resolved(spec, schema).form);
            let kind = match form {
                Some(Form::Integer { .. }) => "Integer",
                Some(Form::Boolean) => "Boolean",
                Some(Form::Array { .. }) => "List",
                _ => "Text",
            };
            format!(
                "QueryField {{ field: {}, wire: {}, kind: QueryKind::{kind} }}",
                literal(each.field()),
                literal(each.wire())
            )
        })
        .collect();
    format!("&[{}]", inner.join(", "))
}

fn http(spec: &Spec, operation: &Operation, binding: &HttpBinding) -> String {
    let body = match (&binding.payload, binding.body.is_empty()) {
        (Some(field), _) => format!("BodyShape::Payload({})", literal(field)),
        (None, false) => format!("BodyShape::Members({})", list(&binding.body)),
        (None, true) => "BodyShape::None".to_owned(),
    };
    let allowed: Vec<String> = binding
        .allowed
        .iter()
        .map(|(field, each)| {
            format!(
                "Allowed {{ field: {}, values: {}, kind: {}, text: {} }}",
                literal(field),
                list(&each.values),
                kind(&each.kind),
                literal(&each.text)
            )
        })
        .collect();
    format!(
        "Some(&HttpBinding {{ extension: {}, method: {}, path: {}, query: {}, query_rest: {}, body: {body}, body_requires: {}, closed: {}, media_type: {}, max_body: {}, allowed: &[{}], refusals: &{}, errors: {}, unavailable: {} }})",
        binding.extension,
        literal(&binding.method),
        literal(&binding.path),
        query(spec, operation, binding),
        option(binding.query_rest.as_deref()),
        list(&binding.body_requires),
        binding.closed,
        option(binding.media_type.as_deref()),
        max_body(spec, binding.max_body.as_ref()),
        allowed.join(", "),
        refusals(&binding.refusals),
        overrides(&binding.errors),
        literal(binding.unavailable.as_deref().unwrap_or_default()),
    )
}

fn websocket(spec: &Spec, operation: &Operation, binding: &WebSocketBinding) -> String {
    let fields = operation.fields().keys().filter(|name| !binding.unbound.contains(name));
    format!(
        "Some(&WebSocketBinding {{ extension: {}, action: {}, anonymous: {}, body_optional: {}, fields: {}, max_body: {}, refusals: &{}, errors: {}, unavailable: {} }})",
        binding.extension,
        literal(&binding.action),
        binding.anonymous,
        binding.body_optional,
        list(fields),
        max_body(spec, binding.max_body.as_ref()),
        refusals(&binding.refusals),
        overrides(&binding.errors),
        literal(binding.unavailable.as_deref().unwrap_or_default()),
    )
}

fn info(spec: &Spec, operation: &Operation) -> String {
    use crate::model::Need;
    let written = &operation.written;
    let none = || "None".to_owned();
    format!(
        "/// What is known of `{0}`.\npub const {1}_INFO: &OperationInfo = &OperationInfo {{ name: {2}, resource: {3}, policy: {4}, admits: {15}, available_with: {16}, pipelined: {5}, extension: {6}, needs_project: {7}, needs_client: {8}, needs_token: {17}, checks_client: {9}, schema: {10}, fields: {11}, outcomes: {14}, http: {12}, websocket: {13} }};\n\n",
        operation.name(),
        constant(operation.name()),
        literal(operation.name()),
        literal(&written.resource),
        literal(written.policy.as_deref().unwrap_or_default()),
        written.pipelined,
        written.extension,
        written.context.project != Need::Absent,
        written.context.client_id != Need::Absent,
        written.context.client_id == Need::Checked,
        literal(&crate::check::closed_schema(spec, operation).to_string()),
        list(operation.fields().keys()),
        written.http.as_ref().map_or_else(none, |binding| http(spec, operation, binding)),
        written.websocket.as_ref().map_or_else(none, |binding| websocket(spec, operation, binding)),
        outcomes(operation),
        admits(spec, written.policy.as_deref()),
        list(&written.available_with),
        written.context.token != Need::Absent,
    )
}

/// Who passes the rule of an operation.
fn admits(spec: &Spec, rule: Option<&str>) -> String {
    match rule.and_then(|rule| spec.access.rules.get(rule)) {
        Some(Who::Role(role)) => format!("Who::Role({})", literal(role)),
        Some(Who::Everyone) | None => "Who::Everyone".to_owned(),
    }
}

fn outcomes(operation: &Operation) -> String {
    let written = &operation.written;
    let each = operation.outcomes.keys().map(|name| {
        let http = written.http.as_ref().and_then(|binding| binding.outcomes.get(name));
        let websocket = written.websocket.as_ref().and_then(|binding| binding.outcomes.get(name));
        format!(
            "OutcomeInfo {{ name: {}, http: {:?}, websocket: {:?} }}",
            literal(name),
            http.map(|outcome| outcome.status),
            websocket.map(|outcome| outcome.status)
        )
    });
    format!("&[{}]", each.collect::<Vec<_>>().join(", "))
}
