//! Whether endpoints that hang or refuse slow down the others.

use std::collections::HashMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::hooks::{Hooks, silent};
use crate::latency::quantile;
use crate::load::Connection;
use crate::subject::{Subject, post};

const ENDPOINTS: u32 = 100;
const HEALTHY: u32 = 80;
const ROUNDS: usize = 3;
/// Between two posts: well below what the machine can deliver.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) async fn measure(posts: usize) {
    let (mut all, mut some) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        all.push(p99(posts, true).await);
        some.push(p99(posts, false).await);
    }
    let [all, some] = [all, some].map(|mut each| quantile(&mut each, 0.5));
    println!(
        "| p99 of 80 healthy endpoints beside 10 hung and 10 refusing / all healthy | {:.2} | 2 |",
        some.as_secs_f64() / all.as_secs_f64()
    );
    println!("(p99: {some:?} and {all:?})");
}

async fn p99(posts: usize, all_healthy: bool) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let hooks = Hooks::start().await;
    let subject = Subject::start(folder.path(), "sqlite:", &[]).await;
    // A port that nobody listens on.
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for at in 0..ENDPOINTS {
        let url = match at {
            _ if all_healthy || at < HEALTHY => hooks.url(at),
            _ if at % 2 == 0 => format!("http://{}/{at}", silent().await),
            _ => format!("http://{refusing}/{at}"),
        };
        subject.subscribe("hung", &url).await;
    }
    let mut connection = Connection::open(subject.http).await;
    let mut posted = HashMap::new();
    for number in 0..posts {
        posted.insert(number.to_string(), Instant::now());
        assert_eq!(connection.call(&post("hung", &[json!(number)])).await.0, 201);
        tokio::time::sleep(PAUSE).await;
    }
    let endpoints = if all_healthy { ENDPOINTS } else { HEALTHY };
    hooks.reach(posts * endpoints as usize).await;
    let healthy = hooks.take().into_iter().filter(|(at, ..)| *at < HEALTHY);
    let mut samples: Vec<Duration> = healthy.map(|(_, body, at)| at - posted[&*body]).collect();
    quantile(&mut samples, 0.99)
}
