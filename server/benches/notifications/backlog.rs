//! Whether a backlog that cannot be delivered slows down anybody else, or takes memory.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::latency::median;
use crate::load::{Connection, rate, request};
use crate::subject::{Subject, post};

const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(2);
const CLAIMS: usize = 200;

/// What can be done in a while.
struct Speed {
    posts: f64,
    claim: f64,
    resident_kib: u64,
}

pub(crate) async fn measure(entries: usize) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let empty = Subject::start(folders[0].path(), "sqlite:", &[]).await;
    let full = Subject::start(folders[1].path(), "sqlite:", &[]).await;
    // A port that nobody listens on.
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = format!("http://{refusing}/");
    for subject in [&empty, &full] {
        subject.subscribe("backlog", &dead).await;
    }
    let before = full.resident_kib();
    fill(&full, entries).await;
    println!("(memory: {before} KiB, with the backlog {} KiB)", full.resident_kib());
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(speed(&empty).await);
        with.push(speed(&full).await);
    }
    let middle = |all: &[Speed], of: fn(&Speed) -> f64| {
        let mut all: Vec<f64> = all.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let ratio = |of| middle(&with, of) / middle(&without, of);
    println!(
        "| Posts per second, backlog of {entries} / none | {:.2} | 0.9 |",
        ratio(|speed| speed.posts)
    );
    println!(
        "| Time of a claim, backlog of {entries} / none | {:.2} | 1.1 |",
        ratio(|speed| speed.claim)
    );
    let last = |all: &[Speed]| all[all.len() - 1].resident_kib;
    println!("(memory at the end: {} KiB with, {} KiB without)", last(&with), last(&without));
}

async fn fill(subject: &Subject, entries: usize) {
    let mut tasks = Vec::new();
    for _ in 0..32 {
        let http = subject.http;
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(http).await;
            let one = post("backlog", &[json!("x")]);
            for _ in 0..entries / 32 {
                assert_eq!(connection.call(&one).await.0, 201);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn speed(subject: &Subject) -> Speed {
    let posts = rate(subject.http, 32, &post("jobs", &[json!("x")]), LENGTH).await;
    let mut connection = Connection::open(subject.http).await;
    let claim = request("POST", "/v2/queues/jobs/claims", Some("{\"ttl\": 60, \"grace\": 60}"));
    let mut samples = Vec::new();
    for _ in 0..CLAIMS {
        let begun = Instant::now();
        assert_eq!(connection.call(&claim).await.0, 201);
        samples.push(begun.elapsed());
    }
    let claim = median(&mut samples).as_secs_f64();
    Speed { posts, claim, resident_kib: subject.resident_kib() }
}
