//! One zero-sized type per operation, tying its parts together.

use super::rust::doc;
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
    text
}
