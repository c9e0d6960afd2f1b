//! Measures the driver against the Redis that `CONFORMANCE_REDIS_URI` names, 32 commands at a time:
//! posts, claim and delete, and the same on a deep queue whose head is claimed and delayed.
//!
//! `cargo run --release -p sukkal-storage-redis --example bench -- [seconds per measurement] [depth]`
#![allow(clippy::print_stdout, reason = "the report goes to the terminal")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sukkal_storage::{
    Attributes, Body, ClaimId, CreateClaim, DataDriver, DeleteMessages, ListMessages, MessageId,
    NewMessage, OpenOptions, Post, QueueKey, Result,
};

const TASKS: usize = 32;
const POST: &str = concat!(
    include_str!("../src/scripts/base.lua"),
    include_str!("../src/scripts/forget.lua"),
    include_str!("../src/scripts/store.lua"),
    include_str!("../src/scripts/post.lua")
);

type Driver = Arc<dyn DataDriver>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uri = std::env::var("CONFORMANCE_REDIS_URI")?;
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let depth = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let options = OpenOptions { data_dir: ".".into(), now: 0, options: Vec::new() };
    let driver = sukkal_storage_redis::open(&uri, &options).await?.data;
    let length = Duration::from_secs(seconds);

    for count in [1, 10] {
        let raw = raw_posts(&uri, count, length).await?;
        let posts =
            measure(length, |n| post(driver.clone(), queue("posts", n % 4), count, 1024)).await;
        println!(
            "post {count:2} x 1 KiB        {posts:8.0}/s  {:.2} of the bare script ({raw:.0}/s)",
            posts / raw
        );
    }
    let cycles = measure(length, |n| cycle(driver.clone(), queue("cycles", n % 4), 1024)).await;
    println!("claim 10 + delete 10   {cycles:8.0}/s  (with its post 10)");
    depths(&driver, depth, length).await
}

/// Compares the cost of commands on a shallow and on a deep queue, both with a difficult head.
async fn depths(
    driver: &Driver,
    depth: usize,
    length: Duration,
) -> Result<(), Box<dyn std::error::Error>> {
    let shallow = queue("shallow", 0);
    let (small, deep, headed) = (1000, queue("deep", 0), queue("headed", 0));
    fill(driver, &shallow, small).await?;
    fill(driver, &deep, depth).await?;
    head(driver, &headed).await?;
    fill(driver, &headed, depth).await?;
    let base = costs(driver, &shallow, length).await;
    for (name, queue) in [("deep", &deep), ("deep, 20k claimed + 20k delayed at the head", &headed)]
    {
        let costs = costs(driver, queue, length).await;
        for ((what, cost), (_, base)) in costs.iter().zip(&base) {
            println!(
                "{what:22} {cost:8.0}/s  {:.2} of {base:.0}/s at depth {small}: {name}",
                cost / base
            );
        }
    }
    Ok(())
}

/// Rates of post 1, claim 10 + delete 10 + post 10, list 10 from the middle, and statistics.
async fn costs(driver: &Driver, queue: &QueueKey, length: Duration) -> Vec<(&'static str, f64)> {
    let (d, q) = (driver, queue);
    let cycles = measure(length, |_| cycle(d.clone(), q.clone(), 100)).await;
    let lists = measure(length, |_| list(d.clone(), q.clone())).await;
    let posts = measure(length, |_| post(d.clone(), q.clone(), 1, 100)).await;
    vec![("claim 10 + delete 10", cycles), ("list 10 from the head", lists), ("post 1", posts)]
}

