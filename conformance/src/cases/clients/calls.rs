use serde_json::{Value, json};
use sukkal_spec::{
    MessageGetMany, MessageList, MessagePost, Operation, QueueGet, QueueList, SubscriptionList,
    Versions,
};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    QueueList:
        lists_answer_with_json_even_when_they_are_empty needs Http,
        links_begin_with_the_version needs Http,
        parameters_nobody_knows_are_ignored needs Http,
        truth_values_of_python_and_go_are_read needs Http;
    Versions: an_endpoint_has_no_version_in_its_path needs Http;
    QueueGet:
        a_client_id_may_lack_its_dashes needs Http,
        the_case_of_header_names_does_not_matter needs Http;
    MessageGetMany: ids_come_with_commas_or_repeated needs Http;
    MessageList: an_error_has_a_title_and_a_description needs Http;
    MessagePost:
        a_socket_answers_each_request_in_order needs WebSocket,
        a_socket_tells_the_status_as_an_integer needs WebSocket;
}

async fn lists_answer_with_json_even_when_they_are_empty(service: &Service) {
    let queues = service.call(QueueList, json!({})).await.expect_outcome("listed");
    let jobs = json!({ "queue_name": "jobs" });
    let messages = service.call(MessageList, jobs.clone()).await.expect_outcome("listed");
    let subscriptions = service.call(SubscriptionList, jobs).await.expect_outcome("listed");

    assert_eq!(queues.body()["queues"], json!([]));
    assert_eq!(messages.body()["messages"], json!([]));
    assert_eq!(subscriptions.body()["subscriptions"], json!([]));
}

async fn links_begin_with_the_version(service: &Service) {
    service.post("jobs", ["a", "b"]).await;
    let page = json!({ "queue_name": "jobs", "limit": 1, "echo": true });
    let messages = service.call(MessageList, page).await.expect_outcome("listed");
    let queues = service.call(QueueList, json!({ "limit": 1 })).await.expect_outcome("listed");

    for reply in [messages, queues] {
        let href = reply.body()["links"][0]["href"].as_str().unwrap_or_default();
        assert!(href.starts_with("/v2/queues"), "{href}");
    }
}

async fn parameters_nobody_knows_are_ignored(service: &Service) {
    let mut request = service.request(QueueList, &json!({}));
    request.path.push_str("?zone=here&limit=3");

    service.send(QueueList::INFO, request).await.expect_outcome("listed");
}

async fn truth_values_of_python_and_go_are_read(service: &Service) {
    service.create_queue("jobs", json!({ "a": 1 })).await;
    for (word, detailed) in [("True", true), ("true", true), ("False", false), ("false", false)] {
        let mut request = service.request(QueueList, &json!({}));
        request.path.push_str(&format!("?detailed={word}"));
        let listed = service.send(QueueList::INFO, request).await.expect_outcome("listed");
        assert_eq!(listed.body()["queues"][0]["metadata"].is_object(), detailed, "{word}");
    }
}

async fn an_endpoint_has_no_version_in_its_path(service: &Service) {
    let versions = service.call(Versions, json!({})).await;

    let links = &versions.body()["versions"][0]["links"];
    assert_eq!(links[0]["href"], "/v2/", "{links}");
}

async fn shown_with(service: &Service, name: &str, value: &str) -> Reply {
    let mut request = service.request(QueueGet, &json!({ "queue_name": "jobs" }));
    request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    request.headers.push((name.to_owned(), value.to_owned()));
    service.send(QueueGet::INFO, request).await
}

async fn a_client_id_may_lack_its_dashes(service: &Service) {
    let undashed = service.client().replace('-', "");

    shown_with(service, "Client-ID", &undashed).await.expect_outcome("shown");
}

async fn the_case_of_header_names_does_not_matter(service: &Service) {
    for name in ["client-id", "CLIENT-ID", "Client-Id"] {
        shown_with(service, name, service.client()).await.expect_outcome("shown");
    }
    for name in ["x-project-id", "X-PROJECT-ID", "X-Project-Id"] {
        shown_with(service, name, service.project()).await.expect_outcome("shown");
    }
}

async fn ids_come_with_commas_or_repeated(service: &Service) {
    let ids = service.post("jobs", ["a", "b"]).await;
    for query in [format!("ids={},{}", ids[0], ids[1]), format!("ids={}&ids={}", ids[0], ids[1])] {
        let input = json!({ "queue_name": "jobs", "message_ids": ids });
        let mut request = service.request(MessageGetMany, &input);
        request.path = format!("/v2/queues/jobs/messages?{query}");
        let shown = service.send(MessageGetMany::INFO, request).await.expect_outcome("shown");
        assert_eq!(shown.messages().len(), 2, "{query}");
    }
}

async fn an_error_has_a_title_and_a_description(service: &Service) {
    let refused = service.call(MessageList, json!({ "queue_name": "jobs", "limit": 0 })).await;

    let body = refused.expect_error("limit_exceeded").body().clone();
    assert!(body["title"].is_string() && body["description"].is_string(), "{body}");
}

async fn a_socket_answers_each_request_in_order(service: &Service) {
    let frames: Vec<Value> = (0..5)
        .map(|number| {
            let input =
                json!({ "queue_name": format!("q{number}"), "messages": [{ "body": number }] });
            service.frame(MessagePost, input)
        })
        .collect();

    let replies = service.exchange_all(MessagePost::INFO, &frames).await;

    assert_eq!(replies.len(), frames.len());
    for (number, reply) in replies.into_iter().enumerate() {
        let reply = reply.expect_outcome("posted");
        let request = reply.request().cloned().unwrap_or_default();
        assert_eq!(request["body"]["queue_name"], format!("q{number}"));
    }
}

async fn a_socket_tells_the_status_as_an_integer(service: &Service) {
    let input = json!({ "queue_name": "jobs", "messages": [{ "body": 1 }] });
    let posted = service.call(MessagePost, input).await.expect_outcome("posted");

    assert!(posted.status() > 0, "anything but an integer counts as zero");
}
