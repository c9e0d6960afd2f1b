use serde_json::{Value, json};
use sukkal_spec::FlavorUpdate;

use super::{flavor_of, pools};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { FlavorUpdate:
    gives_the_flavor_these_pools_and_no_others needs Pools,
    refuses_a_pool_that_does_not_exist needs Pools,
    refuses_a_list_without_pools needs Pools,
    needs_a_list_of_pools needs Pools,
    knows_no_other_flavor needs Pools,
    is_refused_without_the_role needs Pools,
}

async fn update(service: &Service, flavor: &str, pool_list: Value) -> Reply {
    let input = json!({ "flavor_name": flavor, "pool_list": pool_list });
    service.call(FlavorUpdate, input).await
}

async fn gives_the_flavor_these_pools_and_no_others(service: &Service) {
    service.create_pools(["p1", "p2", "p3"]).await;
    service.create_flavor("gold", ["p1", "p2"]).await;

    let updated = update(service, "gold", json!(["p3", "p2"])).await.expect_outcome("updated");

    assert_eq!(updated.body()["pool_list"], json!(["p2", "p3"]));
    assert_eq!(flavor_of(service, "p1").await, json!(null));
    assert_eq!(flavor_of(service, "p3").await, "gold");
}

async fn refuses_a_pool_that_does_not_exist(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;

    update(service, "gold", json!(["none"])).await.expect_error("flavor_pool_unknown");

    assert_eq!(pools(service, "gold").await, json!(["p1"]));
}

async fn refuses_a_list_without_pools(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;

    update(service, "gold", json!([])).await.expect_outcome("without_pools");

    assert_eq!(pools(service, "gold").await, json!(["p1"]));
}

async fn needs_a_list_of_pools(service: &Service) {
    for input in [json!({}), json!({ "pool_list": "p1" }), json!({ "pool_list": [1] })] {
        let mut input = input;
        input["flavor_name"] = json!("gold");
        service.call(FlavorUpdate, input).await.expect_error("input_invalid");
    }
}

async fn knows_no_other_flavor(service: &Service) {
    let unknown = update(service, "gold", json!(["p1"])).await;
    unknown.expect_error("flavor_does_not_exist").saying("Flavor gold does not exist");
}

async fn is_refused_without_the_role(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;

    let member = service.with_roles("member");
    update(&member, "gold", json!(["p1"])).await.expect_error("not_authorized");
}
