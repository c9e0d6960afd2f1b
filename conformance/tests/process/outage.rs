//! Redis that does not answer, and what callers hear meanwhile.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::Outcome;
use crate::api::Api;
use crate::link::Answer;
use crate::redis::Redis;
use crate::server::{Server, Setup, until};

/// Three routes with the texts they give up with.
const CALLS: [(&str, &str, &str, &str); 3] = [
    (
        "POST",
        "/v2/queues/q/messages",
        r#"{"messages": [{"ttl": 60, "body": 1}]}"#,
        "Messages could not be enqueued.",
    ),
    ("POST", "/v2/queues/q/claims", r#"{"ttl": 60, "grace": 60}"#, "Claim could not be created."),
    ("GET", "/v2/queues/q/messages", "", "Messages could not be listed."),
];
const QUEUE_LIST: (&str, &str, &str, &str) =
    ("GET", "/v2/queues", "", "Queues could not be listed.");
/// How soon all is well again.
const RECOVERY: Duration = Duration::from_secs(5);

pub(crate) async fn redis_that_is_gone_is_reported_at_once() -> Outcome {
    let mut redis = Redis::start().await?;
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).store(&redis.uri()).start();
    let mut api = Api::open(server.http).await.unwrap();
    api.post("q", &[1]).await.unwrap();

    redis.kill();
    for call in CALLS {
        assert_unavailable(call, &mut api, Duration::from_secs(1)).await;
    }
    assert_eq!(readiness(&server).await, 503);
    let versions = api.answer("GET", "/", "").await;
    assert_eq!(versions.status, 300, "what needs no store goes on");
    redis.restart().await;
    assert_well_again(&server).await;

    assert_eq!(api.messages("q").await.unwrap()[0].number, 1);
    Ok(())
}

pub(crate) async fn redis_that_is_silent_is_reported_quickly() -> Outcome {
    let redis = Redis::start().await?;
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).store(&redis.uri()).start();
    let mut api = Api::open(server.http).await.unwrap();
    api.post("q", &[1]).await.unwrap();

    redis.signal("STOP");
    // The control and the data connection each find out by a call that waits; later ones are told.
    assert_unavailable(CALLS[2], &mut api, Duration::from_secs(4)).await;
    assert_unavailable(QUEUE_LIST, &mut api, Duration::from_secs(4)).await;
    for call in CALLS {
        assert_unavailable(call, &mut api, Duration::from_secs(1)).await;
    }
    redis.signal("CONT");
    assert_well_again(&server).await;

    assert_eq!(api.messages("q").await.unwrap()[0].number, 1);
    api.post("q", &[2]).await.unwrap();
    Ok(())
}

async fn assert_unavailable(
    (method, path, body, text): (&str, &str, &str, &str),
    api: &mut Api,
    within: Duration,
) {
    let answer = timeout(within, api.answer(method, path, body)).await;
    let answer = answer.unwrap_or_else(|_| panic!("{method} {path}: no answer in {within:?}"));
    assert_refused_for_now(&answer, text);
}

/// A 503 as clients know it: what could not be done, and when to come back.
pub(crate) fn assert_refused_for_now(answer: &Answer, text: &str) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let wait: u64 = answer.header("retry-after").expect("Retry-After").parse().unwrap();
    assert!((1..=60).contains(&wait), "Retry-After: {wait}");
    let body = answer.json();
    assert_eq!(body["title"], "Service temporarily unavailable");
    assert_eq!(body["description"], format!("{text} Please try again in a few seconds."));
}

async fn readiness(server: &Server) -> u16 {
    let mut admin = Api::open(server.admin).await.unwrap();
    admin.answer("GET", "/ready", "").await.status
}

/// Whether queues and messages can be read: they may lie on connections of their own.
pub(crate) async fn is_well(server: &Server) -> Option<()> {
    let mut api = Api::open(server.http).await.ok()?;
    api.queues().await.ok()?;
    api.messages("q").await.ok().map(|_| ())
}

async fn assert_well_again(server: &Server) {
    let begun = Instant::now();
    let back = until(RECOVERY, async || is_well(server).await).await;
    assert!(back.is_some(), "not well after {RECOVERY:?}:\n{}", server.log());
    let left = RECOVERY.saturating_sub(begun.elapsed());
    let ready = until(left, async || (readiness(server).await == 200).then_some(())).await;
    assert!(ready.is_some(), "not ready after {RECOVERY:?}");
}
