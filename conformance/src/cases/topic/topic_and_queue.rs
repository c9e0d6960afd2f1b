//! A queue and a topic of one name have nothing in common.

use serde_json::json;
use sukkal_spec::{
    MessageList, MessagePost, Operation, QueueDelete, QueueGet, QueueList, QueuePurge,
    SubscriptionList, TopicDelete, TopicGet, TopicMessageGet, TopicMessageList, TopicPurge,
    TopicSubscriptionCreate,
};

use super::{call, create, post};
use crate::case::cases;
use crate::client::HttpRequest;
use crate::service::Service;

const HOOK: &str = "http://127.0.0.1:1/hook";

cases! {
    TopicMessagePost:
        messages_stay_apart_from_those_of_a_queue,
        neither_purge_nor_deletion_reaches_a_queue,
        neither_purge_nor_deletion_of_a_queue_reaches_a_topic,
        a_message_of_a_queue_is_none_of_a_topic;
    TopicGet:
        metadata_stays_apart_from_that_of_a_queue;
    TopicSubscriptionCreate:
        subscriptions_stay_apart_from_those_of_a_queue;
    TopicMessageList:
        nothing_can_be_claimed needs Http,
}

/// A queue and a topic called `news`, with one message each.
async fn both(service: &Service) -> Vec<String> {
    post(service, json!(["of the topic"])).await;
    service.post("news", ["of the queue"]).await
}

async fn of_topic(service: &Service) -> Vec<serde_json::Value> {
    let listed = call(service, TopicMessageList, json!({ "echo": true })).await;
    listed.expect_outcome("listed").message_bodies()
}

async fn of_queue(service: &Service) -> Vec<serde_json::Value> {
    let input = json!({ "queue_name": "news", "echo": true });
    service.call(MessageList, input).await.expect_outcome("listed").message_bodies()
}

async fn messages_stay_apart_from_those_of_a_queue(service: &Service) {
    both(service).await;

    assert_eq!(of_topic(service).await, ["of the topic"]);
    assert_eq!(of_queue(service).await, ["of the queue"]);
}

async fn neither_purge_nor_deletion_reaches_a_queue(service: &Service) {
    both(service).await;

    call(service, TopicPurge, json!({})).await.expect_outcome("purged");
    call(service, TopicDelete, json!({})).await.expect_outcome("deleted");

    assert_eq!(of_queue(service).await, ["of the queue"]);
    let queues = service.call(QueueList, json!({})).await;
    assert_eq!(queues.queue_names(), ["news"]);
}

async fn neither_purge_nor_deletion_of_a_queue_reaches_a_topic(service: &Service) {
    both(service).await;

    let queue = json!({ "queue_name": "news" });
    service.call(QueuePurge, queue.clone()).await.expect_outcome("purged");
    service.call(QueueDelete, queue).await.expect_outcome("deleted");

    assert_eq!(of_topic(service).await, ["of the topic"]);
}

async fn a_message_of_a_queue_is_none_of_a_topic(service: &Service) {
    let ids = both(service).await;

    let reply = call(service, TopicMessageGet, json!({ "message_id": ids[0] })).await;

    reply.expect_error("topic_message_does_not_exist");
}

async fn metadata_stays_apart_from_that_of_a_queue(service: &Service) {
    service.create_queue("news", json!({ "color": "red" })).await;
    create(service, "news", json!({ "color": "blue" })).await.expect_outcome("created");

    let topic = call(service, TopicGet, json!({})).await.expect_outcome("shown");
    let queue = service.call(QueueGet, json!({ "queue_name": "news" })).await;

    assert_eq!((&topic.body()["color"], &queue.body()["color"]), (&json!("blue"), &json!("red")));
}

async fn subscriptions_stay_apart_from_those_of_a_queue(service: &Service) {
    let input = json!({ "subscriber": HOOK });
    call(service, TopicSubscriptionCreate, input).await.expect_outcome("created");

    let listed = service.call(SubscriptionList, json!({ "queue_name": "news" })).await;
    assert_eq!(listed.expect_outcome("listed").body()["subscriptions"], json!([]));
    service.subscribe("news", HOOK).await;
}

async fn nothing_can_be_claimed(service: &Service) {
    post(service, json!(["a"])).await;
    let request: HttpRequest = service.request(MessagePost, &json!({ "queue_name": "news" }));
    let path = "/v2/topics/news/claims".to_owned();

    let reply = service.send(MessagePost::INFO, HttpRequest { path, ..request }).await;

    reply.expect_error("route_unknown");
}
