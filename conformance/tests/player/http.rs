//! Exchanges over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use sukkal_conformance::client::{HttpClient, HttpRequest};
use sukkal_conformance::recorded::{Outcome, Vectors, play};
use tokio::net::TcpListener;

use crate::fake::{FakeHttp, Received, reply};
use crate::{counts, options, outcomes, recording, summary};

fn post_then_get() -> Vectors {
    let headers = json!({"X-Project-ID": "${project}", "Client-ID": "c"});
    recording(
        "base",
        &[
            (
                "http",
                json!({"method": "POST", "path": "/m", "headers": headers, "body": "{\"p\": \"${project}\"}"}),
                json!({"status": 201, "headers": {"location": "/m?ids=${id1}&x=1"}, "body": {"id": "${id1}"}}),
            ),
            (
                "http",
                json!({"method": "GET", "path": "/m/${id1}%2F?a=${id1}", "headers": headers, "body": null}),
                json!({"status": 200, "headers": {"content-type": "application/json"},
                       "body": {"id": "${id1}", "age": "${age}", "project": "${project}"}}),
            ),
        ],
    )
}

/// Answers as recorded, so that a test only has to change what it is about.
fn right(request: &Received) -> String {
    let project =
        request.head.lines().find_map(|line| line.strip_prefix("X-Project-ID: ")).unwrap_or("none");
    if request.target().starts_with("POST") {
        reply(201, &[("Location", "/m?x=1&ids=abc")], r#"{"id": "abc"}"#)
    } else {
        let body = json!({"project": project, "age": 0, "id": "abc"}).to_string();
        reply(200, &[("Content-Type", "application/json; charset=UTF-8")], &body)
    }
}

#[tokio::test]
async fn passes_when_the_answers_are_as_recorded() {
    let server = FakeHttp::start(right).await;

    let report = play(&options(&server.url(), post_then_get())).await;

    assert_eq!(counts(&report), (2, 0, 0), "{report:?}");
    assert!(report.is_success());
}

#[tokio::test]
async fn sends_the_recorded_request_and_nothing_more() {
    let server = FakeHttp::start(right).await;

    summary(&options(&server.url(), post_then_get())).await;

    let requests = server.received();
    assert_eq!(server.targets(), ["POST /m", "GET /m/abc%2F?a=abc"]);
    let mut names: Vec<&str> =
        requests[0].head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Client-ID", "Content-Length", "Host", "X-Project-ID"]);
    assert!(
        !requests[1].head.contains("Content-Length"),
        "a request without a body states no length"
    );
    let project =
        requests[0].head.lines().find_map(|line| line.strip_prefix("X-Project-ID: ")).unwrap();
    assert_eq!(requests[0].body, json!({"p": project}).to_string().replace(':', ": "));
}

#[tokio::test]
async fn notices_every_kind_of_wrong_answer() {
    let wrong = [
        (
            reply(200, &[("location", "/m?ids=abc&x=1")], r#"{"id": "abc"}"#),
            "status: expected 201, got 200",
        ),
        (reply(201, &[], r#"{"id": "abc"}"#), "headers/location (missing): "),
        (reply(201, &[("location", "/m?ids=abc")], r#"{"id": "abc"}"#), "headers/location: "),
        (reply(201, &[("location", "/m?ids=abc&x=1")], r#"{"id": "other"}"#), "body/id: "),
        (
            reply(201, &[("location", "/m?ids=abc&x=1")], r#"{"id": "abc", "more": 1}"#),
            "body/more (not expected): ",
        ),
        (reply(201, &[("location", "/m?ids=abc&x=1")], ""), "body: "),
        ("HTTP/1.1 201".to_owned(), "malformed HTTP reply: "),
    ];
    for (answer, reason) in wrong {
        let server = FakeHttp::start(move |_| answer.clone()).await;

        let summary = summary(&options(&server.url(), post_then_get())).await;

        assert!(summary[0].starts_with(reason), "{}", summary[0]);
        assert_eq!(summary[1], "needs id1");
    }
}

#[tokio::test]
async fn an_id_bound_earlier_must_come_back() {
    let server =
        FakeHttp::start(|request| right(request).replace("\"id\":\"abc\"", "\"id\":\"abd\"")).await;

    let summary = summary(&options(&server.url(), post_then_get())).await;

    assert_eq!(summary, ["passed", r#"body/id: expected "${id1}", got "abd""#]);
}

#[tokio::test]
async fn a_failure_shows_what_was_expected_and_what_came() {
    let server = FakeHttp::start(|_| reply(500, &[("x-a", "b")], "oops")).await;

    let outcomes = outcomes(&options(&server.url(), post_then_get())).await;

    let Outcome::Failed { expected, got, .. } = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(expected["status"], 201);
    assert_eq!(
        got,
        &json!({"status": 500, "headers": {"x-a": "b", "content-length": "4"}, "body": "oops"})
    );
}

#[tokio::test]
async fn error_texts_that_differ_are_reported_but_do_not_fail() {
    let vectors = recording(
        "base",
        &[(
            "http",
            json!({"method": "GET", "path": "/x", "headers": {}, "body": null}),
            json!({"status": 404, "headers": {}, "body": {"title": "Not found", "description": "No ${project}"}}),
        )],
    );
    let body = r#"{"title": "Not found", "description": "Nothing there"}"#;
    let server = FakeHttp::start(move |_| reply(404, &[], body)).await;

    let report = play(&options(&server.url(), vectors)).await;

    let totals = report.totals();
    assert_eq!((totals.passed, totals.texts, totals.texts_equal), (1, 2, 1));
    assert_eq!(totals.texts_percent(), Some(50.0));
}

#[tokio::test]
async fn long_bodies_are_made_from_their_parts() {
    let vectors = recording(
        "base",
        &[(
            "http",
            json!({"method": "POST", "path": "/x", "headers": {},
                   "body_fill": {"prefix": "[\"", "char": "z", "count": 70000, "suffix": "\"]"}}),
            json!({"status": 204, "headers": {}, "body": null}),
        )],
    );
    let server = FakeHttp::start(|_| "HTTP/1.1 204 X\r\n\r\n".to_owned()).await;

    assert_eq!(summary(&options(&server.url(), vectors)).await, ["passed"]);
    assert_eq!(server.received()[0].body, format!("[\"{}\"]", "z".repeat(70000)));
}

#[tokio::test]
async fn an_hour_ago_and_in_an_hour_come_from_the_given_time() {
    let vectors = recording(
        "base",
        &[(
            "http",
            json!({"method": "POST", "path": "/x", "headers": {}, "body": "${past} ${future}"}),
            json!({"status": 204, "headers": {}, "body": null}),
        )],
    );
    let server = FakeHttp::start(|_| "HTTP/1.1 204 X\r\n\r\n".to_owned()).await;

    summary(&options(&server.url(), vectors)).await;

    assert_eq!(server.received()[0].body, "2026-01-31T11:00:00 2026-01-31T13:00:00");
}

#[tokio::test]
async fn a_server_that_is_not_there_fails_and_does_not_stop_the_run() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();

    let summary = summary(&options(&format!("http://{free}"), post_then_get())).await;

    assert!(summary[0].starts_with("connection failed: "), "{}", summary[0]);
}

#[tokio::test]
async fn a_server_that_stays_silent_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options =
        options(&format!("http://{}", listener.local_addr().unwrap()), post_then_get());
    options.timeout = Duration::from_millis(50);

    assert_eq!(summary(&options).await, ["no reply within 50 ms", "needs id1"]);
}

#[tokio::test]
async fn a_server_that_answers_everything_alike_passes_hardly_anything() {
    let server =
        FakeHttp::start(|_| reply(200, &[("content-type", "application/json")], "{}")).await;
    let mut options = options(&server.url(), Vectors::embedded().unwrap());
    options.timeout = Duration::from_millis(200);

    let report = play(&options).await;

    let (passed, failed, not_played) = counts(&report);
    assert_eq!(passed + failed + not_played, options.vectors.ids().count());
    assert!(passed < 5, "{:?}", report.passed().collect::<Vec<_>>());
    assert!(report.exchanges.iter().map(|exchange| exchange.id.as_str()).eq(options.vectors.ids()));
}

#[tokio::test]
async fn compares_what_the_server_posts_to_a_hook() {
    for (message, expected) in [("x", "passed"), ("y", r#"body/body: expected "x", got "y""#)] {
        let server = FakeHttp::start(move |request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            tokio::spawn(notify(body["subscriber"].as_str().unwrap().to_owned(), message));
            "HTTP/1.1 204 X\r\n\r\n".to_owned()
        })
        .await;
        let vectors = recording(
            "base",
            &[
                (
                    "http",
                    json!({"method": "POST", "path": "/s", "headers": {}, "body": "{\"subscriber\": \"${hook}/one\"}"}),
                    json!({"status": 204, "headers": {}, "body": null}),
                ),
                (
                    "hook",
                    json!({"url": "${hook}/one"}),
                    json!({"content-type": "application/json", "body": {"body": "x"}}),
                ),
            ],
        );

        assert_eq!(summary(&options(&server.url(), vectors)).await, ["passed", expected]);
    }
}

async fn notify(subscriber: String, message: &'static str) {
    let (base, path) = subscriber.rsplit_once('/').unwrap();
    let request = HttpRequest {
        method: "POST".to_owned(),
        path: format!("/{path}"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Some(json!({"body": message}).to_string().into_bytes()),
    };
    HttpClient::new(base, Duration::from_secs(5)).unwrap().send(&request).await.unwrap();
}

#[tokio::test]
async fn a_hook_nobody_calls_fails() {
    let server = FakeHttp::start(right).await;
    let expected = json!({"content-type": "application/json", "body": {}});
    let vectors = recording("base", &[("hook", json!({"url": "${hook}/one"}), expected)]);
    let mut options = options(&server.url(), vectors);
    options.timeout = Duration::from_millis(50);

    let summary = summary(&options).await;

    assert!(summary[0].starts_with("nothing was POSTed to http://127.0.0.1:"), "{}", summary[0]);
}
