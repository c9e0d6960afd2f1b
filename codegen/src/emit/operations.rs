//! One zero-sized type per operation, tying its parts together.

use super::rust::{doc, literal};
use crate::Spec;
use crate::names::{camel, constant};

pub(crate) fn render(spec: &Spec) -> String {
    let mut text = String::new();
    for operation in &spec.operations {
        let name = operation.name();
        let about = format!("{}\n\n{}", operation.written.summary, operation.written.description);
        text.push_str(&doc(&about));
        text.push_str(&format!(
            "#[derive(Clone, Copy, Debug)]\npub struct {0};\n\nimpl crate::Operation for {0} {{\ntype Input = {0}Input;\ntype Outcome = {0}Outcome;\nconst INFO: &'static crate::OperationInfo = {1}_INFO;\nfn decode(carried: &Carried<'_>, limits: &Limits) -> Result<{0}Input, Refused> {{ decode_{name}(carried, limits) }}\nfn check(input: &{0}Input, limits: &Limits) -> Result<(), crate::limit::OutOfRange> {{ check_{name}(input, limits) }}\nfn http_reply(outcome: &{0}Outcome, call: &HttpCall<'_>) -> HttpReply {{ http_{name}(outcome, call) }}\nfn websocket_reply(outcome: &{0}Outcome, out: &mut JsonText) -> u16 {{ websocket_{name}(outcome, out) }}\n}}\n\n",
            camel(name),
            constant(name),
        ));
    }
    text.push_str(&accepts(spec));
    text
}

/// The decoders as one function, for tests that go through all operations.
fn accepts(spec: &Spec) -> String {
    let mut text = String::from(
        "/// Whether the operation of that name takes this input; `None` if there is no such operation.\npub fn accepts(name: &str, carried: &Carried<'_>, limits: &Limits) -> Option<Result<(), Refused>> {\nSome(match name {\n",
    );
    for operation in &spec.operations {
        let name = operation.name();
        text.push_str(&format!("{} => decode_{name}(carried, limits).map(drop),\n", literal(name)));
    }
    text.push_str("_ => return None,\n})\n}\n");
    text
}
