use serde_json::{Value, json};
use sukkal_spec::{SUBSCRIPTION_CONFIRM_INFO, SubscriptionConfirm};

use super::{HOOK, UNKNOWN, shown};
use crate::case::cases;
use crate::service::{Reply, Service};

cases! { SubscriptionConfirm:
    confirms_and_takes_it_back,
    says_where_it_happened needs Http,
    is_refused_for_a_subscription_that_does_not_exist,
    is_refused_for_one_of_another_queue,
    refuses_anything_but_a_truth_value,
    refuses_a_list needs Http,
}

async fn confirm(service: &Service, queue: &str, id: &str, confirmed: Value) -> Reply {
    let input = json!({ "queue_name": queue, "subscription_id": id, "confirmed": confirmed });
    service.call(SubscriptionConfirm, input).await
}

async fn confirms_and_takes_it_back(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for truth in [true, true, false] {
        confirm(service, "jobs", &id, truth.into()).await.expect_outcome("confirmed");
        assert_eq!(shown(service, &id).await["confirmed"], truth);
    }
}

async fn says_where_it_happened(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    let reply = confirm(service, "jobs", &id, true.into()).await;

    let place = format!("/v2/queues/jobs/subscriptions/{id}/confirm");
    assert_eq!(reply.header("location"), Some(place));
}

async fn is_refused_for_a_subscription_that_does_not_exist(service: &Service) {
    for id in UNKNOWN {
        let reply = confirm(service, "jobs", id, true.into()).await;
        reply.expect_error("subscription_does_not_exist").saying(id);
    }
}

async fn is_refused_for_one_of_another_queue(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;

    for truth in [true, false] {
        let reply = confirm(service, "other", &id, truth.into()).await;
        reply.expect_error("subscription_does_not_exist");
    }
    assert_eq!(shown(service, &id).await["confirmed"], false);
}

async fn refuses_anything_but_a_truth_value(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    for value in [json!("yes"), json!(1), json!(null), json!([true])] {
        confirm(service, "jobs", &id, value).await.expect_error("input_invalid");
    }
    let input = json!({ "queue_name": "jobs", "subscription_id": id, "other": true });
    service.call(SubscriptionConfirm, input).await.expect_error("input_invalid");
    assert_eq!(shown(service, &id).await["confirmed"], false);
}

async fn refuses_a_list(service: &Service) {
    let id = service.subscribe("jobs", HOOK).await;
    let input = json!({ "queue_name": "jobs", "subscription_id": id });
    let mut request = service.request(SubscriptionConfirm, &input);
    request.body = Some(b"[true]".to_vec());

    let reply =
        service.send(SUBSCRIPTION_CONFIRM_INFO, request).await.expect_error("input_invalid");

    assert_eq!(reply.body()["title"], "Unable to confirm subscription");
    reply.saying(&id);
}
