use serde_json::{Value, json};
use sukkal_spec::{
    TopicList, TopicMessageDelete, TopicMessageDeleteMany, TopicMessageGet, TopicMessageGetMany,
    TopicMessageList, TopicMessagePost,
};

use super::{call, create, post};
use crate::case::cases;
use crate::service::{Reply, Service, Transport};

cases! {
    TopicMessagePost:
        keeps_messages_in_order,
        creates_the_topic,
        gives_messages_the_ttl_of_the_topic needs Clock,
        keeps_to_the_size_of_the_topic,
        refuses_messages_that_break_the_rules,
        names_messages_under_the_topic needs Http;
    TopicMessageList:
        hides_own_messages_unless_asked,
        pages_through_all_of_them,
        hides_delayed_messages_unless_asked,
        refuses_limits_out_of_bounds;
    TopicMessageGet:
        shows_any_message,
        refuses_a_message_that_does_not_exist;
    TopicMessageGetMany:
        shows_those_that_exist,
        finds_none_of_unknown_ids;
    TopicMessageDelete:
        removes_one_message,
        is_no_error_for_nothing;
    TopicMessageDeleteMany:
        removes_all_it_names,
        needs_ids,
        pops_nothing needs Http,
}

async fn list(service: &Service, more: Value) -> Reply {
    let mut input = json!({ "echo": true });
    for (name, value) in more.as_object().into_iter().flatten() {
        input[name] = value.clone();
    }
    call(service, TopicMessageList, input).await.expect_outcome("listed")
}

async fn keeps_messages_in_order(service: &Service) {
    let first = post(service, json!(["a", { "b": [null] }])).await;
    let second = post(service, json!([3])).await;

    let listed = list(service, json!({})).await;

    assert_eq!(listed.message_ids(), [first, second].concat());
    assert_eq!(listed.message_bodies(), [json!("a"), json!({ "b": [null] }), json!(3)]);
}

async fn creates_the_topic(service: &Service) {
    post(service, json!(["a"])).await;

    let topics = service.call(TopicList, json!({})).await;
    assert_eq!(topics.body()["topics"][0]["name"], "news");
}

async fn gives_messages_the_ttl_of_the_topic(service: &Service) {
    create(service, "news", json!({ "_default_message_ttl": 60 })).await;
    post(service, json!(["a"])).await;
    assert_eq!(list(service, json!({})).await.messages()[0]["ttl"], 60);

    service.advance_clock(61);

    assert!(list(service, json!({})).await.messages().is_empty());
}

async fn keeps_to_the_size_of_the_topic(service: &Service) {
    create(service, "news", json!({ "_max_messages_post_size": 100 })).await;

    let messages = json!([{ "body": "a".repeat(100) }]);
    let reply = call(service, TopicMessagePost, json!({ "messages": messages })).await;

    reply.expect_error("messages_too_large_for_queue");
}

async fn refuses_messages_that_break_the_rules(service: &Service) {
    for (messages, error) in [
        (json!([]), "input_invalid"),
        (json!([{ "ttl": 60 }]), "input_invalid"),
        (json!([{ "body": 1, "ttl": 59 }]), "limit_exceeded"),
        (json!([{ "body": 1, "ttl": "x" }]), "input_invalid"),
    ] {
        let reply = call(service, TopicMessagePost, json!({ "messages": messages })).await;
        reply.expect_error(error);
    }
    let topics = service.call(TopicList, json!({})).await;
    assert_eq!(topics.body()["topics"], json!([]));
}

async fn names_messages_under_the_topic(service: &Service) {
    let messages = json!([{ "body": 1 }]);
    let posted = call(service, TopicMessagePost, json!({ "messages": messages })).await;
    let id = posted.message_ids().remove(0);

    let place = format!("/v2/topics/news/messages/{id}");
    assert_eq!(posted.body()["resources"], json!([place]));
    let query = format!("/v2/topics/news/messages?ids={id}");
    assert_eq!(posted.header("location"), Some(query));
    assert_eq!(list(service, json!({})).await.messages()[0]["href"], json!(place));
}

