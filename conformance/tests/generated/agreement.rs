//! HTTP and the WebSocket end the same way for the same input.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use serde_json::Value;
use sukkal_conformance::service::{Reply, Transport};
use sukkal_spec::OperationInfo;

use crate::inputs::changed;
use crate::matrix::Server;
use crate::needs_pools;
use crate::specification::examples;
use crate::world::World;

/// Where the transports differ on purpose.
const DIFFERENCES: &str = include_str!("differences.txt");

/// One call, and what it left behind.
struct Seen {
    reply: Reply,
    left: Vec<(&'static str, u64, Value)>,
}

/// Runs the examples of an operation and, if asked to, what becomes of them when a field is wrong.
pub(crate) async fn check(
    server: &Server,
    info: &'static OperationInfo,
    with_changes: bool,
) -> Result<(), Failed> {
    let mut differences = Vec::new();
    let mut compared = 0;
    let mut tried = BTreeSet::new();
    for example in examples().into_iter().filter(|example| example.info.name == info.name) {
        let mut inputs = vec![example.input.clone()];
        if with_changes {
            inputs.extend(changed(info, &example.input));
        }
        for input in
            inputs.into_iter().filter(|input| tried.insert(format!("{}{input}", example.given)))
        {
            let http = call(server, info, Transport::Http, &example.given, &input).await;
            for transport in [Transport::Json, Transport::MessagePack] {
                let websocket = call(server, info, transport, &example.given, &input).await;
                compared += 1;
                if let Some(difference) = difference(&http, &websocket) {
                    differences.push(format!("{} {input}: {difference}", info.name));
                }
            }
        }
    }
    differences.dedup();
    differences.retain(|told| !DIFFERENCES.lines().any(|line| is_known(line, told)));
    if compared == 0 {
        return Err(format!("{} has no example", info.name).into());
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

/// The operation, and words that the difference is told with; the reason stands behind `#`.
fn is_known(line: &str, told: &str) -> bool {
    let fact = line.split('#').next().unwrap_or_default();
    let mut words = fact.split_whitespace();
    words.next().is_some_and(|name| told.starts_with(&format!("{name} ")))
        && words.all(|word| told.contains(word))
}

async fn call(
    server: &Server,
    info: &'static OperationInfo,
    transport: Transport,
    given: &Value,
    input: &Value,
) -> Seen {
    let world = World::new(server.service(transport), given).await;
    let reply = world.service.call_info(info, world.filled(input)).await;
    let left = world.read(input).await;
    if needs_pools(info) {
        world.service.remove_pools().await;
    }
    Seen { reply, left }
}

fn difference(http: &Seen, websocket: &Seen) -> Option<String> {
    let [one, other] = [http.reply.endings(), websocket.reply.endings()];
    if one.is_disjoint(&other) {
        return Some(format!(
            "http={} websocket={} {} {}",
            ending(&one),
            ending(&other),
            http.reply.body(),
            websocket.reply.body()
        ));
    }
    if http.reply.message_bodies() != websocket.reply.message_bodies()
        || http.reply.queue_names() != websocket.reply.queue_names()
        || http.reply.counts() != websocket.reply.counts()
    {
        return Some(format!(
            "shows http={} websocket={}",
            http.reply.body(),
            websocket.reply.body()
        ));
    }
    if http.left != websocket.left {
        let changed = http.left.iter().zip(&websocket.left).find(|(one, other)| one != other);
        return Some(format!("leaves {changed:?}"));
    }
    None
}

fn ending(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join("|")
}
