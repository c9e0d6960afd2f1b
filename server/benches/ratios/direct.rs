//! Redis through the service against the same script driven directly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sukkal_storage::{Body, NewMessage, OpenOptions, Post, QueueKey, Store};
use uuid::Uuid;

use crate::load::{rate, request};
use crate::subject::{Subject, document};
use crate::{Plan, Table};

pub(crate) async fn measure(plan: Plan) {
    let Ok(uri) = std::env::var("CONFORMANCE_REDIS_URI") else {
        println!("(Redis: not measured, CONFORMANCE_REDIS_URI is not set)");
        return;
    };
    let subject = Subject::start(&uri).await;
    let registry = sukkal_drivers::registry();
    let entry = registry.entry_for(&uri).unwrap();
    let options = OpenOptions { data_dir: "".into(), now: 0, options: Vec::new() };
    let store = (entry.open)(uri.clone(), options).await.unwrap();
    let post = request("POST", "/v2/queues/q/messages", Some(&document(1)));
    let mut table = Table::default();
    for _ in 0..plan.rounds {
        table.add("service", rate(subject.http, 32, &post, plan.seconds).await);
        table.add("direct", direct(&store, plan.seconds).await);
    }
    table.ratio(
        "POST 1 message, Redis, 32 connections / the script driven directly",
        "service",
        "direct",
        "0.30",
    );
    println!(
        "(medians: service {:.0}/s, direct {:.0}/s)",
        table.median("service"),
        table.median("direct")
    );
}

/// The driver without the service: one script per post, 32 at a time.
async fn direct(store: &Store, length: Duration) -> f64 {
    let begun = Instant::now();
    let body = Bytes::from("x".repeat(1024).into_bytes());
    let key = QueueKey::new("bench", "direct");
    let generation = store.data.queues().state(&key).await.unwrap().generation;
    let client: Arc<str> = "client".into();
    let mut tasks = Vec::new();
    for _ in 0..32 {
        let (store, body, key, client) = (store.clone(), body.clone(), key.clone(), client.clone());
        tasks.push(tokio::spawn(async move {
            let mut done = 0_u64;
            while begun.elapsed() < length {
                let message = NewMessage {
                    id: Uuid::now_v7(),
                    ttl: 3600,
                    delay_until: None,
                    body: Body::json(body.clone()),
                    checksum: None,
                    attributes: Bytes::new(),
                };
                let command = Post {
                    queue: key.clone(),
                    generation,
                    messages: vec![message],
                    client_id: client.clone(),
                    idempotency_key: None,
                    now: 1_700_000_000_000,
                };
                store.data.messages().post(command).await.unwrap();
                done += 1;
            }
            done
        }));
    }
    let mut total = 0;
    for task in tasks {
        total += task.await.unwrap();
    }
    total as f64 / begun.elapsed().as_secs_f64()
}
