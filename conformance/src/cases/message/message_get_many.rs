use serde_json::json;
use sukkal_spec::{ClaimCreate, MessageGetMany};

use crate::case::cases;
use crate::service::Service;

cases! { MessageGetMany:
    shows_what_it_finds_in_the_order_asked_for,
    shows_own_and_claimed_messages,
    finds_none_of_another_queue_or_project,
    refuses_more_than_twenty_ids,
    refuses_an_empty_list needs WebSocket,
    splits_at_commas_and_takes_repeated_parameters needs Http,
}

async fn shows_what_it_finds_in_the_order_asked_for(service: &Service) {
    let ids = service.post("jobs", ["a", "b", "c"]).await;

    let input = json!({ "queue_name": "jobs", "message_ids": [ids[2], "nonsense", ids[0]] });
    let shown = service.call(MessageGetMany, input).await.expect_outcome("shown");

    assert_eq!(shown.message_bodies(), ["c", "a"]);
}

async fn shows_own_and_claimed_messages(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;
    let reply = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    reply.expect_outcome("claimed");

    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    let shown = service.call(MessageGetMany, input).await.expect_outcome("shown");

    assert_eq!(shown.message_bodies(), ["a"]);
}

async fn finds_none_of_another_queue_or_project(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    other.call(MessageGetMany, input).await.expect_outcome("none_found");
    let input = json!({ "queue_name": "other", "message_ids": ids });
    let none = service.call(MessageGetMany, input).await.expect_outcome("none_found");

    assert!(none.messages().is_empty());
}

async fn refuses_more_than_twenty_ids(service: &Service) {
    let ids: Vec<String> = (0..21).map(|number| number.to_string()).collect();

    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    let reply = service.call(MessageGetMany, input).await.expect_error("limit_exceeded");

    reply.saying("Limit must be at least 1 and may not be greater than 20.");
}

async fn refuses_an_empty_list(service: &Service) {
    let input = json!({ "queue_name": "jobs", "message_ids": [] });
    service.call(MessageGetMany, input).await.expect_error("limit_exceeded");
}

async fn splits_at_commas_and_takes_repeated_parameters(service: &Service) {
    let ids = service.post("jobs", ["a", "b", "c"]).await;
    let mut request =
        service.request(MessageGetMany, &json!({ "queue_name": "jobs", "message_ids": ids[..2] }));
    request.path.push_str(&format!("&ids={}&limit=x", ids[2]));

    let info = <MessageGetMany as sukkal_spec::Operation>::INFO;
    let shown = service.send(info, request).await.expect_outcome("shown");

    assert_eq!(shown.message_bodies(), ["a", "b", "c"]);
}
