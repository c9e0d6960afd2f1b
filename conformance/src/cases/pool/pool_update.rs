use serde_json::{Value, json};
use sukkal_spec::PoolUpdate;

use super::get;
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { PoolUpdate:
    changes_what_is_named_and_leaves_the_rest needs Pools,
    moves_a_pool_to_another_uri needs Pools,
    takes_the_flavor_away needs Pools,
    refuses_a_change_of_nothing needs Pools,
    refuses_what_does_not_fit_the_schema needs Pools,
    refuses_a_store_that_cannot_be_reached needs Pools,
    refuses_the_uri_of_another_pool needs Pools,
    knows_no_other_pool needs Pools,
    is_refused_without_the_role needs Pools,
}

async fn update(service: &Service, name: &str, mut change: Value) -> Reply {
    change["pool_name"] = json!(name);
    service.call(PoolUpdate, change).await
}

async fn changes_what_is_named_and_leaves_the_rest(service: &Service) {
    service.create_pool("p1", 0, json!({ "options": { "a": 1 } })).await;

    let reply = update(service, "p1", json!({ "weight": 5 })).await.expect_outcome("updated");
    assert_eq!(reply.body()["weight"], 5);
    update(service, "p1", json!({ "options": { "b": 2 } })).await.expect_outcome("updated");

    let body = get(service, "p1").await.body().clone();
    assert_eq!((&body["weight"], &body["uri"]), (&json!(5), &json!(service.pool_uri(0))));
    assert_eq!(body["options"], json!({ "b": 2 }));
}

async fn moves_a_pool_to_another_uri(service: &Service) {
    service.create_pools(["p1"]).await;

    let change = json!({ "uri": service.pool_uri(1) });
    let reply = update(service, "p1", change).await.expect_outcome("updated");

    assert_eq!(reply.body()["uri"], service.pool_uri(1));
    service.create_pool("p2", 0, json!({})).await;
}

async fn takes_the_flavor_away(service: &Service) {
    service.create_pool("p1", 0, json!({ "flavor": "gold" })).await;

    let reply = update(service, "p1", json!({ "flavor": "" })).await.expect_outcome("updated");

    assert_eq!(reply.body()["flavor"], json!(null));
}

async fn refuses_a_change_of_nothing(service: &Service) {
    service.create_pools(["p1"]).await;
    for change in [json!({}), json!({ "foo": 1 })] {
        update(service, "p1", change).await.expect_error("pool_change_empty");
    }
}

async fn refuses_what_does_not_fit_the_schema(service: &Service) {
    service.create_pools(["p1"]).await;
    let bad = [
        json!({ "weight": "x" }),
        json!({ "weight": -1 }),
        json!({ "options": "x" }),
        json!({ "uri": 5 }),
        json!({ "flavor": 5 }),
    ];
    for change in bad {
        update(service, "p1", change).await.expect_error("input_invalid");
    }
    assert_eq!(get(service, "p1").await.body()["weight"], 100);
}

async fn refuses_a_store_that_cannot_be_reached(service: &Service) {
    service.create_pools(["p1"]).await;

    let refused = update(service, "p1", json!({ "uri": "nothing://127.0.0.1:1" })).await;

    refused.expect_error("pool_unreachable").saying("cannot connect to nothing://127.0.0.1:1");
    assert_eq!(get(service, "p1").await.body()["uri"], service.pool_uri(0));
    service.queue_with(["a"]).await;
}

async fn refuses_the_uri_of_another_pool(service: &Service) {
    service.create_pools(["p1", "p2"]).await;

    let refused = update(service, "p2", json!({ "uri": service.pool_uri(0) })).await;

    refused.expect_error("pool_uri_taken");
}

async fn knows_no_other_pool(service: &Service) {
    let refused = update(service, "none", json!({ "weight": 5 })).await;
    refused.expect_error("pool_does_not_exist").saying("Pool none does not exist");
}

async fn is_refused_without_the_role(service: &Service) {
    service.create_pools(["p1"]).await;

    let refused = update(&service.with_roles("member"), "p1", json!({ "weight": 5 })).await;

    refused.expect_error("not_authorized");
    assert_eq!(get(service, "p1").await.body()["weight"], 100);
}
