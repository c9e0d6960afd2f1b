//! The WebSocket against our own HTTP, and many requests in flight against one.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::load::{CLIENT, PROJECT, document, rate, request};
use crate::subject::Subject;
use crate::{Plan, Table};

pub(crate) async fn measure(plan: Plan) {
    let subject = Subject::start("sqlite:").await;
    let http = request("POST", "/v2/queues/q/messages", Some(&document(1)));
    let mut table = Table::default();
    for _ in 0..plan.rounds {
        table.add("http", rate(subject.http, 32, &http, plan.seconds).await);
        table.add("32 sockets", sockets(subject.websocket, 32, 1, plan.seconds).await);
        table.add("1 socket", sockets(subject.websocket, 1, 1, plan.seconds).await);
        table.add("64 in flight", sockets(subject.websocket, 1, 64, plan.seconds).await);
    }
    table.ratio("WebSocket post, 32 connections / HTTP post", "32 sockets", "http", "1.2");
    table.ratio("One socket, 64 in flight / one in flight", "64 in flight", "1 socket", "5");
    println!(
        "(medians: http {:.0}/s, 32 sockets {:.0}/s, one socket {:.0}/s, 64 in flight {:.0}/s)",
        table.median("http"),
        table.median("32 sockets"),
        table.median("1 socket"),
        table.median("64 in flight")
    );
}

fn frame() -> Message {
    let inner = document(1);
    let messages = inner.trim_start_matches('{');
    Message::text(format!(
        "{{\"action\": \"message_post\", \"headers\": {{\"Client-ID\": \"{CLIENT}\", \"X-Project-ID\": \"{PROJECT}\"}}, \"body\": {{\"queue_name\": \"w\", {messages}}}"
    ))
}

async fn sockets(address: SocketAddr, count: usize, in_flight: usize, length: Duration) -> f64 {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..count {
        tasks.push(tokio::spawn(async move {
            let (mut socket, _) =
                tokio_tungstenite::connect_async(format!("ws://{address}/")).await.unwrap();
            let frame = frame();
            for _ in 0..in_flight {
                socket.feed(frame.clone()).await.unwrap();
            }
            socket.flush().await.unwrap();
            let mut done = 0_u64;
            while begun.elapsed() < length {
                let mut ready = 0;
                let mut next = Some(socket.next().await.unwrap().unwrap());
                while let Some(reply) = next {
                    let text = reply.into_text().unwrap();
                    assert!(text.contains("\"status\": 201"), "{text}");
                    ready += 1;
                    next = futures_util::FutureExt::now_or_never(socket.next())
                        .flatten()
                        .map(Result::unwrap);
                }
                done += ready;
                for _ in 0..ready {
                    socket.feed(frame.clone()).await.unwrap();
                }
                socket.flush().await.unwrap();
            }
            done
        }));
    }
    let mut total = 0;
    for task in tasks {
        total += task.await.unwrap();
    }
    total as f64 / begun.elapsed().as_secs_f64()
}
