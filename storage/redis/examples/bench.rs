//! Measures the driver against the Redis that `CONFORMANCE_REDIS_URI` names, 32 commands at a time:
//! posts, claim and delete, and the same on a deep queue whose head is claimed and delayed.
//!
//! `cargo run --release -p sukkal-storage-redis --example bench -- [rounds of a second] [depth]`
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
    include_str!("../src/scripts/queue.lua"),
    include_str!("../src/scripts/base.lua"),
    include_str!("../src/scripts/forget.lua"),
    include_str!("../src/scripts/store.lua"),
    include_str!("../src/scripts/post.lua"),
    include_str!("../src/scripts/body_size.lua"),
    include_str!("../src/scripts/post_outbox.lua")
);

type Driver = Arc<dyn DataDriver>;
type Server = redis::aio::MultiplexedConnection;

/// What one measurement found.
#[derive(Clone, Copy, Default)]
struct Cost {
    commands: f64,
    seconds: f64,
    /// What the server's main thread spent, in seconds: a busy machine does not change it.
    cpu: f64,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.seconds += other.seconds;
        self.cpu += other.cpu;
    }

    fn rate(&self) -> f64 {
        self.commands / self.seconds
    }

    fn micros(&self) -> f64 {
        self.cpu * 1e6 / self.commands
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:7.0}/s {:6.1} us of Redis", self.rate(), self.micros())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uri = std::env::var("CONFORMANCE_REDIS_URI")?;
    let mut arguments = std::env::args().skip(1);
    let rounds: usize = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let depth = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let options = OpenOptions { data_dir: ".".into(), now: 0, options: Vec::new() };
    let driver = sukkal_storage_redis::open(&uri, &options).await?.data;
    let server = connect(&uri).await?;

    for count in [1, 10] {
        let (mut bare, mut posts) = (Cost::default(), Cost::default());
        for _ in 0..rounds {
            bare.add(bare_posts(&server, count).await);
            let run = |n| post(driver.clone(), queue("posts", n % 4), count, 1024);
            posts.add(measure(&server, run).await);
        }
        println!(
            "post {count:2} x 1 KiB          {posts}; bare script {bare}; ratio {:.2}",
            posts.rate() / bare.rate()
        );
    }
    let mut cycles = Cost::default();
    for _ in 0..rounds {
        let run = |n| cycle(driver.clone(), queue("cycles", n % 4), 1024);
        cycles.add(measure(&server, run).await);
    }
    println!("post, claim, delete 10   {cycles}");
    depths(&driver, &server, depth, rounds).await
}

/// Compares the cost of commands on a shallow queue, a deep one, and a deep one with a difficult head.
async fn depths(
    driver: &Driver,
    server: &Server,
    depth: usize,
    rounds: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let queues = ["shallow", "deep", "headed"].map(|name| queue(name, 0));
    fill(driver, &queues[0], 1000).await?;
    fill(driver, &queues[1], depth).await?;
    head(driver, &queues[2]).await?;
    fill(driver, &queues[2], depth).await?;
    let mut costs = [[Cost::default(); 3]; 3];
    for round in 0..rounds {
        for turn in 0..3 {
            // A machine gets slower and faster: no queue is always the last one.
            let at = (round + turn) % 3;
            let (d, q, costs) = (driver, &queues[at], &mut costs[at]);
            costs[0].add(measure(server, |_| cycle(d.clone(), q.clone(), 100)).await);
            costs[1].add(measure(server, |_| list(d.clone(), q.clone())).await);
            costs[2].add(measure(server, |_| post(d.clone(), q.clone(), 1, 100)).await);
        }
    }
    for (at, what) in
        ["post, claim, delete 10", "list 10 from the head", "post 1"].iter().enumerate()
    {
        let base = costs[0][at];
        println!("{what:24} {base} at depth 1000");
        for (name, costs) in
            [("deep", costs[1]), ("20k claimed, 20k delayed at the head", costs[2])]
        {
            println!(
                "{:24} {}: {:.2} of the cost: {depth}, {name}",
                "",
                costs[at],
                costs[at].micros() / base.micros()
            );
        }
    }
    Ok(())
}

/// Runs a command again and again for a second in 32 tasks.
async fn measure<F>(server: &Server, command: impl Fn(u64) -> F) -> Cost
where
    F: Future<Output = ()> + Send + 'static,
{
    let done = AtomicU64::new(0);
    let (cpu, start) = (cpu(server).await, Instant::now());
    let worker = || async {
        while start.elapsed() < Duration::from_secs(1) {
            let command = tokio::spawn(command(done.fetch_add(1, Ordering::Relaxed)));
            command.await.expect("a command");
        }
    };
    futures_util::future::join_all((0..TASKS).map(|_| worker())).await;
    let seconds = start.elapsed().as_secs_f64();
    Cost {
        commands: done.load(Ordering::Relaxed) as f64,
        seconds,
        cpu: self::cpu(server).await - cpu,
    }
}

/// What the main thread of the server has used so far, in seconds.
async fn cpu(server: &Server) -> f64 {
    let info: String =
        redis::cmd("INFO").arg("cpu").query_async(&mut server.clone()).await.expect("INFO");
    let field = |name: &str| -> f64 {
        info.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).unwrap_or_default()
    };
    field("used_cpu_user_main_thread:") + field("used_cpu_sys_main_thread:")
}

async fn connect(uri: &str) -> Result<Server, redis::RedisError> {
    let info = redis::IntoConnectionInfo::into_connection_info(uri)?;
    let info = info.set_tcp_settings(redis::io::tcp::TcpSettings::default().set_nodelay(true));
    redis::Client::open(info)?.get_multiplexed_async_connection().await
}

/// The script of a post, called through the client library alone.
async fn bare_posts(server: &Server, count: usize) -> Cost {
    let script = Arc::new(redis::Script::new(POST));
    let body = Arc::new(vec![b'x'; 1080]);
    let parts = [":f", ":e", ":d", ":u", "", ":c", ":k"];
    let now = now();
    let run = |n: u64| {
        let (mut connection, script, body) = (server.clone(), script.clone(), body.clone());
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
    measure(server, run).await
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
    driver.messages().post(command).await.map(drop)
}

fn queue(name: &str, number: u64) -> QueueKey {
    QueueKey::new("bench", format!("{name}{number}"))
}

fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_millis() as i64)
}
