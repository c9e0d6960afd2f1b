//! Scenarios with pools, which belong to the whole deployment.

use serde_json::{Value, json};
use sukkal_conformance::recorded::Vectors;

use crate::fake::{FakeHttp, reply};
use crate::{options, recording, summary};

fn put(path: &str) -> (&'static str, Value, Value) {
    let body = "{\"uri\": \"${pool_uri1}\"}";
    (
        "http",
        json!({"method": "PUT", "path": path, "headers": {}, "body": body}),
        json!({"status": 201, "headers": {}, "body": null}),
    )
}

fn vectors() -> Vectors {
    recording("pooled", &[put("/v2/pools/p1"), put("/v2/flavors/f1")])
}

async fn server_with_pools(pools: &'static str) -> FakeHttp {
    FakeHttp::start(move |request| match request.target().split(' ').next() {
        Some("PUT") => reply(201, &[], ""),
        Some("GET") => reply(200, &[], pools),
        _ => "HTTP/1.1 204 X\r\n\r\n".to_owned(),
    })
    .await
}

#[tokio::test]
async fn removes_what_the_scenario_made_flavors_first() {
    let server = server_with_pools(r#"{"pools": []}"#).await;
    let mut options = options(&server.url(), vectors());
    options.pool_uris = vec!["memory://one".to_owned()];

    assert_eq!(summary(&options).await, ["passed", "passed"]);
    let targets = server.targets();
    assert_eq!(targets[targets.len() - 2..], ["DELETE /v2/flavors/f1", "DELETE /v2/pools/p1"]);
    assert_eq!(server.received()[1].body, r#"{"uri": "memory://one"}"#);
}

#[tokio::test]
async fn touches_nothing_where_pools_exist_already() {
    let server = server_with_pools(r#"{"pools": [{"name": "p1"}]}"#).await;
    let mut options = options(&server.url(), vectors());
    options.pool_uris = vec!["memory://one".to_owned()];

    assert_eq!(summary(&options).await, ["the server already has pools"; 2]);
    assert_eq!(server.targets(), ["GET /v2/pools"]);
}

#[tokio::test]
async fn without_pool_uris_the_requests_that_need_one_are_not_sent() {
    let server = server_with_pools(r#"{"pools": []}"#).await;

    assert_eq!(summary(&options(&server.url(), vectors())).await, ["needs pool_uri1"; 2]);
    assert!(server.targets().iter().all(|target| !target.starts_with("PUT")));
}
