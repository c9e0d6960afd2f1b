//! Servers with pools that are away at the start, with no pool at all, and with records in a store of their own.

use std::time::Duration;

use serde_json::Value;

use crate::Outcome;
use crate::api::Api;
use crate::pools::register;
use crate::redis::Redis;
use crate::server::{Server, Setup, until};

/// How soon the queues of a pool that is back can be used.
const RECOVERY: Duration = Duration::from_secs(15);

pub(crate) async fn a_server_starts_while_a_pool_is_away_and_takes_it_back() -> Outcome {
    let (near, mut far) = (Redis::start().await?, Redis::start().await?);
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path()).set("admin_mode=true").set("pooling=true");
    let before = setup.start();
    register(&before, "near", &near.uri()).await;
    register(&before, "far", &far.uri()).await;
    Api::open(before.http).await.unwrap().post("far", &[7]).await.unwrap();
    before.stop().await;
    far.kill();

    let server = setup.start();
    let mut api = Api::open(server.http).await.unwrap();
    api.post("near", &[1]).await.unwrap();
    let refused = api.answer("GET", "/v2/queues/far/messages", "").await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(api.queues().await.unwrap(), ["far", "near"]);
    assert_eq!(pool_errors(&server).await, ["far"]);

    far.restart().await;
    let back = until(RECOVERY, async || api.messages("far").await.ok()).await;
    assert_eq!(back.expect("the pool is taken back")[0].number, 7, "{}", server.log());
    assert!(pool_errors(&server).await.is_empty());
    Ok(())
}

pub(crate) async fn without_a_pool_queues_lie_in_the_main_store_only_if_asked_for() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path()).set("admin_mode=true").set("pooling=true");
    let server = setup.start();
    let mut api = Api::open(server.http).await.unwrap();
    let refused = api.answer("PUT", "/v2/queues/q", "").await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    server.stop().await;

    let server = setup.set("pooling:catalog.enable_virtual_pool=true").start();
    let mut api = Api::open(server.http).await.unwrap();
    api.post("q", &[1, 2]).await.unwrap();

    let numbers: Vec<u64> =
        api.messages("q").await.unwrap().iter().map(|message| message.number).collect();
    assert_eq!(numbers, [1, 2]);
    Ok(())
}

pub(crate) async fn records_may_lie_in_a_store_of_their_own() -> Outcome {
    let control = Redis::start().await?;
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let control_uri = format!("storage.control_uri={}", control.uri());
    let server = Setup::new(first.path()).set(&control_uri).start();
    let mut api = Api::open(server.http).await.unwrap();
    api.create_queue("q").await.unwrap();
    api.post("q", &[1]).await.unwrap();
    assert_eq!(api.messages("q").await.unwrap().len(), 1);
    server.stop().await;

    let server = Setup::new(second.path()).set(&control_uri).start();
    let mut api = Api::open(server.http).await.unwrap();

    assert_eq!(api.queues().await.unwrap(), ["q"], "the record is in the other store");
    assert!(api.messages("q").await.unwrap().is_empty(), "the messages are in the folder");
    Ok(())
}

/// The pools that the status calls unavailable.
async fn pool_errors(server: &Server) -> Vec<String> {
    let status = Api::open(server.admin).await.unwrap().answer("GET", "/status", "").await.json();
    let pools = status["pools"].as_array().expect("the status lists pools").clone();
    assert_eq!(pools.len(), 2, "{status}");
    let fails = |pool: &&Value| pool["data"].get("error").is_some();
    pools.iter().filter(fails).map(|pool| pool["name"].as_str().unwrap().to_owned()).collect()
}
