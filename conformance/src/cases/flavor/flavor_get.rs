use serde_json::json;
use sukkal_spec::FlavorGet;

use crate::case::cases;
use crate::service::{Reply, Service};

cases! { FlavorGet:
    shows_pools_and_what_their_stores_declare needs Pools,
    knows_no_flavor_of_another_project needs Pools,
    needs_no_role needs Pools,
}

async fn get(service: &Service) -> Reply {
    service.call(FlavorGet, json!({ "flavor_name": "gold" })).await
}

async fn shows_pools_and_what_their_stores_declare(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    service.create_flavor("gold", ["p2", "p1"]).await;

    let body = get(service).await.expect_outcome("shown").body().clone();

    assert_eq!((&body["name"], &body["pool_list"]), (&json!("gold"), &json!(["p1", "p2"])));
    let capabilities = body["capabilities"].as_array().cloned().unwrap_or_default();
    assert!(capabilities.contains(&json!("CLAIMS")), "{body}");
}

async fn knows_no_flavor_of_another_project(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    let unknown = get(&other).await.expect_error("flavor_does_not_exist");

    unknown.saying("Flavor gold does not exist");
}

async fn needs_no_role(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;

    get(&service.with_roles("member")).await.expect_outcome("shown");
}
