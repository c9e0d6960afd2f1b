use serde_json::json;
use sukkal_spec::SubscriptionCreate;

use super::{HOOK, get, shown, subscribers};
use crate::case::cases;
use crate::service::Service;

cases! { SubscriptionCreate:
    subscribes_the_connection_itself needs WebSocket,
    takes_an_empty_subscriber_as_none needs WebSocket,
    subscribes_a_connection_once_per_queue needs WebSocket,
    tells_connections_apart needs WebSocket,
    ends_with_the_connection needs WebSocket,
    leaves_what_names_its_subscriber_when_the_connection_ends needs WebSocket,
    ends_after_its_ttl_though_the_connection_lives needs WebSocket Clock,
}

/// Subscribes the connection of a service to the queue `jobs`.
async fn subscribe(service: &Service) -> String {
    let input = json!({ "queue_name": "jobs", "ttl": 60 });
    let reply = service.call(SubscriptionCreate, input).await.expect_outcome("created");
    reply.body()["subscription_id"].as_str().unwrap().to_owned()
}

async fn subscribes_the_connection_itself(service: &Service) {
    let id = subscribe(service).await;

    let found = shown(service, &id).await;
    assert_eq!((&found["ttl"], &found["confirmed"]), (&json!(60), &json!(false)));
    assert!(found["subscriber"].as_str().is_some_and(|uri| uri.contains(':')), "{found}");
}

async fn takes_an_empty_subscriber_as_none(service: &Service) {
    let input = json!({ "queue_name": "jobs", "subscriber": "" });

    service.call(SubscriptionCreate, input).await.expect_outcome("created");

    assert_ne!(subscribers(service).await, [""]);
}

async fn subscribes_a_connection_once_per_queue(service: &Service) {
    subscribe(service).await;

    let again = json!({ "queue_name": "jobs" });
    service.call(SubscriptionCreate, again).await.expect_outcome("waits_for_confirmation");

    let other = json!({ "queue_name": "other" });
    service.call(SubscriptionCreate, other).await.expect_outcome("created");
}

async fn tells_connections_apart(service: &Service) {
    subscribe(service).await;
    let other = service.on_another_connection();
    subscribe(&other).await;

    let all = subscribers(service).await;
    assert!(matches!(&all[..], [one, other] if one != other), "{all:?}");
    other.disconnect().await;
}

async fn ends_with_the_connection(service: &Service) {
    let other = service.on_another_connection();
    let id = subscribe(&other).await;
    shown(service, &id).await;

    other.disconnect().await;

    get(service, &id).await.expect_error("subscription_does_not_exist");
}

async fn leaves_what_names_its_subscriber_when_the_connection_ends(service: &Service) {
    let other = service.on_another_connection();
    other.subscribe("jobs", HOOK).await;

    other.disconnect().await;

    assert_eq!(subscribers(service).await, [HOOK]);
}

async fn ends_after_its_ttl_though_the_connection_lives(service: &Service) {
    let id = subscribe(service).await;

    service.advance_clock(61);

    get(service, &id).await.expect_error("subscription_does_not_exist");
}
