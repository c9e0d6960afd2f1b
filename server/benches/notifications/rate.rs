//! How fast a backlog reaches one endpoint, against a loop over the same HTTP library.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::json;

use crate::hooks::Hooks;
use crate::load::Connection;
use crate::subject::{Subject, post};

const ROUNDS: usize = 3;
const AT_ONCE: usize = 32;

pub(crate) async fn measure(messages: usize) {
    let hooks = Hooks::start().await;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(loop_rate(&hooks, messages).await);
        ours.push(drain_rate(&hooks, messages).await);
    }
    ours.sort_by(f64::total_cmp);
    bare.sort_by(f64::total_cmp);
    let (ours, bare) = (ours[ROUNDS / 2], bare[ROUNDS / 2]);
    println!(
        "| Deliveries per second to one endpoint / bare client loop | {:.2} | 0.30 |",
        ours / bare
    );
    println!("(medians: {ours:.0}/s and {bare:.0}/s)");
}

/// A bare loop: the same number of requests in flight, nothing else.
async fn loop_rate(hooks: &Hooks, messages: usize) -> f64 {
    hooks.take();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let next = Arc::new(AtomicUsize::new(0));
    let body = json!({ "ttl": 3600, "body": { "payload": "x".repeat(1000) }, "Message_Type": "Notification", "queue_name": "rate" }).to_string();
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..AT_ONCE {
        let (client, next, url, body) =
            (client.clone(), Arc::clone(&next), hooks.url(0), body.clone());
        tasks.push(tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < messages {
                let request = client.post(&url).header("Content-Type", "application/json");
                let answer = request.body(body.clone()).send().await.unwrap();
                assert_eq!(answer.status(), 204);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    messages as f64 / begun.elapsed().as_secs_f64()
}

/// Fills the outbox while nobody delivers, then lets the server deliver.
async fn drain_rate(hooks: &Hooks, messages: usize) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let still = ["notification.enabled=false"];
    let subject = Subject::start(folder.path(), "sqlite:", &still).await;
    subject.subscribe("rate", &hooks.url(1)).await;
    let mut connection = Connection::open(subject.http).await;
    let ten = post("rate", &vec![json!({ "payload": "x".repeat(1000) }); 10]);
    for _ in 0..messages / 10 {
        assert_eq!(connection.call(&ten).await.0, 201);
    }
    subject.stop();
    hooks.take();
    let subject = Subject::start(folder.path(), "sqlite:", &[]).await;
    hooks.reach(messages).await;
    drop(subject);
    let arrivals = hooks.take();
    let (first, last) = (arrivals[0].2, arrivals[messages - 1].2);
    messages as f64 / (last - first).as_secs_f64()
}
