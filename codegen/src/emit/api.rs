//! One controller trait per resource.

use std::collections::BTreeMap;

use super::rust::doc;
use crate::Spec;
use crate::model::Operation;
use crate::names::camel;

pub(crate) fn render(spec: &Spec) -> String {
    let mut resources: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in &spec.operations {
        resources.entry(&operation.written.resource).or_default().push(operation);
    }
    let mut text = String::new();
    for (resource, operations) in &resources {
        text.push_str(&format!(
            "{}pub trait {}Api: Send + Sync {{\n",
            doc(&format!(
                "The operations of the resource `{resource}`.\n\n{}",
                spec.service.resources[*resource]
            )),
            camel(resource)
        ));
        for operation in operations {
            let name = operation.name();
            text.push_str(&doc(&format!(
                "{}\n\n{}",
                operation.written.summary, operation.written.description
            )));
            text.push_str(&format!(
                "fn {name}(&self, context: &crate::RequestContext, input: {0}Input) -> impl std::future::Future<Output = Result<{0}Outcome, ApiError>> + Send;\n",
                camel(name)
            ));
        }
        text.push_str("}\n\n");
        for operation in operations {
            let name = operation.name();
            text.push_str(&format!(
                "impl<A: {0}Api> crate::Call<A> for {1} {{\nfn run(api: &A, context: &crate::RequestContext, input: {1}Input) -> impl std::future::Future<Output = Result<{1}Outcome, ApiError>> + Send {{ api.{name}(context, input) }}\n}}\n\n",
                camel(resource),
                camel(name)
            ));
        }
    }
    let all: Vec<String> =
        resources.keys().map(|resource| format!("{}Api", camel(resource))).collect();
    let all = all.join(" + ");
    text.push_str(&format!(
        "/// Every operation of the service.\npub trait Api: {all} {{}}\n\nimpl<A: {all}> Api for A {{}}\n"
    ));
    text
}
