//! Hints: which queues got an entry, through any server, over a connection of its own.

use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use redis::aio::PubSub;
use redis::{Client, RedisError, Value};
use sukkal_storage::QueueKey;
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::connection::{CONNECT_TIMEOUT, RESPONSE_TIMEOUT};
use crate::error::reason;
use crate::keys::{POSTS, QueueKeys};

/// How many hints may wait for their reader; more are lost.
const WAITING: usize = 4096;
/// The pause before the first attempt to connect again; it doubles with each that fails.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The pause between two looks at a connection that may be silently broken.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The hints from now on, until the store is closed. The connection is made when the stream is first polled.
pub(super) fn stream(
    client: Client,
    closed: watch::Receiver<bool>,
) -> BoxStream<'static, QueueKey> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let listener = Some(listen(client, closed, sender));
    stream::unfold((receiver, listener), |(mut receiver, listener)| async move {
        if let Some(listener) = listener {
            tokio::spawn(listener);
        }
        let queue = receiver.recv().await?;
        Some((queue, (receiver, None)))
    })
    .boxed()
}

/// Listens until nobody reads or the store is closed.
async fn listen(client: Client, mut closed: watch::Receiver<bool>, hints: Sender<QueueKey>) {
    let mut pause = FIRST_PAUSE;
    let follow = async {
        loop {
            match connect(&client).await {
                Ok(connection) => {
                    pause = FIRST_PAUSE;
                    forward(connection, &hints).await;
                    tracing::debug!("lost the connection for hints from Redis");
                }
                Err(error) => {
                    tracing::debug!(reason = reason(&error), "no hints from Redis");
                }
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    };
    tokio::select! {
        () = follow => {}
        () = hints.closed() => {}
        // An error means that the store is gone.
        _ = closed.wait_for(|is_closed| *is_closed) => {}
    }
}

async fn connect(client: &Client) -> Result<PubSub, RedisError> {
    let attempt = async {
        let mut connection = client.get_async_pubsub().await?;
        connection.subscribe(POSTS).await?;
        Ok(connection)
    };
    timeout(CONNECT_TIMEOUT, attempt).await.unwrap_or_else(|_| {
        Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))
    })
}

/// Hands on what comes, until the connection is lost.
async fn forward(connection: PubSub, hints: &Sender<QueueKey>) {
    let (mut requests, mut messages) = connection.split();
    loop {
        match timeout(HEARTBEAT, messages.next()).await {
            Ok(None) => return,
            Ok(Some(message)) => {
                let base = message.get_payload::<String>().unwrap_or_default();
                if let Some(queue) = QueueKeys::queue(&base) {
                    // A reader that is too slow loses hints, which it must bear anyway.
                    let _ = hints.try_send(queue);
                }
            }
            Err(_) => {
                let beat = timeout(RESPONSE_TIMEOUT, requests.ping::<Value>()).await;
                if !matches!(beat, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}
