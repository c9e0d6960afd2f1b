use super::{HOOK, UNKNOWN, get, shown};
use crate::case::cases;
use crate::service::Service;

cases! { SubscriptionGet:
    counts_its_age_in_whole_seconds needs Clock,
    is_refused_for_a_subscription_that_does_not_exist,
    is_refused_for_one_of_another_queue,
}

async fn counts_its_age_in_whole_seconds(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    service.advance_clock(7);

    assert_eq!(shown(service, &id).await["age"], 7);
}

async fn is_refused_for_a_subscription_that_does_not_exist(service: &Service) {
    for id in UNKNOWN {
        get(service, id).await.expect_error("subscription_does_not_exist").saying(id);
    }
}

async fn is_refused_for_one_of_another_queue(service: &Service) {
    let id = service.subscribe("other", HOOK).await;

    get(service, &id).await.expect_error("subscription_does_not_exist");
}
