use serde_json::json;
use sukkal_spec::{Operation, Ping, QueueCreate, QueueGet, QueueList};

use crate::case::cases;
use crate::client::HttpRequest;
use crate::service::{Reply, Service};

cases! { QueueGet:
    asks_who_calls needs Http,
    asks_for_a_project needs Http,
    takes_the_project_from_older_headers needs Http,
    refuses_a_project_id_that_is_too_long needs Http,
    refuses_queue_names_that_break_the_rules_in_paths needs Http,
    checks_the_client_first_then_the_project_then_the_name needs Http,
    knows_no_other_path needs Http,
    refuses_other_methods needs Http,
    refuses_methods_nobody_knows needs Http,
    answers_only_who_takes_json needs Http,
    decodes_the_path needs Http,
}

fn request(service: &Service) -> HttpRequest {
    service.request(QueueGet, &json!({ "queue_name": "jobs" }))
}

fn without(mut request: HttpRequest, header: &str) -> HttpRequest {
    request.headers.retain(|(name, _)| name != header);
    request
}

fn with(request: HttpRequest, header: &str, value: &str) -> HttpRequest {
    let mut request = without(request, header);
    request.headers.push((header.to_owned(), value.to_owned()));
    request
}

async fn send(service: &Service, request: HttpRequest) -> Reply {
    service.send(QueueGet::INFO, request).await
}

async fn asks_who_calls(service: &Service) {
    let missing = without(request(service), "Client-ID");
    send(service, missing).await.expect_error("client_id_missing");
    for client in
        ["", "nonsense", "3381af92-2b9e-11e3-b191-7186130073", "g381af922b9e11e3b19171861300734c"]
    {
        let wrong = with(request(service), "Client-ID", client);
        send(service, wrong).await.expect_error("client_id_malformed");
    }
    for client in [
        "3381af922b9e11e3b19171861300734c",
        "{3381AF92-2B9E-11E3-B191-71861300734C}",
        "urn:uuid:3381af92-2b9e-11e3-b191-71861300734c",
    ] {
        let right = with(request(service), "Client-ID", client);
        send(service, right).await.expect_outcome("shown");
    }
}

async fn asks_for_a_project(service: &Service) {
    let missing = without(request(service), "X-Project-ID");
    send(service, missing).await.expect_error("project_missing");

    let empty = with(request(service), "X-Project-ID", "");
    send(service, empty).await.expect_error("project_empty");
}

async fn takes_the_project_from_older_headers(service: &Service) {
    service.create_queue("jobs", json!({ "color": "red" })).await;
    for header in ["X-Tenant-ID", "X-Tenant", "x-project-id"] {
        let older = with(without(request(service), "X-Project-ID"), header, service.project());
        assert_eq!(send(service, older).await.expect_outcome("shown").body()["color"], "red");
    }
}

async fn refuses_a_project_id_that_is_too_long(service: &Service) {
    let fits = with(request(service), "X-Project-ID", &"p".repeat(256));
    send(service, fits).await.expect_outcome("shown");

    let long = with(request(service), "X-Project-ID", &"p".repeat(257));
    send(service, long).await.expect_error("queue_name_invalid");
}

async fn refuses_queue_names_that_break_the_rules_in_paths(service: &Service) {
    for name in ["a%20b", "%C3%A4", "a%0A", "%00", "x".repeat(65).as_str(), "a+b", "%FF"] {
        let mut wrong = request(service);
        wrong.path = format!("/v2/queues/{name}");
        send(service, wrong).await.expect_error("queue_name_invalid");
    }
}

async fn checks_the_client_first_then_the_project_then_the_name(service: &Service) {
    let mut wrong = request(service);
    wrong.path = "/v2/queues/a%20b".to_owned();
    wrong.method = "POST".to_owned();
    send(service, wrong.clone()).await.expect_error("queue_name_invalid");
    let wrong = without(wrong, "X-Project-ID");
    send(service, wrong.clone()).await.expect_error("project_missing");
    send(service, without(wrong, "Client-ID")).await.expect_error("client_id_missing");
}

async fn knows_no_other_path(service: &Service) {
    for path in [
        "/v3/queues",
        "/v2/queues/jobs/other",
        "/v2/queues/jobs/messages/1/2",
        "/v2/queues/a%2Fb",
        "/v2/other",
    ] {
        let mut other = request(service);
        other.path = path.to_owned();
        other.headers.clear();
        send(service, other).await.expect_error("route_unknown");
    }
}

async fn refuses_other_methods(service: &Service) {
    for method in ["POST", "TRACE"] {
        let mut other = request(service);
        other.method = method.to_owned();
        let reply = send(service, other).await.expect_error("method_not_allowed");
        let allow = reply.header("allow").unwrap();
        assert!(allow.contains("GET") && allow.contains("PATCH"), "{allow}");
    }
}

async fn refuses_methods_nobody_knows(service: &Service) {
    let mut other = request(service);
    other.method = "FETCH".to_owned();

    send(service, other).await.expect_error("method_unknown");
}

async fn answers_only_who_takes_json(service: &Service) {
    for accept in ["application/json", "*/*", "application/*", "text/html, */*;q=0.1", ""] {
        let right = with(request(service), "Accept", accept);
        send(service, right).await.expect_outcome("shown");
    }
    for accept in ["text/html", "application/json;q=0", "image/*"] {
        let wrong = with(request(service), "Accept", accept);
        send(service, wrong).await.expect_error("not_acceptable");
    }
}

async fn decodes_the_path(service: &Service) {
    let mut encoded = service.request(QueueCreate, &json!({ "queue_name": "jobs" }));
    encoded.path = "/v2/queues/%6A%6f%62%73".to_owned();

    service.send(QueueCreate::INFO, encoded).await.expect_outcome("created");

    let listed = service.call(QueueList, json!({})).await.expect_outcome("listed");
    assert_eq!(listed.queue_names(), ["jobs"]);
    service.call(Ping, json!({})).await.expect_outcome("alive");
}
