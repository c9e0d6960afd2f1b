//! A call from another project sees nothing and changes nothing.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use serde_json::{Value, json};
use sukkal_conformance::service::Transport;
use sukkal_spec::OperationInfo;

use crate::matrix::Server;
use crate::specification::given::filled_in;
use crate::specification::{Example, examples};
use crate::world::{World, told};

/// What a project holds, and an input that names some of it.
struct Attempt {
    given: Value,
    input: Value,
    /// How the call ends in the project itself, if an example says so.
    outcome: Option<String>,
}

pub(crate) async fn check(
    server: &Server,
    info: &'static OperationInfo,
    transport: Transport,
) -> Result<(), Failed> {
    for attempt in attempts(info, transport) {
        attempt.run(server, info, transport).await?;
    }
    Ok(())
}

/// The examples of an operation, and an attempt for each id that it takes and that they do not name.
fn attempts(info: &'static OperationInfo, transport: Transport) -> Vec<Attempt> {
    let all = examples();
    let own = all.iter().filter(|each| each.info.name == info.name && each.is_shown_on(transport));
    let mut attempts: Vec<Attempt> = own
        .map(|each| Attempt {
            given: each.given.clone(),
            input: each.input.clone(),
            outcome: Some(each.outcome.clone()),
        })
        .collect();
    let Some(base) = attempts.first().map(|first| (first.given.clone(), first.input.clone()))
    else {
        return attempts;
    };
    for field in info.fields {
        let Some((stem, is_list)) = id_of(field) else { continue };
        if attempts.iter().any(|each| each.input[*field].to_string().contains('{')) {
            continue;
        }
        if let Some((given, placeholder)) = holding(&all, stem) {
            let mut input = base.1.clone();
            input[*field] = if is_list { json!([placeholder]) } else { json!(placeholder) };
            attempts.push(Attempt { given: together(&base.0, given), input, outcome: None });
        }
    }
    attempts
}

/// What a field names by id: `message` for `message_id` and for `message_ids`.
fn id_of(field: &str) -> Option<(&str, bool)> {
    let one = field.strip_suffix("_id").map(|stem| (stem, false));
    one.or(field.strip_suffix("_ids").map(|stem| (stem, true)))
}

/// What an example presumes that has something of this kind, and the placeholder for it.
fn holding(all: &[Example], stem: &str) -> Option<(Value, String)> {
    [format!("{{{stem}}}"), format!("{{{stem} 0}}")].into_iter().find_map(|placeholder| {
        let found = all.iter().find(|each| each.input.to_string().contains(&placeholder))?;
        Some((found.given.clone(), placeholder))
    })
}

/// What two examples presume; where they do not agree the first counts.
fn together(first: &Value, second: Value) -> Value {
    let mut all = second.as_object().cloned().unwrap_or_default();
    all.extend(first.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

impl Attempt {
    async fn run(
        &self,
        server: &Server,
        info: &'static OperationInfo,
        transport: Transport,
    ) -> Result<(), Failed> {
        // The same call where nothing of it exists, before there is anything to see.
        let nobody = server.service(transport);
        let owner = server.service(transport);
        let unknown = nobody.call_info(info, self.of_nobody()).await;
        let expected = told(&unknown);
        let nothing = World { service: nobody, values: Vec::new() };
        let expected_left = nothing.read(&self.of_nobody()).await;

        let owner = World::new(owner, &self.given).await;
        let before = owner.read(&self.input).await;
        let stranger = World {
            // Even the same client is a stranger in another project.
            service: owner.service.in_project(server.service(transport).project()),
            values: owner.values.clone(),
        };
        let reply = stranger.service.call_info(info, owner.filled(&self.input)).await;
        let left = stranger.read(&self.input).await;
        let after = owner.read(&self.input).await;

        same("a stranger is told", &expected, &told(&reply))?;
        same("a stranger reads", &expected_left, &left)?;
        same("the owner has", &before, &after)?;
        self.check_owner(&owner, info).await
    }

    /// The owner is not refused: the ids were right.
    async fn check_owner(&self, owner: &World, info: &'static OperationInfo) -> Result<(), Failed> {
        let Some(outcome) = &self.outcome else { return Ok(()) };
        let own = owner.service.call_info(info, owner.filled(&self.input)).await;
        if own.endings().contains(outcome.as_str()) {
            return Ok(());
        }
        let ended: BTreeSet<&str> = own.endings();
        Err(format!("the owner expects {outcome}, not {ended:?}: {}", own.body()).into())
    }

    /// The input with ids of the same form that nobody has.
    fn of_nobody(&self) -> Value {
        let text = self.input.to_string();
        let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        let invented =
            names.map(|(name, _)| (format!("{{{name}}}"), uuid::Uuid::new_v4().to_string()));
        filled_in(&self.input, &invented.collect::<Vec<_>>())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, found: &T) -> Result<(), Failed> {
    if expected == found {
        return Ok(());
    }
    Err(format!("{what} something else\nexpected {expected:?}\nfound    {found:?}").into())
}
