//! Killing a server while it tells subscribers what was posted.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::api::{Api, Failed};
use crate::hooks::Hooks;
use crate::load::Dice;
use crate::redis::Redis;
use crate::server::{Server, Setup, until};
use crate::{Outcome, note, number};

const QUEUE: &str = "news";
/// How many endpoints take everything.
const WELL: usize = 5;
const WRITERS_EACH: usize = 2;
/// What is under way when a server is killed arrives again: the more, the less the machine gets done.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// Longer than leases of a server that died last.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn every_webhook_arrives_though_the_server_is_killed() -> Outcome {
    let directory = tempfile::tempdir().unwrap();

    kill_under_fan_out("sqlite", &[open_to_loopback(Setup::new(directory.path()))]).await;
    Ok(())
}

pub(crate) async fn every_webhook_arrives_though_one_of_two_servers_is_killed() -> Outcome {
    let redis = Redis::start().await?;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let setups = folders
        .each_ref()
        .map(|folder| open_to_loopback(Setup::new(folder.path()).store(&redis.uri())));

    kill_under_fan_out("two servers on redis", &setups).await;
    Ok(())
}

fn open_to_loopback(setup: Setup) -> Setup {
    setup.set("egress.allow=127.0.0.1")
}

/// What was acknowledged.
#[derive(Default)]
struct Posted {
    next: AtomicU64,
    acknowledged: Mutex<Vec<u64>>,
}

async fn kill_under_fan_out(name: &str, setups: &[Setup]) {
    let _alone = ALONE.lock().await;
    let seed = number("SUKKAL_KILL_SEED", uuid::Uuid::new_v4().as_u64_pair().0);
    let cycles = number("SUKKAL_KILL_CYCLES", 5);
    note(&format!("fan-out, {name}: SUKKAL_KILL_SEED={seed}"));
    let mut dice = Dice(seed);
    let (hooks, posted) = (Hooks::start().await, Arc::new(Posted::default()));
    let mut servers: Vec<Server> = setups.iter().map(Setup::start).collect();
    subscribe(&servers[0], &hooks).await;

    for _ in 0..cycles {
        let mut writers = JoinSet::new();
        for server in &servers {
            for _ in 0..WRITERS_EACH {
                writers.spawn(write(server.http, Arc::clone(&posted), Dice(dice.below(u64::MAX))));
            }
        }
        hooks.reach(hooks.total() + 2000 + dice.below(2000)).await;
        sleep(Duration::from_micros(dice.below(4000))).await;
        let victim = dice.below(servers.len() as u64) as usize;
        servers.remove(victim).kill();
        servers.insert(victim, setups[victim].start());
        writers.shutdown().await;
    }

    check(name, cycles, &servers, &hooks, &posted).await;
}

async fn subscribe(server: &Server, hooks: &Hooks) {
    let mut api = Api::open(server.http).await.unwrap();
    let path = format!("/v2/queues/{QUEUE}/subscriptions");
    let well = (0..WELL).map(|at| hooks.well(at));
    for subscriber in well.chain([hooks.broken()]) {
        let body = json!({ "subscriber": subscriber, "ttl": 86_400 }).to_string();
        let answer = api.answer("POST", &path, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
}

/// Posts until something fails; a post that is broken off counts as not acknowledged.
async fn write(server: SocketAddr, posted: Arc<Posted>, mut dice: Dice) -> Result<(), Failed> {
    let mut api = Api::open(server).await?;
    loop {
        let count = 1 + dice.below(5);
        let first = posted.next.fetch_add(count, Ordering::Relaxed);
        let numbers: Vec<u64> = (first..first + count).collect();
        api.post(QUEUE, &numbers).await?;
        posted.acknowledged.lock().unwrap().extend(numbers);
    }
}

async fn check(name: &str, cycles: u64, servers: &[Server], hooks: &Hooks, posted: &Posted) {
    let numbers = posted.acknowledged.lock().unwrap().clone();
    let missing = || (0..WELL).map(|at| hooks.missing(at, &numbers)).sum::<usize>();
    let all = until(PATIENCE, async || (missing() == 0).then_some(())).await;
    assert!(all.is_some(), "{} deliveries are lost:\n{}", missing(), servers[0].log());
    let arrivals = hooks.arrivals();
    note(&format!(
        "fan-out, {name}: killed {cycles} times; {} messages acknowledged, {arrivals:?}",
        numbers.len()
    ));
    assert!(arrivals.again * 100 < arrivals.deliveries, "too much arrives again: {arrivals:?}");
}
