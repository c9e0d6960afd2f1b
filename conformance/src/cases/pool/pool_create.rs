use serde_json::json;
use sukkal_spec::{Operation, PoolCreate};

use super::{get, names};
use crate::case::cases;
use crate::service::{Service, Transport};

cases! { PoolCreate:
    registers_a_pool_with_all_it_is_given needs Pools,
    replaces_a_pool_entirely needs Pools,
    refuses_what_does_not_fit_the_schema needs Pools,
    refuses_members_it_does_not_know needs Pools Http,
    refuses_a_name_with_other_characters needs Pools,
    refuses_a_store_that_cannot_be_reached needs Pools,
    shows_no_password_of_a_store_that_cannot_be_reached needs Pools,
    refuses_the_uri_of_another_pool needs Pools,
    refuses_a_store_that_can_do_other_things needs Pools,
    is_refused_without_the_role needs Pools,
}

async fn registers_a_pool_with_all_it_is_given(service: &Service) {
    let more = json!({ "weight": 0, "flavor": "gold", "options": { "note": "rack 7" } });

    service.create_pool("p1", 0, more).await;

    let body = get(service, "p1").await.expect_outcome("shown").body().clone();
    assert_eq!(body["uri"], service.pool_uri(0));
    assert_eq!((&body["weight"], &body["flavor"]), (&json!(0), &json!("gold")));
    assert_eq!(body["options"], json!({ "note": "rack 7" }));
}

async fn replaces_a_pool_entirely(service: &Service) {
    let more = json!({ "flavor": "gold", "options": { "note": "rack 7" } });
    service.create_pool("p1", 0, more).await;

    service.create_pool("p1", 1, json!({ "weight": 7 })).await;

    let body = get(service, "p1").await.expect_outcome("shown").body().clone();
    assert_eq!(body["uri"], service.pool_uri(1));
    assert_eq!(body["weight"], 7);
    assert_eq!((&body["flavor"], &body["options"]), (&json!(null), &json!({})));
}

async fn refuses_what_does_not_fit_the_schema(service: &Service) {
    let uri = service.pool_uri(0);
    let bad = [
        json!({ "uri": uri }),
        json!({ "weight": 1 }),
        json!({ "weight": -1, "uri": uri }),
        json!({ "weight": 4_294_967_296_i64, "uri": uri }),
        json!({ "weight": true, "uri": uri }),
        json!({ "weight": "1", "uri": uri }),
        json!({ "weight": 1, "uri": 5 }),
        json!({ "weight": 1, "uri": "x".repeat(256) }),
        json!({ "weight": 1, "uri": uri, "flavor": null }),
        json!({ "weight": 1, "uri": uri, "flavor": "f".repeat(256) }),
        json!({ "weight": 1, "uri": uri, "options": "x" }),
        json!({ "weight": 1, "uri": uri, "options": [] }),
    ];
    for mut input in bad {
        input["pool_name"] = json!("p1");
        service.call(PoolCreate, input).await.expect_error("input_invalid");
    }

    assert!(names(service, json!({})).await.is_empty());
}

async fn refuses_members_it_does_not_know(service: &Service) {
    let input = json!({ "pool_name": "p1", "weight": 1, "uri": service.pool_uri(0) });
    let mut request = service.request(PoolCreate, &input);
    request.body = Some(br#"{"weight": 1, "uri": "memory:", "colour": "red"}"#.to_vec());

    let refused = service.send(PoolCreate::INFO, request).await;

    refused.expect_error("members_unknown");
    assert!(names(service, json!({})).await.is_empty());
}

async fn refuses_a_name_with_other_characters(service: &Service) {
    let long = "p".repeat(256);
    // A slash in a path begins another segment.
    let slash = if service.transport() == Transport::Http { "a%b" } else { "a/b" };
    for name in ["a b", "é", slash, &long] {
        let input = json!({ "pool_name": name, "weight": 1, "uri": service.pool_uri(0) });
        service.call(PoolCreate, input).await.expect_error("input_invalid");
    }
}

async fn refuses_a_store_that_cannot_be_reached(service: &Service) {
    for uri in ["nothing://127.0.0.1:1", "nothing", "", "redis://127.0.0.1:1/0"] {
        let input = json!({ "pool_name": "p1", "weight": 1, "uri": uri });
        let reply = service.call(PoolCreate, input).await.expect_error("pool_unreachable");
        reply.saying(&format!("cannot connect to {uri}"));
    }
    assert!(names(service, json!({})).await.is_empty());
}

async fn shows_no_password_of_a_store_that_cannot_be_reached(service: &Service) {
    for uri in ["nothing://anna:geheim@host/1", "redis://:geheim@127.0.0.1:1/0"] {
        let input = json!({ "pool_name": "p1", "weight": 1, "uri": uri });
        let reply = service.call(PoolCreate, input).await.expect_error("pool_unreachable");
        assert!(!reply.body().to_string().contains("geheim"), "{}", reply.body());
    }
}

async fn refuses_the_uri_of_another_pool(service: &Service) {
    service.create_pools(["p1"]).await;

    let input = json!({ "pool_name": "p2", "weight": 1, "uri": service.pool_uri(0) });
    service.call(PoolCreate, input).await.expect_error("pool_uri_taken");

    assert_eq!(names(service, json!({})).await, ["p1"]);
    service.create_pool("p1", 0, json!({ "weight": 3 })).await;
}

async fn refuses_a_store_that_can_do_other_things(service: &Service) {
    service.create_pools(["p1"]).await;
    let mut input = json!({ "pool_name": "p2", "weight": 1, "uri": service.other_kind_of_uri() });

    service.call(PoolCreate, input.clone()).await.expect_error("pool_does_not_fit");

    input["flavor"] = json!("other");
    service.call(PoolCreate, input).await.expect_outcome("created");
}

async fn is_refused_without_the_role(service: &Service) {
    let input = json!({ "pool_name": "p1", "weight": 1, "uri": service.pool_uri(0) });
    for roles in ["", "member"] {
        let reply = service.with_roles(roles).call(PoolCreate, input.clone()).await;
        reply.expect_error("not_authorized");
    }
    assert!(names(service, json!({})).await.is_empty());
}
