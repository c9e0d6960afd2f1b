use serde_json::json;
use sukkal_spec::FlavorList;

use super::names;
use crate::case::cases;
use crate::service::Service;

cases! { FlavorList:
    pages_by_name needs Pools,
    leaves_out_the_pools_of_a_flavor_without_any needs Pools,
    refuses_a_limit_outside_the_bounds needs Pools,
    lists_only_those_of_the_project needs Pools,
}

async fn pages_by_name(service: &Service) {
    service.create_pools(["p1"]).await;
    for name in ["b", "c", "a"] {
        service.create_flavor(name, ["p1"]).await;
    }

    assert_eq!(names(service, json!({ "limit": 2 })).await, ["a", "b"]);
    assert_eq!(names(service, json!({ "limit": 2, "marker": "b" })).await, ["c"]);
    assert!(names(service, json!({ "marker": "c" })).await.is_empty());
}

async fn leaves_out_the_pools_of_a_flavor_without_any(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("a", ["p1"]).await;
    service.create_flavor("b", ["p1"]).await;

    let listed = service.call(FlavorList, json!({ "detailed": true })).await;
    let flavors = listed.expect_outcome("listed").body()["flavors"].clone();

    assert!(flavors[0].get("pool_list").is_none(), "{flavors}");
    assert_eq!(flavors[0]["capabilities"], json!([]));
    assert_eq!(flavors[1]["pool_list"], json!(["p1"]));
    let plain = service.call(FlavorList, json!({})).await.body()["flavors"].clone();
    assert!(plain[1].get("capabilities").is_none(), "{plain}");
}

async fn refuses_a_limit_outside_the_bounds(service: &Service) {
    for limit in [0, -1, 21] {
        let reply = service.call(FlavorList, json!({ "limit": limit })).await;
        reply
            .expect_error("limit_exceeded")
            .saying("Limit must be at least 1 and no greater than 20.");
    }
}

async fn lists_only_those_of_the_project(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    assert!(names(&other, json!({})).await.is_empty());
}
