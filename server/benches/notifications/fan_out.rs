//! What a post costs its producer, by the number of subscribers.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::hooks::Hooks;
use crate::latency::median;
use crate::load::Connection;
use crate::subject::{Subject, post};

const ROUNDS: usize = 5;

pub(crate) async fn measure(posts: usize) {
    for (how, options) in [
        ("while nobody delivers", &["notification.enabled=false"][..]),
        ("while it is delivered", &[]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let hooks = Hooks::start().await;
        let subject = Subject::start(folder.path(), "sqlite:", options).await;
        subject.subscribe("one", &hooks.url(0)).await;
        for at in 0..1000 {
            subject.subscribe("thousand", &hooks.url(at)).await;
        }
        let (mut one, mut thousand, mut none) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            none.push(cost(&subject, "none", posts).await);
            one.push(cost(&subject, "one", posts).await);
            thousand.push(cost(&subject, "thousand", posts).await);
        }
        let [none, one, thousand] =
            [none, one, thousand].map(|mut all| median(&mut all).as_secs_f64());
        println!(
            "| Post, 1 000 subscribers / one subscriber, {how} | {:.2} | 1.5 |",
            thousand / one
        );
        println!("(one subscriber / none: {:.2})", one / none);
    }
}

/// The median time of posts made one after the other.
async fn cost(subject: &Subject, queue: &str, posts: usize) -> Duration {
    let mut connection = Connection::open(subject.http).await;
    let request = post(queue, &[json!({ "payload": "x".repeat(1000) })]);
    let mut samples = Vec::new();
    for _ in 0..posts {
        let begun = Instant::now();
        assert_eq!(connection.call(&request).await.0, 201);
        samples.push(begun.elapsed());
    }
    median(&mut samples)
}
