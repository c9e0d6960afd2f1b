use serde_json::json;
use sukkal_spec::FlavorCreate;

use super::{flavor_of, names, pools};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { FlavorCreate:
    gives_its_pools_the_flavor needs Pools,
    keeps_pools_it_had_before needs Pools,
    takes_a_pool_from_the_flavor_that_had_it needs Pools,
    refuses_a_pool_that_does_not_exist needs Pools,
    refuses_pools_that_can_do_different_things needs Pools,
    refuses_a_list_without_pools needs Pools,
    refuses_what_does_not_fit_the_schema needs Pools,
    leaves_flavors_of_other_projects_alone needs Pools,
    is_refused_without_the_role needs Pools,
}

async fn create(service: &Service, pool_list: serde_json::Value) -> Reply {
    let input = json!({ "flavor_name": "gold", "pool_list": pool_list });
    service.call(FlavorCreate, input).await
}

async fn gives_its_pools_the_flavor(service: &Service) {
    service.create_pools(["p1", "p2"]).await;

    let input = json!({ "flavor_name": "gold", "pool_list": ["p1"], "capabilities": { "a": 1 } });
    service.call(FlavorCreate, input).await.expect_outcome("created");

    assert_eq!(pools(service, "gold").await, json!(["p1"]));
    assert_eq!(flavor_of(service, "p1").await, "gold");
    assert_eq!(flavor_of(service, "p2").await, json!(null));
}

async fn keeps_pools_it_had_before(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    create(service, json!(["p1"])).await.expect_outcome("created");

    create(service, json!(["p2"])).await.expect_outcome("created");

    assert_eq!(pools(service, "gold").await, json!(["p1", "p2"]));
}

async fn takes_a_pool_from_the_flavor_that_had_it(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("silver", ["p1"]).await;

    create(service, json!(["p1"])).await.expect_outcome("created");

    assert_eq!(pools(service, "gold").await, json!(["p1"]));
    assert_eq!(pools(service, "silver").await, json!([]));
}

async fn refuses_a_pool_that_does_not_exist(service: &Service) {
    service.create_pools(["p1"]).await;

    let refused = create(service, json!(["p1", "none"])).await;

    refused
        .expect_error("flavor_pool_unknown")
        .saying("Flavor gold could not be created, error:Pool none does not exist");
    assert!(names(service, json!({})).await.is_empty());
    assert_eq!(flavor_of(service, "p1").await, json!(null));
}

async fn refuses_pools_that_can_do_different_things(service: &Service) {
    service.create_pools(["p1"]).await;
    let (uri, flavor) = (service.other_kind_of_uri(), "other");
    service.create_pool("p2", 1, json!({ "uri": uri, "flavor": flavor })).await;

    create(service, json!(["p1", "p2"])).await.expect_error("flavor_does_not_fit");

    assert!(names(service, json!({})).await.is_empty());
}

async fn refuses_a_list_without_pools(service: &Service) {
    let refused = create(service, json!([])).await.expect_outcome("without_pools");

    assert_eq!(refused.body()["title"], "Unable to create");
    assert!(names(service, json!({})).await.is_empty());
}

async fn refuses_what_does_not_fit_the_schema(service: &Service) {
    service.create_pools(["p1"]).await;
    let bad = [
        json!({}),
        json!({ "pool_list": "p1" }),
        json!({ "pool_list": [1] }),
        json!({ "pool_list": null }),
        json!({ "pool_list": ["p1"], "capabilities": "x" }),
    ];
    for mut input in bad {
        input["flavor_name"] = json!("gold");
        service.call(FlavorCreate, input).await.expect_error("input_invalid");
    }
    let input = json!({ "flavor_name": "a b", "pool_list": ["p1"] });
    service.call(FlavorCreate, input).await.expect_error("input_invalid");
    assert!(names(service, json!({})).await.is_empty());
}

async fn leaves_flavors_of_other_projects_alone(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    create(service, json!(["p1"])).await.expect_outcome("created");
    let other = service.in_project(&format!("{}-2", service.project()));

    create(&other, json!(["p1", "p2"])).await.expect_outcome("created");

    assert_eq!(pools(service, "gold").await, json!(["p1"]));
    assert_eq!(pools(&other, "gold").await, json!(["p1", "p2"]));
    other.remove_flavors().await;
    assert_eq!(pools(service, "gold").await, json!(["p1"]));
}

async fn is_refused_without_the_role(service: &Service) {
    service.create_pools(["p1"]).await;

    create(&service.with_roles("member"), json!(["p1"])).await.expect_error("not_authorized");

    assert!(names(service, json!({})).await.is_empty());
}