/// Runs a command again and again in 32 tasks; returns how many ended per second.
async fn measure<F>(length: Duration, command: impl Fn(u64) -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let done = AtomicU64::new(0);
    let start = Instant::now();
    let worker = || async {
        while start.elapsed() < length {
            command(done.fetch_add(1, Ordering::Relaxed)).await;
        }
    };
    futures_util::future::join_all((0..TASKS).map(|_| worker())).await;
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

async fn raw_posts(uri: &str, count: usize, length: Duration) -> Result<f64, redis::RedisError> {
    let mut info = redis::IntoConnectionInfo::into_connection_info(uri)?;
    info = info.set_tcp_settings(redis::io::tcp::TcpSettings::default().set_nodelay(true));
    let connection = redis::Client::open(info)?.get_multiplexed_async_connection().await?;
    let script = Arc::new(redis::Script::new(POST));
    let body = Arc::new(vec![b'x'; 1080]);
    let parts = [":f", ":e", ":d", ":u", "", ":c", ":k"];
    let now = now();
    let run = |n: u64| {
        let (mut connection, script, body) = (connection.clone(), script.clone(), body.clone());
        async move {
            let mut call = script.prepare_invoke();
            let base = format!("sk:{{bench/raw{}}}", n % 4);
            call.key(&base);
            for part in parts {
                if part.is_empty() {
                    call.key("sk:due")
                } else {
                    call.key(format!("{base}{part}"))
                };
            }
            call.arg(now).arg(0);
            for _ in 0..count {
                call.arg(MessageId::new_v4().as_bytes()).arg(now + 3_600_000).arg("");
                call.arg(&[0_u8; 24]).arg(&*body);
            }
            let status: i64 = call.invoke_async(&mut connection).await.expect("a bare post");
            assert_eq!(status, 0);
        }
    };
    Ok(measure(length, run).await)
}

async fn fill(driver: &Driver, queue: &QueueKey, depth: usize) -> Result<()> {
    let commands = depth.div_ceil(100);
    for from in (0..commands).step_by(16) {
        let batch = (from..commands.min(from + 16)).map(|_| send(driver, queue, 100, 100, None));
        futures_util::future::try_join_all(batch).await?;
    }
    Ok(())
}

/// Puts 20 000 claimed and 20 000 delayed messages at the head of a queue.
async fn head(driver: &Driver, queue: &QueueKey) -> Result<()> {
    fill(driver, queue, 20_000).await?;
    for _ in 0..2000 {
        claim(driver, queue).await?;
    }
    for _ in 0..200 {
        send(driver, queue, 100, 100, Some(now() + 3_600_000)).await?;
    }
    Ok(())
}

async fn post(driver: Driver, queue: QueueKey, count: usize, size: usize) {
    send(&driver, &queue, count, size, None).await.expect("a post");
}

async fn cycle(driver: Driver, queue: QueueKey, size: usize) {
    send(&driver, &queue, 10, size, None).await.expect("a post");
    let (id, ids) = claim(&driver, &queue).await.expect("a claim");
    let command = DeleteMessages { queue, ids, claim_ids: Some(vec![id]), now: now() };
    driver.messages().delete_many(command).await.expect("a delete");
}

async fn list(driver: Driver, queue: QueueKey) {
    let query = ListMessages {
        queue,
        after: None,
        limit: 10,
        include_claimed: false,
        include_delayed: false,
        exclude_client: None,
        now: now(),
    };
    assert_eq!(driver.messages().list(query).await.expect("a list").len(), 10);
}

async fn claim(driver: &Driver, queue: &QueueKey) -> Result<(ClaimId, Vec<MessageId>)> {
    let id = ClaimId::new_v4();
    let command = CreateClaim {
        queue: queue.clone(),
        id,
        limit: 10,
        ttl: 3600,
        grace: 60,
        dead_letter: None,
        now: now(),
    };
    let claim = driver.claims().create(command).await?;
    Ok((id, claim.messages.iter().map(|message| message.id).collect()))
}

async fn send(
    driver: &Driver,
    queue: &QueueKey,
    count: usize,
    size: usize,
    delay: Option<i64>,
) -> Result<()> {
    let message = |_| NewMessage {
        id: MessageId::new_v4(),
        ttl: 86_400,
        delay_until: delay,
        body: Body::json(vec![b'1'; size]),
        checksum: None,
        attributes: Attributes::new(),
    };
    let command = Post {
        queue: queue.clone(),
        generation: 0,
        messages: (0..count).map(message).collect(),
        client_id: "5b1f0d6c-6a0e-4d0e-9d3c-2b8a7e1f9c11".into(),
        idempotency_key: None,
        now: now(),
    };
    driver.messages().post(command).await
}

fn queue(name: &str, number: u64) -> QueueKey {
    QueueKey::new("bench", format!("{name}{number}"))
}

fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_millis() as i64)
}
