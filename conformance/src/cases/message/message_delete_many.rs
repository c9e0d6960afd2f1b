use serde_json::json;
use sukkal_spec::{ClaimCreate, MessageDeleteMany, MessageList, QueueGetStats};

use crate::case::cases;
use crate::service::Service;

cases! { MessageDeleteMany:
    removes_all_that_are_named_and_skips_the_unknown,
    removes_claimed_messages_as_well,
    refuses_more_than_twenty_ids_and_an_empty_list needs WebSocket,
    refuses_more_than_twenty_ids needs Http,
    refuses_a_call_without_ids_and_pop,
    refuses_ids_and_pop_together,
    does_not_reach_into_another_queue_or_project,
}

async fn removes_all_that_are_named_and_skips_the_unknown(service: &Service) {
    let ids = service.post("jobs", ["a", "b", "c"]).await;

    let input = json!({ "queue_name": "jobs", "message_ids": [ids[0], "nonsense", ids[2]] });
    service.call(MessageDeleteMany, input).await.expect_outcome("deleted");

    let rest = service.call(MessageList, json!({ "queue_name": "jobs", "echo": true })).await;
    assert_eq!(rest.expect_outcome("listed").message_bodies(), ["b"]);
}

async fn removes_claimed_messages_as_well(service: &Service) {
    let ids = service.post("jobs", ["a", "b"]).await;
    let input = json!({ "queue_name": "jobs", "limit": 1 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");

    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    service.call(MessageDeleteMany, input).await.expect_outcome("deleted");

    let stats = service.call(QueueGetStats, json!({ "queue_name": "jobs" })).await;
    assert_eq!(stats.expect_outcome("counted").counts(), [Some(0), Some(0), Some(0)]);
}

async fn refuses_more_than_twenty_ids(service: &Service) {
    let ids: Vec<String> = (0..21).map(|number| number.to_string()).collect();

    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    let reply = service.call(MessageDeleteMany, input).await.expect_error("limit_exceeded");

    reply.saying("ids parameter should have at least 1 and not greater than 20 values.");
}

async fn refuses_more_than_twenty_ids_and_an_empty_list(service: &Service) {
    refuses_more_than_twenty_ids(service).await;

    let input = json!({ "queue_name": "jobs", "message_ids": [] });
    service.call(MessageDeleteMany, input).await.expect_error("limit_exceeded");
}

async fn refuses_a_call_without_ids_and_pop(service: &Service) {
    let reply = service.call(MessageDeleteMany, json!({ "queue_name": "jobs" })).await;

    reply.expect_error("call_misfit").saying("either \"ids\" or \"pop\"");
}

async fn refuses_ids_and_pop_together(service: &Service) {
    let input = json!({ "queue_name": "jobs", "message_ids": ["a"], "pop": 1 });
    let reply = service.call(MessageDeleteMany, input).await;

    reply.expect_error("call_misfit").saying("cannot be present together");
}

async fn does_not_reach_into_another_queue_or_project(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    let elsewhere = json!({ "queue_name": "other", "message_ids": ids });
    service.call(MessageDeleteMany, elsewhere).await.expect_outcome("deleted");
    let input = json!({ "queue_name": "jobs", "message_ids": ids });
    other.call(MessageDeleteMany, input).await.expect_outcome("deleted");

    let rest = service.call(MessageList, json!({ "queue_name": "jobs", "echo": true })).await;
    assert_eq!(rest.message_bodies(), ["a"]);
}
