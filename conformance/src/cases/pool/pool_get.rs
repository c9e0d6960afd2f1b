use serde_json::json;
use sukkal_spec::PoolGet;

use crate::case::cases;
use crate::service::Service;

cases! { PoolGet:
    shows_options_only_with_details needs Pools,
    knows_no_other_pool needs Pools,
    is_refused_without_the_role needs Pools,
}

async fn shows_options_only_with_details(service: &Service) {
    service.create_pool("p1", 0, json!({ "options": { "a": 1 } })).await;

    let plain = service.call(PoolGet, json!({ "pool_name": "p1" })).await.expect_outcome("shown");
    let input = json!({ "pool_name": "p1", "detailed": true });
    let detailed = service.call(PoolGet, input).await.expect_outcome("shown");

    assert!(plain.body().get("options").is_none(), "{}", plain.body());
    assert_eq!(detailed.body()["options"], json!({ "a": 1 }));
    assert_eq!(plain.body()["flavor"], json!(null));
}

async fn knows_no_other_pool(service: &Service) {
    let reply = service.call(PoolGet, json!({ "pool_name": "none" })).await;
    reply.expect_error("pool_does_not_exist").saying("Pool none does not exist");
}

async fn is_refused_without_the_role(service: &Service) {
    let reply = service.with_roles("member").call(PoolGet, json!({ "pool_name": "p1" })).await;
    reply.expect_error("not_authorized");
}