async fn hides_own_messages_unless_asked(service: &Service) {
    post(service, json!(["a"])).await;

    let own = call(service, TopicMessageList, json!({})).await.expect_outcome("listed");
    assert!(own.messages().is_empty());

    let other = call(&service.as_other_client(), TopicMessageList, json!({})).await;
    assert_eq!(other.message_bodies(), ["a"]);
}

async fn pages_through_all_of_them(service: &Service) {
    let posted = post(service, json!([1, 2, 3, 4, 5])).await;

    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let mut input = json!({ "limit": 2 });
        if let Some(marker) = &marker {
            input["marker"] = json!(marker);
        }
        let page = list(service, input).await;
        let Some(next) = page.next_marker() else { break };
        seen.extend(page.message_ids());
        marker = Some(next);
    }

    assert_eq!(seen, posted);
}

async fn hides_delayed_messages_unless_asked(service: &Service) {
    create(service, "news", json!({ "_default_message_delay": 100 })).await;
    post(service, json!(["a"])).await;

    assert!(list(service, json!({})).await.messages().is_empty());
    let all = list(service, json!({ "include_delayed": true })).await;
    assert_eq!(all.message_bodies(), ["a"]);
}

async fn refuses_limits_out_of_bounds(service: &Service) {
    for limit in [0, 21] {
        let reply = call(service, TopicMessageList, json!({ "limit": limit })).await;
        reply.expect_error("limit_exceeded");
    }
}

async fn shows_any_message(service: &Service) {
    let ids = post(service, json!(["a", "b"])).await;

    let shown = call(service, TopicMessageGet, json!({ "message_id": ids[1] })).await;

    assert_eq!(shown.expect_outcome("shown").message_bodies(), ["b"]);
}

async fn refuses_a_message_that_does_not_exist(service: &Service) {
    for id in ["00000000-0000-4000-8000-000000000000", "nonsense"] {
        let reply = call(service, TopicMessageGet, json!({ "message_id": id })).await;
        reply.expect_error("topic_message_does_not_exist").saying("in topic news");
    }
}

async fn shows_those_that_exist(service: &Service) {
    let ids = post(service, json!(["a", "b"])).await;
    let wanted = json!([ids[1], "nonsense", ids[0]]);

    let shown = call(service, TopicMessageGetMany, json!({ "message_ids": wanted })).await;

    assert_eq!(shown.expect_outcome("shown").message_bodies(), ["b", "a"]);
}

async fn finds_none_of_unknown_ids(service: &Service) {
    let reply = call(service, TopicMessageGetMany, json!({ "message_ids": ["x", "y"] })).await;

    reply.expect_outcome("none_found");
}

async fn removes_one_message(service: &Service) {
    let ids = post(service, json!(["a", "b"])).await;

    let reply = call(service, TopicMessageDelete, json!({ "message_id": ids[0] })).await;

    reply.expect_outcome("deleted");
    assert_eq!(list(service, json!({})).await.message_bodies(), ["b"]);
}

async fn is_no_error_for_nothing(service: &Service) {
    for id in ["00000000-0000-4000-8000-000000000000", "nonsense"] {
        let reply = call(service, TopicMessageDelete, json!({ "message_id": id })).await;
        reply.expect_outcome("deleted");
    }
}

async fn removes_all_it_names(service: &Service) {
    let ids = post(service, json!(["a", "b", "c"])).await;
    let named = json!([ids[0], ids[2], "nonsense"]);

    let reply = call(service, TopicMessageDeleteMany, json!({ "message_ids": named })).await;

    reply.expect_outcome("deleted");
    assert_eq!(list(service, json!({})).await.message_bodies(), ["b"]);
}

async fn needs_ids(service: &Service) {
    post(service, json!(["a"])).await;

    let reply = call(service, TopicMessageDeleteMany, json!({})).await;

    let told = reply.expect_error("input_invalid");
    if service.transport() == Transport::Http {
        told.saying("The request should have the \"ids\" parameter");
    }
    assert_eq!(list(service, json!({})).await.message_bodies(), ["a"]);
}

async fn pops_nothing(service: &Service) {
    post(service, json!(["a"])).await;

    let reply = call(service, TopicMessageDeleteMany, json!({ "pop": 1 })).await;

    reply.expect_error("input_invalid");
    assert_eq!(list(service, json!({})).await.message_bodies(), ["a"]);
}
