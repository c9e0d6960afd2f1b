use serde_json::json;
use sukkal_spec::{PoolDelete, QueueDelete};

use super::{get, names};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { PoolDelete:
    removes_a_pool needs Pools,
    is_no_error_for_a_pool_that_does_not_exist needs Pools,
    keeps_a_pool_in_which_a_queue_lies needs Pools,
    keeps_the_only_pool_of_a_flavor needs Pools,
    is_refused_without_the_role needs Pools,
}

async fn delete(service: &Service, name: &str) -> Reply {
    service.call(PoolDelete, json!({ "pool_name": name })).await
}

async fn removes_a_pool(service: &Service) {
    service.create_pools(["p1", "p2"]).await;

    delete(service, "p1").await.expect_outcome("deleted");

    get(service, "p1").await.expect_error("pool_does_not_exist");
    assert_eq!(names(service, json!({})).await, ["p2"]);
    service.create_pool("again", 0, json!({})).await;
}

async fn is_no_error_for_a_pool_that_does_not_exist(service: &Service) {
    delete(service, "none").await.expect_outcome("deleted");
}

async fn keeps_a_pool_in_which_a_queue_lies(service: &Service) {
    service.create_pools(["p1"]).await;
    let queue = service.queue_with(["a"]).await;

    delete(service, "p1").await.expect_error("pool_holds_queues");

    assert_eq!(names(service, json!({})).await, ["p1"]);
    service.call(QueueDelete, json!({ "queue_name": queue })).await.expect_outcome("deleted");
    delete(service, "p1").await.expect_outcome("deleted");
}

async fn keeps_the_only_pool_of_a_flavor(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    service.create_flavor("gold", ["p1", "p2"]).await;

    delete(service, "p1").await.expect_outcome("deleted");
    let refused = delete(service, "p2").await.expect_error("pool_used_by_flavor");

    refused.saying("This pool is used by flavors gold; It cannot be deleted.");
    assert_eq!(names(service, json!({})).await, ["p2"]);
}

async fn is_refused_without_the_role(service: &Service) {
    service.create_pools(["p1"]).await;

    delete(&service.with_roles("member"), "p1").await.expect_error("not_authorized");

    assert_eq!(names(service, json!({})).await, ["p1"]);
}
