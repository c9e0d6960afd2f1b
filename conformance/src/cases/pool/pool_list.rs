use serde_json::json;
use sukkal_spec::PoolList;

use super::names;
use crate::case::cases;
use crate::service::Service;

cases! { PoolList:
    pages_by_name needs Pools,
    shows_options_only_with_details needs Pools,
    refuses_a_limit_outside_the_bounds needs Pools,
    names_its_own_place needs Pools Http,
    is_refused_without_the_role needs Pools,
}

async fn pages_by_name(service: &Service) {
    assert!(names(service, json!({})).await.is_empty());
    service.create_pools(["b", "c", "a"]).await;

    assert_eq!(names(service, json!({ "limit": 2 })).await, ["a", "b"]);
    assert_eq!(names(service, json!({ "limit": 2, "marker": "b" })).await, ["c"]);
    assert_eq!(names(service, json!({ "marker": "bb" })).await, ["c"]);
    assert!(names(service, json!({ "marker": "c" })).await.is_empty());
}

async fn shows_options_only_with_details(service: &Service) {
    service.create_pool("p1", 0, json!({ "options": { "a": 1 } })).await;

    let plain = service.call(PoolList, json!({})).await.expect_outcome("listed");
    let detailed = service.call(PoolList, json!({ "detailed": true })).await;

    assert!(plain.body()["pools"][0].get("options").is_none(), "{}", plain.body());
    assert_eq!(detailed.body()["pools"][0]["options"], json!({ "a": 1 }));
}

async fn refuses_a_limit_outside_the_bounds(service: &Service) {
    for limit in [0, -1, 21] {
        let reply = service.call(PoolList, json!({ "limit": limit })).await;
        reply
            .expect_error("limit_exceeded")
            .saying("Limit must be at least 1 and no greater than 20.");
    }
}

async fn names_its_own_place(service: &Service) {
    let reply = service.call(PoolList, json!({})).await.expect_outcome("listed");
    assert_eq!(reply.header("content-location").as_deref(), Some("/v2/pools"));
}

async fn is_refused_without_the_role(service: &Service) {
    let reply = service.with_roles("member").call(PoolList, json!({})).await;
    reply.expect_error("not_authorized");
}
