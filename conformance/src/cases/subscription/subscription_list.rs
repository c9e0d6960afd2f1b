use serde_json::{Value, json};
use sukkal_spec::{QueuePurge, SubscriptionList};

use super::{HOOK, OTHER, subscribers};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    SubscriptionList:
        pages_in_the_order_of_creation,
        shows_ten_unless_asked_for_another_number,
        is_empty_after_a_marker_that_is_no_id,
        knows_nothing_of_a_queue_that_does_not_exist,
        refuses_limits_out_of_bounds,
        refuses_a_limit_that_is_no_integer needs Http;
    QueuePurge:
        removes_every_subscription,
        leaves_subscriptions_when_only_messages_are_named,
}

async fn list(service: &Service, more: Value) -> Reply {
    let mut input = json!({ "queue_name": "jobs" });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    service.call(SubscriptionList, input).await
}

fn ids(reply: &Reply) -> Vec<String> {
    let listed = reply.body()["subscriptions"].as_array().unwrap();
    listed.iter().map(|each| each["id"].as_str().unwrap().to_owned()).collect()
}

async fn subscribed(service: &Service, count: usize) -> Vec<String> {
    let mut made = Vec::new();
    for at in 0..count {
        made.push(service.subscribe("jobs", &format!("{HOOK}/{at}")).await);
    }
    made
}

async fn pages_in_the_order_of_creation(service: &Service) {
    let made = subscribed(service, 5).await;

    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let mut input = json!({ "limit": 2 });
        if let Some(marker) = &marker {
            input["marker"] = json!(marker);
        }
        let page = ids(&list(service, input).await.expect_outcome("listed"));
        let Some(last) = page.last() else { break };
        marker = Some(last.clone());
        seen.extend(page);
    }

    assert_eq!(seen, made);
}

async fn shows_ten_unless_asked_for_another_number(service: &Service) {
    let made = subscribed(service, 12).await;

    assert_eq!(ids(&list(service, json!({})).await), made[..10]);
    assert_eq!(ids(&list(service, json!({ "limit": 20 })).await), made);
}

async fn is_empty_after_a_marker_that_is_no_id(service: &Service) {
    service.subscribe("jobs", HOOK).await;

    let reply = list(service, json!({ "marker": "nonsense" })).await.expect_outcome("listed");

    assert!(ids(&reply).is_empty());
}

async fn knows_nothing_of_a_queue_that_does_not_exist(service: &Service) {
    let reply = list(service, json!({})).await.expect_outcome("listed");

    assert!(ids(&reply).is_empty());
}

async fn refuses_limits_out_of_bounds(service: &Service) {
    for limit in [0, -1, 21] {
        let reply = list(service, json!({ "limit": limit })).await.expect_error("limit_exceeded");
        reply.saying("Limit must be at least 1 and may not be greater than 20.");
    }
}

async fn refuses_a_limit_that_is_no_integer(service: &Service) {
    list(service, json!({ "limit": "x" })).await.expect_error("parameter_invalid");
}

async fn removes_every_subscription(service: &Service) {
    subscribed(service, 12).await;
    service.post("jobs", ["a"]).await;

    let input = json!({ "queue_name": "jobs", "resource_types": ["subscriptions"] });
    service.call(QueuePurge, input).await.expect_outcome("purged");

    assert!(subscribers(service).await.is_empty());
}

async fn leaves_subscriptions_when_only_messages_are_named(service: &Service) {
    service.subscribe("jobs", OTHER).await;

    let input = json!({ "queue_name": "jobs", "resource_types": ["messages"] });
    service.call(QueuePurge, input).await.expect_outcome("purged");

    assert_eq!(subscribers(service).await, [OTHER]);
}
