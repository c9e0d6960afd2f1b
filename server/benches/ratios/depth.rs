//! Whether the cost of a call depends on how many messages a queue holds.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Table;
use crate::load::{Connection, request};
use crate::subject::Subject;

const ROUNDS: usize = 5;
const CALLS: u32 = 200;

pub(crate) async fn measure() {
    let mut stores = vec![("SQLite", "sqlite:".to_owned())];
    if let Ok(uri) = std::env::var("CONFORMANCE_REDIS_URI") {
        stores.push(("Redis", uri));
    }
    for (name, uri) in stores {
        let subject = Subject::start(&uri).await;
        let mut connection = Connection::open(subject.http).await;
        for (queue, depth) in [("shallow", 1_000), ("deep", 1_000_000)] {
            fill(&subject, queue, depth).await;
            crowd(&mut connection, queue).await;
        }
        let mut table = Table::default();
        for _ in 0..ROUNDS {
            for queue in ["shallow", "deep"] {
                for (what, took) in cycle(&mut connection, queue).await {
                    table.add(&format!("{what} {queue}"), took.as_secs_f64());
                }
            }
        }
        for what in ["claim 10 + delete 10", "list from a marker", "post"] {
            table.ratio(
                &format!("{name}: time of {what} at depth 1 000 000 / at 1 000, 20 000 claimed and 20 000 delayed at the head"),
                &format!("{what} deep"),
                &format!("{what} shallow"),
                "at most 1.3",
            );
        }
    }
}

/// Posts until the queue holds this many messages, 100 a request.
async fn fill(subject: &Subject, queue: &str, depth: usize) {
    let one = "{\"ttl\": 86400, \"body\": \"a short message of the kind that queues hold\"}";
    let body = format!("{{\"messages\": [{}]}}", vec![one; 100].join(", "));
    let path = format!("/v2/queues/{queue}/messages");
    let post = request("POST", &path, Some(&body));
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (post, address, share) = (post.clone(), subject.http, depth / 1000);
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await;
            for _ in 0..share {
                assert_eq!(connection.call(&post).await.0, 201);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Claims the 20 000 oldest messages and delays 20 000 others (a shallow queue gets them beside its own).
async fn crowd(connection: &mut Connection, queue: &str) {
    let path = format!("/v2/queues/{queue}");
    let media = "application/openstack-messaging-v2.0-json-patch";
    let patch =
        "[{\"op\": \"add\", \"path\": \"/metadata/_default_message_delay\", \"value\": 900}]";
    let text = String::from_utf8(request("PATCH", &path, Some(patch))).unwrap();
    let text = text.replace("Content-Type: application/json", &format!("Content-Type: {media}"));
    assert_eq!(connection.call(text.as_bytes()).await.0, 200);
    let one = "{\"ttl\": 86400, \"delay\": 900, \"body\": \"later\"}";
    let body = format!("{{\"messages\": [{}]}}", vec![one; 100].join(", "));
    let messages = format!("{path}/messages");
    for _ in 0..200 {
        assert_eq!(connection.call(&request("POST", &messages, Some(&body))).await.0, 201);
    }
    let now = "{\"ttl\": 86400, \"delay\": 0, \"body\": \"now\"}";
    let body = format!("{{\"messages\": [{}]}}", vec![now; 100].join(", "));
    for _ in 0..250 {
        assert_eq!(connection.call(&request("POST", &messages, Some(&body))).await.0, 201);
    }
    let claim = request(
        "POST",
        &format!("{path}/claims?limit=20"),
        Some("{\"ttl\": 43200, \"grace\": 60}"),
    );
    for _ in 0..1000 {
        assert_eq!(connection.call(&claim).await.0, 201);
    }
}

async fn cycle(connection: &mut Connection, queue: &str) -> Vec<(&'static str, Duration)> {
    let path = format!("/v2/queues/{queue}");
    let messages = format!("{path}/messages");
    let claim =
        request("POST", &format!("{path}/claims?limit=10"), Some("{\"ttl\": 300, \"grace\": 60}"));
    let post = request(
        "POST",
        &messages,
        Some("{\"messages\": [{\"ttl\": 86400, \"delay\": 0, \"body\": 1}]}"),
    );
    let page =
        connection.call(&request("GET", &format!("{messages}?echo=true&limit=20"), None)).await.1;
    let page: Value = serde_json::from_slice(&page).unwrap();
    let next = page["links"][0]["href"].as_str().unwrap().to_owned();
    let list = request("GET", &next, None);

    let begun = Instant::now();
    for _ in 0..CALLS {
        assert_eq!(connection.call(&post).await.0, 201);
    }
    let posting = begun.elapsed();
    let begun = Instant::now();
    for _ in 0..CALLS {
        assert_eq!(connection.call(&list).await.0, 200);
    }
    let listing = begun.elapsed();
    let begun = Instant::now();
    for _ in 0..CALLS / 10 {
        let (status, body) = connection.call(&claim).await;
        assert_eq!(status, 201);
        let claimed: Value = serde_json::from_slice(&body).unwrap();
        let ids: Vec<&str> = claimed["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["id"].as_str().unwrap())
            .collect();
        let delete = request("DELETE", &format!("{messages}?ids={}", ids.join(",")), None);
        assert_eq!(connection.call(&delete).await.0, 204);
    }
    vec![
        ("post", posting),
        ("list from a marker", listing),
        ("claim 10 + delete 10", begun.elapsed()),
    ]
}
