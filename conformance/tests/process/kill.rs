//! Killing the server, or Redis, at any moment under load.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::api::{Api, Failed};
use crate::ledger::Ledger;
use crate::load::{self, Dice};
use crate::outage::is_well;
use crate::redis::Redis;
use crate::server::{Server, Setup, until};
use crate::{Outcome, note, number};

const QUEUES: [&str; 3] = ["jobs-0", "jobs-1", "jobs-2"];

pub(crate) async fn nothing_acknowledged_is_lost_when_the_server_is_killed() -> Outcome {
    let directory = tempfile::tempdir().unwrap();

    kill_the_server("sqlite", &Setup::new(directory.path())).await;
    Ok(())
}

pub(crate) async fn nothing_acknowledged_is_lost_when_a_server_on_redis_is_killed() -> Outcome {
    let redis = Redis::start().await?;
    let directory = tempfile::tempdir().unwrap();

    kill_the_server("redis", &Setup::new(directory.path()).store(&redis.uri())).await;
    Ok(())
}

pub(crate) async fn nothing_acknowledged_is_lost_when_redis_is_killed() -> Outcome {
    let mut redis = Redis::start().await?;
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).store(&redis.uri()).start();
    let (ledger, mut dice, cycles) = begin("redis itself", &server).await;

    for _ in 0..cycles {
        let mut clients = load::start(server.http, &ledger, &mut dice);
        any_moment(&mut clients, &ledger, &mut dice).await;
        redis.kill();
        while let Some(failed) = clients.join_next().await {
            let failed = failed.unwrap();
            assert!(matches!(failed, Failed::Unavailable(_)), "{failed:?}");
        }
        redis.restart().await;
        let back = until(Duration::from_secs(5), async || is_well(&server).await).await;
        assert!(back.is_some(), "not well 5 s after Redis is back:\n{}", server.log());
    }

    finish("redis itself", cycles, &server, &ledger).await;
    Ok(())
}

async fn kill_the_server(name: &str, setup: &Setup) {
    let mut server = setup.start();
    let (ledger, mut dice, cycles) = begin(name, &server).await;
    for _ in 0..cycles {
        let mut clients = load::start(server.http, &ledger, &mut dice);
        any_moment(&mut clients, &ledger, &mut dice).await;
        server.kill();
        while let Some(failed) = clients.join_next().await {
            let failed = failed.unwrap();
            assert!(matches!(failed, Failed::Broken(_)), "{failed:?}");
        }
        server = setup.start();
    }
    finish(name, cycles, &server, &ledger).await;
}

async fn begin(name: &str, server: &Server) -> (Arc<Ledger>, Dice, u64) {
    let seed = number("SUKKAL_KILL_SEED", uuid::Uuid::new_v4().as_u64_pair().0);
    note(&format!("{name}: SUKKAL_KILL_SEED={seed}"));
    let mut api = Api::open(server.http).await.unwrap();
    for queue in QUEUES {
        api.create_queue(queue).await.unwrap();
    }
    (Arc::new(Ledger::new(&QUEUES)), Dice(seed), number("SUKKAL_KILL_CYCLES", 5))
}

/// A moment somewhere among the next acknowledgements, and not always right after one.
async fn any_moment(clients: &mut JoinSet<Failed>, ledger: &Ledger, dice: &mut Dice) {
    let goal = ledger.acknowledged() + 20 + dice.below(400);
    tokio::select! {
        () = ledger.reach(goal) => {}
        failed = clients.join_next() => panic!("a client failed while all was well: {failed:?}"),
    }
    sleep(Duration::from_micros(dice.below(4000))).await;
}

async fn finish(name: &str, cycles: u64, server: &Server, ledger: &Ledger) {
    let totals = ledger.check(&mut Api::open(server.http).await.unwrap()).await;
    note(&format!("{name}: killed {cycles} times; {totals:?}"));
}
