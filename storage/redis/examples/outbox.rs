//! Measures the outbox against the Redis that `CONFORMANCE_REDIS_URI` names: what a post costs with no, one and a
//! thousand subscriptions, how fast entries are leased and finished, and what a deep backlog changes of that.
//!
//! `cargo run --release -p sukkal-storage-redis --example outbox -- [rounds] [depth]`
#![allow(clippy::print_stdout, reason = "the report goes to the terminal")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use sukkal_storage::{
    AdvanceEntries, Attributes, Body, ClaimId, CreateClaim, CreateSubscription, DataDriver,
    EntryProgress, EntryStep, LeaseId, LeaseWork, MessageId, NewMessage, OpenOptions, OutboxEntry,
    Post, QueueKey, Result, SubscriptionId,
};

const NOW: i64 = 1_700_000_000_000;
/// How many commands are under way at a time.
const TASKS: usize = 32;
/// How many posts or entries one turn of a round is made of.
const TURN: usize = 3200;
/// How many entries one lease takes.
const LEASE: usize = 100;

type Driver = Arc<dyn DataDriver>;

/// The time of the server's main thread and of the clock that something took, for each of so many.
#[derive(Clone, Copy, Default)]
struct Cost {
    count: usize,
    cpu: f64,
    elapsed: Duration,
}

impl Cost {
    fn micros(self) -> f64 {
        self.cpu * 1e6 / self.count as f64
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rate = self.count as f64 / self.elapsed.as_secs_f64();
        write!(f, "{rate:7.0}/s {:6.1} us of Redis", self.micros())
    }
}

/// The driver, and a connection that asks the server what it has used.
struct Bench {
    driver: Driver,
    server: redis::aio::MultiplexedConnection,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let uri = std::env::var("CONFORMANCE_REDIS_URI")?;
    let mut arguments = std::env::args().skip(1);
    let rounds: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let depth: usize = arguments.next().map_or(Ok(300_000), |text| text.parse())?;
    let options = OpenOptions { data_dir: ".".into(), now: 0, options: Vec::new() };
    let driver = sukkal_storage_redis::open(&uri, &options).await?.data;
    let server = redis::Client::open(uri)?.get_multiplexed_async_connection().await?;
    let bench = Bench { driver, server };

    bench.posts(rounds).await?;
    bench.backlog(rounds, depth).await?;
    Ok(())
}

impl Bench {
    /// Posts to queues with no, one and a thousand subscriptions, in turns.
    async fn posts(&self, rounds: usize) -> Result<()> {
        let subscribers = [0, 1, 1000];
        let mut costs = [Cost::default(); 3];
        for (at, count) in subscribers.into_iter().enumerate() {
            self.subscribe(&queue(at), count).await?;
        }
        for round in 0..rounds {
            for turn in 0..3 {
                let at = (round + turn) % 3;
                let queue = queue(at);
                self.measure(&mut costs[at], TURN, || self.fill(&queue, TURN)).await?;
                // Other turns find the queue as this one did.
                let generation = self.driver.queues().seal(&queue).await?;
                self.driver.queues().unseal(&queue, generation).await?;
            }
        }
        for (count, cost) in subscribers.iter().zip(costs) {
            let ratio = cost.micros() / costs[0].micros();
            println!("post, {count:4} subscriptions   {cost}; {ratio:.2} of none");
        }
        Ok(())
    }

    /// Posts, leases and finishes, and claims, on a queue with a backlog and on one without.
    async fn backlog(&self, rounds: usize, depth: usize) -> Result<()> {
        let queues = [queue(10), queue(11)];
        let mut costs = [[Cost::default(); 3]; 2];
        for (queue, depth) in queues.iter().zip([TURN, depth]) {
            self.subscribe(queue, 1).await?;
            self.fill(queue, depth).await?;
        }
        for round in 0..rounds {
            for turn in 0..2 {
                let at = (round + turn) % 2;
                let (queue, [post, tell, claim]) = (&queues[at], &mut costs[at]);
                self.measure(post, TURN, || self.fill(queue, TURN)).await?;
                self.measure(tell, TURN, || self.tell(queue)).await?;
                self.measure(claim, TURN / 10, || self.claim(queue)).await?;
            }
        }
        for (at, what) in ["post", "lease and finish", "claim 10"].iter().enumerate() {
            let (shallow, deep) = (costs[0][at], costs[1][at]);
            let ratio = deep.micros() / shallow.micros();
            println!("{what:24} {shallow}; backlog of {depth}: {deep}; {ratio:.2} of the cost");
        }
        Ok(())
    }

