//! Sockets that are subscribed.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::api::Api;
use crate::link::CLIENT;
use crate::redis::Redis;
use crate::server::Setup;
use crate::{Outcome, note, number};

const PATIENCE: Duration = Duration::from_secs(60);
const PRODUCERS: usize = 8;
const POSTS_EACH: usize = 100;
/// The largest share of memory that an idle subscriber may have, in bytes.
const MOST_BYTES: u64 = 15 << 10;
/// How many connections are opened at the same time.
const AT_ONCE: usize = 64;

/// Who posted which, in the order it came.
type Order = Vec<(usize, usize)>;

/// Times in bodies count from here.
static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A subscribed connection.
struct Subscriber(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Subscriber {
    async fn connect(server: SocketAddr, queue: &str) -> Self {
        let url = format!("ws://{server}/");
        let (mut stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let call = json!({
            "action": "subscription_create",
            "headers": { "Client-ID": CLIENT, "X-Project-ID": "process" },
            "body": { "queue_name": queue, "cursor": "" },
        });
        stream.send(Message::text(call.to_string())).await.unwrap();
        let mut subscriber = Self(stream);
        let answer = subscriber.next().await.unwrap();
        assert_eq!(answer["headers"]["status"], 201, "{answer}");
        subscriber
    }

    /// The next frame; the close code if the connection is closed.
    async fn next(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing comes") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| u16::from(frame.code)));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}

pub(crate) async fn what_is_posted_through_two_servers_is_pushed_in_order_by_both() -> Outcome {
    let redis = Redis::start().await?;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let servers = folders.each_ref().map(|dir| Setup::new(dir.path()).store(&redis.uri()).start());
    let subscribers = [0, 1, 0, 1].map(|at| Subscriber::connect(servers[at].websocket, "jobs"));
    let subscribers = futures_util::future::join_all(subscribers).await;

    let mut readers = JoinSet::new();
    for subscriber in subscribers {
        readers.spawn(read_all(subscriber));
    }
    let mut producers = JoinSet::new();
    for producer in 0..PRODUCERS {
        producers.spawn(produce(servers[producer % 2].http, producer));
    }
    producers.join_all().await;
    let all = readers.join_all().await;

    let (orders, lates): (BTreeSet<Order>, Vec<Vec<Duration>>) = all.into_iter().unzip();
    assert_eq!(orders.len(), 1, "connections saw different orders");
    for order in orders {
        for producer in 0..PRODUCERS {
            let own = order.iter().filter(|(by, _)| *by == producer).map(|(_, at)| *at);
            assert!(own.eq(0..POSTS_EACH), "producer {producer}");
        }
    }
    let mut lates: Vec<Duration> = lates.into_iter().flatten().collect();
    lates.sort_unstable();
    let share = |percent: usize| lates[(lates.len() - 1) * percent / 100];
    note(&format!(
        "two servers on Redis, {} pushes: from before the post p50 {:?}, p99 {:?}, all {:?}",
        lates.len(),
        share(50),
        share(99),
        share(100)
    ));
    Ok(())
}

async fn produce(server: SocketAddr, producer: usize) {
    let mut api = Api::open(server).await.unwrap();
    for at in 0..POSTS_EACH {
        let body = json!([producer, at, now().as_micros() as u64]);
        let text = json!({ "messages": [{ "ttl": 300, "body": body }] }).to_string();
        let answer = api.answer("POST", "/v2/queues/jobs/messages", &text).await;
        assert_eq!(answer.status, 201);
    }
}

/// Reads what all producers post, and how late each came.
async fn read_all(mut subscriber: Subscriber) -> (Order, Vec<Duration>) {
    let (mut order, mut lates) = (Vec::new(), Vec::new());
    while order.len() < PRODUCERS * POSTS_EACH {
        let push = subscriber.next().await.unwrap();
        let number = |at: usize| push["body"][at].as_u64().unwrap();
        lates.push(now().saturating_sub(Duration::from_micros(number(2))));
        order.push((number(0) as usize, number(1) as usize));
    }
    (order, lates)
}

fn now() -> Duration {
    BEGIN.elapsed()
}

pub(crate) async fn a_subscriber_that_stops_reading_is_closed_with_a_code_and_costs_others_nothing()
-> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path()).store("memory:");
    let server = setup.set("websocket.max_waiting_bytes=1048576").start();
    let mut slow = Subscriber::connect(server.websocket, "jobs").await;
    let mut quick = Subscriber::connect(server.websocket, "jobs").await;
    let mut api = Api::open(server.http).await.unwrap();
    let before = server.resident_kib();

    let text = "x".repeat(50 << 10);
    for at in 0..400 {
        let body = json!({ "messages": [{ "ttl": 60, "body": [at, text] }] }).to_string();
        let answer = api.answer("POST", "/v2/queues/jobs/messages", &body).await;
        assert_eq!(answer.status, 201);
        let push = quick.next().await.unwrap();
        assert_eq!(push["body"][0], at);
    }

    let closed = loop {
        if let Err(code) = slow.next().await {
            break code;
        }
    };
    assert_eq!(closed, Some(4008));
    let answer =
        api.answer("POST", "/v2/queues/jobs/messages", r#"{"messages": [{"body": [400]}]}"#);
    assert_eq!(answer.await.status, 201);
    assert_eq!(quick.next().await.unwrap()["body"][0], 400);
    note(&format!("from {before} KiB to {} KiB", server.resident_kib()));
    Ok(())
}

pub(crate) async fn idle_subscribers_are_small() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let count = number("SUKKAL_IDLE_SOCKETS", 2000);
    let setup = Setup::new(directory.path()).store("memory:");
    let server = setup.set("websocket.max_connections=20000").start();
    let open = |numbers: std::ops::Range<u64>| {
        let address = server.websocket;
        stream::iter(numbers.map(move |at| async move {
            Subscriber::connect(address, &format!("idle-{}", at % 100)).await
        }))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
    };
    // What is made once is there before the measurement begins.
    let mut all = open(0..500).await;
    let before = server.resident_kib();

    all.extend(open(500..500 + count).await);

    let bytes = server.resident_kib().saturating_sub(before) * 1024 / count;
    note(&format!("{count} idle subscribers: {bytes} bytes each"));
    assert!(bytes <= MOST_BYTES, "{bytes} bytes for each of {count} idle subscribers");
    let mut api = Api::open(server.http).await.unwrap();
    let answer = api.answer("POST", "/v2/queues/idle-7/messages", r#"{"messages": [{"body": 7}]}"#);
    assert_eq!(answer.await.status, 201);
    // Subscribed ones are among them, and they are still told.
    let told = all
        .iter_mut()
        .map(|each| async { timeout(Duration::from_secs(2), each.0.next()).await.is_ok() });
    let told: Vec<bool> = told.collect::<FuturesUnordered<_>>().collect().await;
    assert_eq!(told.into_iter().filter(|told| *told).count() as u64, (500 + count).div_ceil(100));
    Ok(())
}
