//! Measures the driver alone: many posters on one queue or several, then claims with deletes.
//!
//! `load FOLDER [posters] [messages per post] [posts] [queues] [body bytes] [option=value …]`
//!
//! `free=`, `claimed=` and `delayed=` say how many messages the first queue has before it starts,
//! the claimed and the delayed ones at its head; other options are the driver's.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sukkal_storage::{
    Attributes, Body, CreateClaim, DeleteMessages, ListMessages, NewMessage, OpenOptions, Post,
    QueueKey, Store,
};
use uuid::Uuid;

struct Plan {
    posters: usize,
    per_post: usize,
    posts: usize,
    queues: usize,
    body: Bytes,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().expect("a folder").clone();
    let number = |index: usize, default: usize| {
        arguments.get(index).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let plan = Arc::new(Plan {
        posters: number(1, 32),
        per_post: number(2, 1),
        posts: number(3, 200_000),
        queues: number(4, 1),
        body: Bytes::from(vec![b'x'; number(5, 1024)]),
    });
    let options = arguments.iter().skip(1).filter_map(|text| text.split_once('='));
    let mut options: Vec<(String, String)> =
        options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut before = |wanted: &str| {
        let index = options.iter().position(|(name, _)| name == wanted);
        index.map_or(0, |index| options.remove(index).1.parse().expect("a number"))
    };
    let (claimed, delayed, free) = (before("claimed"), before("delayed"), before("free"));
    let started = Instant::now();
    let options = OpenOptions { data_dir: folder.into(), now: now(), options };
    let store = (sukkal_storage_sqlite::entry().open)("sqlite:".into(), options).await;
    let store = store.expect("a store");
    println!("open {:?}", started.elapsed());

    fill(&store, &plan, claimed, None).await;
    hold(&store, claimed).await;
    fill(&store, &plan, delayed, Some(now() + 3_600_000)).await;
    fill(&store, &plan, free, None).await;
    post(&store, &plan).await;
    list(&store, &plan).await;
    claim(&store, &plan).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory =
        status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    println!("{}", memory.collect::<Vec<_>>().join(", "));
    store.control.close().await;
    store.data.close().await;
}

fn now() -> i64 {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time.map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(0))
}

fn queue(index: usize) -> QueueKey {
    QueueKey::new("project", format!("queue-{index}"))
}

fn message(plan: &Plan) -> NewMessage {
    NewMessage {
        id: Uuid::now_v7(),
        ttl: 3600,
        delay_until: None,
        body: Body::json(plan.body.clone()),
        checksum: None,
        attributes: Attributes::new(),
    }
}

/// Puts messages into the first queue, a hundred at a time.
async fn fill(store: &Store, plan: &Plan, count: usize, delay_until: Option<i64>) {
    for _ in 0..count / 100 {
        let messages = (0..100).map(|_| NewMessage { delay_until, ..message(plan) }).collect();
        let post = Post {
            queue: queue(0),
            generation: 0,
            messages,
            client_id: "3381af92-2b9e-11e3-b191-71861300734c".into(),
            idempotency_key: None,
            now: now(),
        };
        store.data.messages().post(post).await.expect("a post");
    }
}

/// Claims all messages of the first queue.
async fn hold(store: &Store, count: usize) {
    for _ in 0..count / 100 {
        let create = CreateClaim {
            queue: queue(0),
            id: Uuid::now_v7(),
            limit: 100,
            ttl: 3600,
            grace: 0,
            dead_letter: None,
            now: now(),
        };
        store.data.claims().create(create).await.expect("a claim");
    }
}

async fn post(store: &Store, plan: &Arc<Plan>) {
    let each = plan.posts / plan.posters;
    let started = Instant::now();
    let mut tasks = Vec::new();
    for poster in 0..plan.posters {
        let (data, plan) = (store.data.clone(), plan.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(each);
            for round in 0..each {
                let post = Post {
                    queue: queue((poster + round) % plan.queues),
                    generation: 0,
                    messages: (0..plan.per_post).map(|_| message(&plan)).collect(),
                    client_id: "3381af92-2b9e-11e3-b191-71861300734c".into(),
                    idempotency_key: None,
                    now: now(),
                };
                let begun = Instant::now();
                data.messages().post(post).await.expect("a post");
                times.push(begun.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a poster"));
    }
    report("post", started.elapsed(), times, plan.per_post);
}

async fn list(store: &Store, plan: &Plan) {
    let started = Instant::now();
    let mut times = Vec::new();
    for round in 0..2_000 {
        let query = ListMessages {
            queue: queue(round % plan.queues),
            after: None,
            limit: 10,
            include_claimed: false,
            include_delayed: false,
            exclude_client: None,
            now: now(),
        };
        let begun = Instant::now();
        store.data.messages().list(query).await.expect("a page");
        times.push(begun.elapsed());
    }
    report("list 10, one at a time", started.elapsed(), times, 10);
}

async fn claim(store: &Store, plan: &Arc<Plan>) {
    let rounds = (plan.posts * plan.per_post / plan.posters / 10).min(300);
    let started = Instant::now();
    let mut tasks = Vec::new();
    for poster in 0..plan.posters {
        let (data, plan) = (store.data.clone(), plan.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            for round in 0..rounds {
                let queue = queue((poster + round) % plan.queues);
                let begun = Instant::now();
                let create = CreateClaim {
                    queue: queue.clone(),
                    id: Uuid::now_v7(),
                    limit: 10,
                    ttl: 300,
                    grace: 60,
                    dead_letter: None,
                    now: now(),
                };
                let id = create.id;
                let claim = data.claims().create(create).await.expect("a claim");
                let delete = DeleteMessages {
                    queue,
                    ids: claim.messages.iter().map(|message| message.id).collect(),
                    claim_ids: Some(vec![id]),
                    now: now(),
                };
                data.messages().delete_many(delete).await.expect("a delete");
                times.push(begun.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a consumer"));
    }
    report("claim 10 + delete 10", started.elapsed(), times, 10);
}

fn report(what: &str, took: Duration, mut times: Vec<Duration>, messages: usize) {
    if times.is_empty() {
        return;
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 1000];
    let rate = times.len() as f64 / took.as_secs_f64();
    println!(
        "{what}: {rate:.0}/s, {:.0} messages/s, p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}",
        rate * messages as f64,
        at(500),
        at(990),
        at(999),
        at(1000)
    );
}
