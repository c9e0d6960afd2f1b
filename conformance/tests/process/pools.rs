//! Two pools, one of which is killed again and again: nobody else notices, and nothing is lost.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::link::{Link, head};
use crate::redis::Redis;
use crate::server::{Server, Setup, until};
use crate::{Outcome, note, number};

/// How soon the queues of a pool that is back can be used.
const RECOVERY: Duration = Duration::from_secs(15);
/// How much is acknowledged on either side of each kill.
const STEP: usize = 200;

pub(crate) async fn a_pool_that_is_killed_stops_no_queue_of_another() -> Outcome {
    let cycles = number("SUKKAL_POOL_CYCLES", 3);
    let (steady, mut broken) = (Redis::start().await?, Redis::start().await?);
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path()).set("admin_mode=true").set("pooling=true");
    let server = setup.start();
    for (name, redis) in [("steady", &steady), ("broken", &broken)] {
        register(&server, name, &redis.uri()).await;
    }
    let (progress, posting) = post_steadily(server.http);
    let mut acknowledged = Vec::new();
    let mut next = 0;
    for _ in 0..cycles {
        post_until_killed(&server, &mut broken, &mut next, &mut acknowledged).await;
        let mut api = Api::open(server.http).await.unwrap();
        let refused = api.answer("GET", "/v2/queues/broken/messages", "").await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        reach(&progress, STEP).await;
        broken.restart().await;
        let back = until(RECOVERY, async || api.post("broken", &[0]).await.ok()).await;
        assert!(back.is_some(), "not back after {RECOVERY:?}:\n{}", server.log());
        reach(&progress, STEP).await;
    }

    progress.send_modify(|state| state.stops = true);
    let posted = posting.await.expect("no call on the other pool fails");
    note(&format!("{} and {} posts acknowledged", posted.len(), acknowledged.len()));
    assert_kept(&server, "steady", &posted).await;
    assert_kept(&server, "broken", &acknowledged).await;
    Ok(())
}

/// What the steady client has done, and whether it is to end.
#[derive(Default)]
struct Progress {
    acknowledged: usize,
    stops: bool,
}

/// Posts to the queue of the steady pool until told to stop; returns the ids. It panics at the first failure.
fn post_steadily(address: SocketAddr) -> (Arc<watch::Sender<Progress>>, JoinHandle<Vec<String>>) {
    let progress = Arc::new(watch::Sender::new(Progress::default()));
    let told = Arc::clone(&progress);
    let posting = tokio::spawn(async move {
        let mut api = Api::open(address).await.unwrap();
        let mut ids = Vec::new();
        while !told.borrow().stops {
            ids.extend(api.post("steady", &[ids.len() as u64]).await.unwrap());
            told.send_modify(|state| state.acknowledged += 1);
        }
        ids
    });
    (progress, posting)
}

/// Waits until the steady client has so many more acknowledgements; it must not stand still.
async fn reach(progress: &watch::Sender<Progress>, more: usize) {
    let goal = progress.borrow().acknowledged + more;
    let mut changes = progress.subscribe();
    let reached = changes.wait_for(|state| state.acknowledged >= goal);
    let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
    assert!(matches!(reached, Ok(Ok(_))), "the queue of the other pool stands still");
}

/// Posts to the queue of the broken pool, and kills the pool under it.
async fn post_until_killed(
    server: &Server,
    broken: &mut Redis,
    next: &mut u64,
    acknowledged: &mut Vec<String>,
) {
    let mut api = Api::open(server.http).await.unwrap();
    let mut posted = 0;
    loop {
        *next += 1;
        match api.post("broken", &[*next]).await {
            Ok(ids) => acknowledged.extend(ids),
            Err(_) => return,
        }
        posted += 1;
        if posted == STEP {
            broken.kill();
        }
    }
}

/// Registers a pool with a flavor of its own, and creates a queue in it; all have one name.
pub(crate) async fn register(server: &Server, name: &str, uri: &str) {
    let pool = json!({ "weight": 1, "uri": uri });
    put(server, &format!("/v2/pools/{name}"), &pool.to_string()).await;
    let flavor = json!({ "pool_list": [name] });
    put(server, &format!("/v2/flavors/{name}"), &flavor.to_string()).await;
    let queue = json!({ "_flavor": name });
    put(server, &format!("/v2/queues/{name}"), &queue.to_string()).await;
}

async fn put(server: &Server, path: &str, body: &str) {
    let mut link = Link::open(server.http).await.unwrap();
    let headers = format!("X-Roles: admin\r\nContent-Length: {}\r\n", body.len());
    link.send((head("PUT", path, &headers) + body).as_bytes()).await.unwrap();
    let answer = link.answer().await.unwrap();
    assert_eq!(answer.status, 201, "{path}: {}", answer.text());
}

async fn assert_kept(server: &Server, queue: &str, acknowledged: &[String]) {
    let mut api = Api::open(server.http).await.unwrap();
    let found = api.messages(queue).await.unwrap();
    let found: HashSet<&str> = found.iter().map(|message| &*message.id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !found.contains(&***id)).collect();
    assert!(lost.is_empty(), "{} acknowledged messages of {queue} are lost", lost.len());
}
