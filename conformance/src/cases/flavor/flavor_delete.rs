use serde_json::json;
use sukkal_spec::{FlavorDelete, FlavorGet};

use super::{flavor_of, names, pools};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { FlavorDelete:
    takes_the_flavor_from_its_pools needs Pools,
    is_no_error_for_a_flavor_that_does_not_exist needs Pools,
    leaves_queues_where_they_are needs Pools,
    leaves_the_flavor_of_another_project_alone needs Pools,
    is_refused_without_the_role needs Pools,
}

async fn delete(service: &Service) -> Reply {
    service.call(FlavorDelete, json!({ "flavor_name": "gold" })).await
}

async fn takes_the_flavor_from_its_pools(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;

    delete(service).await.expect_outcome("deleted");

    let gone = service.call(FlavorGet, json!({ "flavor_name": "gold" })).await;
    gone.expect_error("flavor_does_not_exist");
    assert_eq!(flavor_of(service, "p1").await, json!(null));
}

async fn is_no_error_for_a_flavor_that_does_not_exist(service: &Service) {
    delete(service).await.expect_outcome("deleted");
}

async fn leaves_queues_where_they_are(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;
    service.create_queue("jobs", json!({ "_flavor": "gold" })).await;
    service.post("jobs", ["a"]).await;

    delete(service).await.expect_outcome("deleted");

    let ids = service.post("jobs", ["b"]).await;
    assert_eq!(ids.len(), 1);
}

async fn leaves_the_flavor_of_another_project_alone(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    delete(&other).await.expect_outcome("deleted");

    assert_eq!(pools(service, "gold").await, json!(["p1"]));
}

async fn is_refused_without_the_role(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;

    delete(&service.with_roles("member")).await.expect_error("not_authorized");

    assert_eq!(names(service, json!({})).await, ["gold"]);
}
