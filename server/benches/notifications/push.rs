//! How soon a message reaches a socket.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::latency::quantile;
use crate::load::{CLIENT, Connection, PROJECT};
use crate::subject::{Subject, post};

const SUBSCRIBERS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket and subscribes it to a queue.
pub(crate) async fn subscribe(address: SocketAddr, queue: &str) -> Socket {
    let (mut socket, _) = connect_async(format!("ws://{address}/")).await.unwrap();
    let call = json!({
        "action": "subscription_create",
        "headers": { "Client-ID": CLIENT, "X-Project-ID": PROJECT },
        "body": { "queue_name": queue, "ttl": 3600 },
    });
    socket.send(Message::text(call.to_string())).await.unwrap();
    let reply: Value = serde_json::from_str(next(&mut socket).await.as_str()).unwrap();
    assert_eq!(reply["headers"]["status"], 201, "{reply}");
    socket
}

/// The next text frame.
async fn next(socket: &mut Socket) -> String {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return text.as_str().to_owned();
        }
    }
}

pub(crate) async fn measure(posts: usize) {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::start(folder.path(), "sqlite:", &[]).await;
    let one = p99(subject.http, subject.websocket, posts).await;
    println!("| p99 of a push, one server | {one:?} | 50 ms |");
    let Ok(uri) = std::env::var("REDIS_URI") else {
        println!("(REDIS_URI names no Redis: two servers are not measured)");
        return;
    };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let poster = Subject::start(folders[0].path(), &uri, &[]).await;
    let pusher = Subject::start(folders[1].path(), &uri, &[]).await;
    let two = p99(poster.http, pusher.websocket, posts).await;
    println!("| p99 of a push, posted through another server on Redis | {two:?} | 50 ms |");
}

async fn p99(http: SocketAddr, websocket: SocketAddr, posts: usize) -> Duration {
    let mut listening = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let mut socket = subscribe(websocket, "push").await;
        listening.push(tokio::spawn(async move {
            let mut arrivals = HashMap::new();
            while arrivals.len() < posts {
                let text = next(&mut socket).await;
                let pushed: Value = serde_json::from_str(&text).unwrap();
                arrivals.insert(pushed["body"].as_u64().unwrap(), Instant::now());
            }
            arrivals
        }));
    }
    let mut connection = Connection::open(http).await;
    let mut posted = HashMap::new();
    for number in 0..posts as u64 {
        posted.insert(number, Instant::now());
        assert_eq!(connection.call(&post("push", &[json!(number)])).await.0, 201);
        tokio::time::sleep(PAUSE).await;
    }
    let mut samples = Vec::new();
    for task in listening {
        samples.extend(task.await.unwrap().into_iter().map(|(number, at)| at - posted[&number]));
    }
    quantile(&mut samples, 0.99)
}