    async fn measure<F>(&self, cost: &mut Cost, count: usize, run: impl Fn() -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let (cpu, start) = (self.cpu().await, Instant::now());
        run().await?;
        cost.elapsed += start.elapsed();
        cost.cpu += self.cpu().await - cpu;
        cost.count += count;
        Ok(())
    }

    /// What the main thread of the server has used so far, in seconds.
    async fn cpu(&self) -> f64 {
        let info = redis::cmd("INFO").arg("cpu").query_async(&mut self.server.clone()).await;
        let info: String = info.expect("INFO");
        let field = |name: &str| -> f64 {
            info.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).unwrap_or_default()
        };
        field("used_cpu_user_main_thread:") + field("used_cpu_sys_main_thread:")
    }

    async fn subscribe(&self, queue: &QueueKey, count: usize) -> Result<()> {
        for number in 0..count {
            let command = CreateSubscription {
                queue: queue.clone(),
                id: SubscriptionId::now_v7(),
                subscriber: format!("http://example.org/{number}"),
                ttl: 3600,
                expires_at: NOW + 3_600_000,
                options: "{}".into(),
                is_follower: false,
                now: NOW,
            };
            self.driver.subscriptions().create(command).await?;
        }
        Ok(())
    }

    async fn fill(&self, queue: &QueueKey, count: usize) -> Result<()> {
        let generation = self.driver.queues().state(queue).await?.generation;
        for _ in 0..count / TASKS {
            let post = |_| self.driver.messages().post(post(queue, generation));
            try_join_all((0..TASKS).map(post)).await?;
        }
        Ok(())
    }

    /// Leases and finishes as many entries as one turn posts.
    async fn tell(&self, queue: &QueueKey) -> Result<()> {
        for _ in 0..TURN / LEASE {
            let lease = LeaseId::new_v4();
            let work = LeaseWork {
                queue: queue.clone(),
                lease,
                limit: LEASE,
                max_bytes: usize::MAX,
                until: NOW + 60_000,
                now: NOW,
            };
            let entries = self.driver.outbox().lease_entries(work).await?;
            assert_eq!(entries.len(), LEASE);
            let step = |entry: &OutboxEntry| EntryStep {
                entry: entry.marker,
                deliveries: Vec::new(),
                progress: EntryProgress::Finish,
            };
            let steps = entries.iter().map(step).collect();
            let advance = AdvanceEntries { queue: queue.clone(), lease, steps, now: NOW };
            self.driver.outbox().advance(advance).await?;
        }
        Ok(())
    }

    async fn claim(&self, queue: &QueueKey) -> Result<()> {
        for _ in 0..TURN / 10 {
            let command = CreateClaim {
                queue: queue.clone(),
                id: ClaimId::new_v4(),
                limit: 10,
                ttl: 3600,
                grace: 60,
                dead_letter: None,
                now: NOW,
            };
            assert_eq!(self.driver.claims().create(command).await?.messages.len(), 10);
        }
        Ok(())
    }
}

fn post(queue: &QueueKey, generation: u64) -> Post {
    let message = NewMessage {
        id: MessageId::new_v4(),
        ttl: 86_400,
        delay_until: None,
        body: Body::json(vec![b'1'; 1024]),
        checksum: None,
        attributes: Attributes::new(),
    };
    Post {
        queue: queue.clone(),
        generation,
        messages: vec![message],
        client_id: "5b1f0d6c-6a0e-4d0e-9d3c-2b8a7e1f9c11".into(),
        idempotency_key: None,
        now: NOW,
    }
}

fn queue(number: usize) -> QueueKey {
    QueueKey::new("bench", format!("outbox{number}"))
}
