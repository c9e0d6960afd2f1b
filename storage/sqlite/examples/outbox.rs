//! Measures the outbox of the driver alone: posts that are told, and workers that lease and finish entries.
//!
//! `outbox FOLDER [subscribe=0] [followers=0] [fill=0] [post=0] [lease=0] [claim=0] [tasks=32] [body=1024] [option=value …]`
//!
//! Each stage runs as often as it is told, in this order: subscriptions and followers are created, the backlog is
//! filled with posts, posts are measured, then rounds of leasing and finishing 100 entries, then rounds of claiming and
//! deleting 10 messages. What is there before stays: a file with a backlog can be measured again. Other options are the
//! driver's.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sukkal_storage::{
    AdvanceEntries, Attributes, Body, CreateClaim, CreateSubscription, DataDriver, DeleteMessages,
    EntryProgress, EntryStep, LeaseWork, NewMessage, OpenOptions, Post, QueueKey,
};
use uuid::Uuid;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("a folder");
    let arguments: Vec<String> = arguments.collect();
    let options = arguments.iter().filter_map(|text| text.split_once('='));
    let mut options: Vec<(String, String)> =
        options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut number = |wanted: &str, default: usize| {
        let index = options.iter().position(|(name, _)| name == wanted);
        index.map_or(default, |index| options.remove(index).1.parse().expect("a number"))
    };
    let (subscribe, followers) = (number("subscribe", 0), number("followers", 0));
    let (fill, posts, leases) = (number("fill", 0), number("post", 0), number("lease", 0));
    let (claims, tasks) = (number("claim", 0), number("tasks", 32));
    let body = Bytes::from(vec![b'x'; number("body", 1024)]);
    let started = Instant::now();
    let options = OpenOptions { data_dir: folder.into(), now: now(), options };
    let store = (sukkal_storage_sqlite::entry().open)("sqlite:".into(), options).await;
    let store = store.expect("a store");
    println!("open {:?}", started.elapsed());
    let data = store.data.clone();

    measure("subscribe", subscribe + followers, tasks, |index| {
        create(data.clone(), index < followers)
    })
    .await;
    measure("fill", fill, tasks, |_| post(data.clone(), body.clone())).await;
    measure("post", posts, tasks, |_| post(data.clone(), body.clone())).await;
    measure("lease 100 + finish 100", leases, 1, |_| lease(data.clone())).await;
    measure("claim 10 + delete 10", claims, tasks, |_| claim(data.clone())).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status.lines().filter(|line| line.starts_with("VmHWM"));
    println!("{}", memory.collect::<Vec<_>>().join(", "));
    store.control.close().await;
    store.data.close().await;
}

/// Runs something so often, shared by so many tasks; each run says how much it did.
async fn measure<F: Future<Output = usize> + Send + 'static>(
    what: &str,
    count: usize,
    tasks: usize,
    run: impl Fn(usize) -> F,
) {
    let tasks = tasks.clamp(1, count.max(1));
    let started = Instant::now();
    let mut done = 0;
    let mut running = tokio::task::JoinSet::new();
    for index in 0..count {
        if running.len() == tasks {
            done += running.join_next().await.map_or(0, |each| each.expect("a run"));
        }
        running.spawn(run(index));
    }
    while let Some(each) = running.join_next().await {
        done += each.expect("a run");
    }
    if count > 0 {
        let rate = done as f64 / started.elapsed().as_secs_f64();
        println!("{what}: {done} in {:?}, {rate:.0}/s", started.elapsed());
    }
}

fn now() -> i64 {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time.map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(0))
}

fn queue() -> QueueKey {
    QueueKey::new("project", "queue")
}

async fn create(data: Arc<dyn DataDriver>, is_follower: bool) -> usize {
    let id = Uuid::now_v7();
    let create = CreateSubscription {
        queue: queue(),
        id,
        subscriber: format!("http://localhost/{id}"),
        ttl: 86_400,
        expires_at: now() + 86_400_000,
        options: "{}".into(),
        is_follower,
        now: now(),
    };
    data.subscriptions().create(create).await.expect("a subscription");
    1
}

async fn post(data: Arc<dyn DataDriver>, body: Bytes) -> usize {
    let message = NewMessage {
        id: Uuid::now_v7(),
        ttl: 86_400,
        delay_until: None,
        body: Body::json(body),
        checksum: None,
        attributes: Attributes::new(),
    };
    let post = Post {
        queue: queue(),
        generation: 0,
        messages: vec![message],
        client_id: "3381af92-2b9e-11e3-b191-71861300734c".into(),
        idempotency_key: None,
        now: now(),
    };
    data.messages().post(post).await.expect("a post");
    1
}

async fn lease(data: Arc<dyn DataDriver>) -> usize {
    let (lease, now) = (Uuid::now_v7(), now());
    let until = now + 30_000;
    let work = LeaseWork { queue: queue(), lease, limit: 100, max_bytes: 1 << 20, until, now };
    let leased = data.outbox().lease_entries(work).await.expect("a lease");
    let finish = |entry| EntryStep { entry, deliveries: vec![], progress: EntryProgress::Finish };
    let steps = leased.iter().map(|entry| finish(entry.marker)).collect();
    let advance = AdvanceEntries { queue: queue(), lease, steps, now };
    let held = data.outbox().advance(advance).await.expect("a step");
    held.into_iter().filter(|held| *held).count()
}

async fn claim(data: Arc<dyn DataDriver>) -> usize {
    let id = Uuid::now_v7();
    let create = CreateClaim {
        queue: queue(),
        id,
        limit: 10,
        ttl: 300,
        grace: 60,
        dead_letter: None,
        now: now(),
    };
    let claim = data.claims().create(create).await.expect("a claim");
    let delete = DeleteMessages {
        queue: queue(),
        ids: claim.messages.iter().map(|message| message.id).collect(),
        claim_ids: Some(vec![id]),
        now: now(),
    };
    data.messages().delete_many(delete).await.expect("a delete");
    claim.messages.len()
}
