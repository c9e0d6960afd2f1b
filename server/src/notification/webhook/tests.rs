//! Webhooks against servers that behave, and against every other kind.

use std::sync::Mutex;
use std::time::Duration;

use sukkal_storage::{EntryKind, Millis, QueueKey, Subscription, SubscriptionState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::config::{Config, Given, Sources, Table, load};
use crate::egress::{Clients, Egress, Lookup, SystemLookup};
use crate::notification::{
    Carrier, ConfirmationSettings, Confirmations, Outcome, Parcel, ParcelMessage, Told,
};
use crate::signature::{Secret, Signatures};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

mod bad_endpoints;
mod documented;
mod requests;
mod tls;

const NOW: Millis = 1_795_291_200_000;
const FAILED: Outcome = Outcome::Failed { retry_after: None };

/// Webhooks with loopback open, these options, and limits of a second.
pub(super) fn webhooks(options: &[(&str, &str)]) -> Webhooks {
    let usual = [("egress.allow", "127.0.0.1"), ("egress.timeout", "1")];
    let given = |(name, value): &(&str, &str)| Given {
        flag: "--set".to_owned(),
        option: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let flags = usual.iter().chain(options).map(given).collect();
    let settings = load(Table::standard(), &Sources { flags, ..Sources::default() }).unwrap();
    let config = Config::from_settings(settings).unwrap();
    let egress = Arc::new(Egress::new(&config.egress, Vec::new()));
    let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup::new());
    let clients = Clients::open(&egress, &config.egress, &lookup).unwrap();
    let signatures = Signatures::new(config.signing.clone(), Clock::manual(NOW));
    let confirmations = Confirmations::new(ConfirmationSettings::default(), signatures);
    let keys = config.webhook_signing.clone();
    Webhooks::new(egress, clients, keys, confirmations, &config.egress)
}

pub(super) fn parcel(subscriber: &str, options: &str) -> Parcel {
    let subscription = Subscription {
        id: Uuid::from_u128(7),
        subscriber: subscriber.to_owned(),
        ttl: 600,
        options: Bytes::copy_from_slice(options.as_bytes()),
        is_confirmed: false,
        is_follower: false,
        state: SubscriptionState::Active,
        created_at: NOW,
        expires_at: NOW + 600_000,
    };
    Parcel {
        queue: QueueKey::new("p", "q\"1"),
        subscription: Arc::new(subscription),
        kind: EntryKind::Post,
        message: ParcelMessage {
            id: Uuid::from_u128(8),
            ttl: 300,
            delay: None,
            posted_at: NOW,
            body: Bytes::from_static(br#"{"k": 1e400 }"#),
        },
        delivery_id: Uuid::from_u128(9),
        attempt: 2,
        now: NOW + 1,
    }
}

/// A request as it came over the wire.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) head: String,
    pub(super) body: String,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        found.find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Reads one request; `None` at the end of the connection.
pub(super) async fn hear(socket: &mut TcpStream) -> Option<Heard> {
    let mut text = Vec::new();
    loop {
        let read = socket.read_buf(&mut text).await.ok()?;
        let whole = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let heard = Heard { head: head.to_owned(), body: body.to_owned() };
            let length = heard.header("content-length").and_then(|text| text.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(heard);
            }
        }
        if read == 0 {
            return None;
        }
    }
}

/// A server that answers each request with this text, and tells of each and of each connection.
pub(super) async fn server(
    answer: &'static str,
) -> (String, mpsc::UnboundedReceiver<Heard>, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    let (connect, connected) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = connect.send(());
            let tell = tell.clone();
            tokio::spawn(async move {
                while let Some(heard) = hear(&mut socket).await {
                    let _ = tell.send(heard);
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    (url, told, connected)
}
