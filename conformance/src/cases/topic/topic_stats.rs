use serde_json::json;
use sukkal_spec::{TopicGetStats, TopicPurge};

use super::{call, create, post};
use crate::case::cases;
use crate::service::Service;

cases! {
    TopicGetStats:
        counts_all_messages_alike,
        has_no_first_and_last_message_when_there_is_none,
        counts_nothing_in_a_topic_that_does_not_exist;
    TopicPurge:
        removes_every_message,
        is_no_error_for_a_topic_that_does_not_exist,
        refuses_other_resources needs Http,
}

async fn counts_all_messages_alike(service: &Service) {
    let ids = post(service, json!(["a", "b", "c"])).await;

    let stats = call(service, TopicGetStats, json!({})).await.expect_outcome("counted");

    assert_eq!(stats.counts(), [None, None, Some(3)]);
    let messages = &stats.body()["messages"];
    assert_eq!(
        (&messages["oldest"]["body"], &messages["newest"]["body"]),
        (&json!("a"), &json!("c"))
    );
    if let Some(href) = messages["oldest"]["href"].as_str() {
        assert_eq!(href, format!("/v2/topics/news/messages/{}", ids[0]));
    }
}

async fn has_no_first_and_last_message_when_there_is_none(service: &Service) {
    create(service, "news", json!({})).await;

    let stats = call(service, TopicGetStats, json!({})).await.expect_outcome("counted");

    assert_eq!(stats.body()["messages"], json!({ "total": 0 }));
}

async fn counts_nothing_in_a_topic_that_does_not_exist(service: &Service) {
    let stats = call(service, TopicGetStats, json!({})).await.expect_outcome("unknown_topic");

    assert_eq!(stats.counts(), [Some(0), Some(0), Some(0)]);
}

async fn removes_every_message(service: &Service) {
    create(service, "news", json!({ "_default_message_delay": 100 })).await;
    post(service, json!(["a", "b"])).await;

    call(service, TopicPurge, json!({})).await.expect_outcome("purged");

    let stats = call(service, TopicGetStats, json!({})).await.expect_outcome("counted");
    assert_eq!(stats.body()["messages"], json!({ "total": 0 }));
}

async fn is_no_error_for_a_topic_that_does_not_exist(service: &Service) {
    call(service, TopicPurge, json!({})).await.expect_outcome("purged");
}

async fn refuses_other_resources(service: &Service) {
    for resources in [json!(["claims"]), json!(["messages", "x"])] {
        let reply = call(service, TopicPurge, json!({ "resource_types": resources })).await;
        reply.expect_error("value_not_allowed");
    }
}
