use serde_json::json;
use sukkal_spec::SubscriptionDelete;

use super::{HOOK, OTHER, UNKNOWN, get, subscribers};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { SubscriptionDelete:
    ends_the_one_it_names,
    is_no_error_twice_or_for_nothing,
    leaves_one_of_another_queue,
    leaves_one_of_another_project,
    lets_the_subscriber_subscribe_again,
}

async fn delete(service: &Service, queue: &str, id: &str) -> Reply {
    let input = json!({ "queue_name": queue, "subscription_id": id });
    service.call(SubscriptionDelete, input).await
}

async fn ends_the_one_it_names(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    service.subscribe("jobs", OTHER).await;

    delete(service, "jobs", &id).await.expect_outcome("deleted");

    get(service, &id).await.expect_error("subscription_does_not_exist");
    assert_eq!(subscribers(service).await, [OTHER]);
}

async fn is_no_error_twice_or_for_nothing(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for id in [&id, &id, UNKNOWN[0], UNKNOWN[1]] {
        delete(service, "jobs", id).await.expect_outcome("deleted");
    }
    delete(service, "unknown", UNKNOWN[0]).await.expect_outcome("deleted");
}

async fn leaves_one_of_another_queue(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    delete(service, "other", &id).await.expect_outcome("deleted");

    assert_eq!(subscribers(service).await, [HOOK]);
}

async fn leaves_one_of_another_project(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let stranger = service.in_project(&format!("{}-other", service.project()));

    delete(&stranger, "jobs", &id).await.expect_outcome("deleted");

    assert_eq!(subscribers(service).await, [HOOK]);
}

async fn lets_the_subscriber_subscribe_again(service: &Service) {
    let first = service.subscribe("jobs", HOOK).await;
    delete(service, "jobs", &first).await;

    let second = service.subscribe("jobs", HOOK).await;

    assert_ne!(first, second);
    assert_eq!(subscribers(service).await, [HOOK]);
}
