//! Two servers that share one store.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::{Api, Message};
use crate::redis::Redis;
use crate::server::Setup;
use crate::{Outcome, note, number};

const QUEUE: &str = "shared";
const CLAIMERS_EACH: usize = 16;
const PAGE: u64 = 10;

pub(crate) async fn two_servers_on_one_redis_hand_out_each_message_once() -> Outcome {
    let redis = Redis::start().await?;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let servers = folders.each_ref().map(|dir| Setup::new(dir.path()).store(&redis.uri()).start());
    let messages = number("SUKKAL_SHARED_MESSAGES", 5000);
    Api::open(servers[0].http).await.unwrap().create_queue(QUEUE).await.unwrap();
    let (progress, seen) = watch::channel(Progress::default());
    let mut claimers = JoinSet::new();
    for server in &servers {
        for _ in 0..CLAIMERS_EACH {
            claimers.spawn(handle(server.http, seen.clone()));
        }
    }

    let half = messages / 2;
    let (one, other) = tokio::join!(
        post(servers[0].http, &progress, 0, half),
        post(servers[1].http, &progress, half, messages)
    );
    progress.send_modify(|progress| progress.is_over = true);
    let mut handled: Vec<Message> = Vec::new();
    let mut shares = Vec::new();
    while let Some(share) = claimers.join_next().await {
        let share = share.unwrap();
        shares.push(share.len());
        handled.extend(share);
    }

    let posted: HashMap<String, u64> = one.into_iter().chain(other).collect();
    let ids: HashSet<&str> = handled.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids.len(), handled.len(), "a message was handed out twice");
    assert_eq!(handled.len() as u64, messages, "messages were lost");
    for message in &handled {
        assert_eq!(posted.get(&message.id), Some(&message.number), "{message:?}");
    }
    let left = Api::open(servers[1].http).await.unwrap().messages(QUEUE).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    shares.sort_unstable();
    note(&format!("{messages} messages handled once each; by claimer: {shares:?}"));
    Ok(())
}

/// How far posting has come, for claimers that found nothing.
#[derive(Default)]
struct Progress {
    posts: u64,
    is_over: bool,
}

async fn post(
    server: SocketAddr,
    progress: &watch::Sender<Progress>,
    from: u64,
    to: u64,
) -> Vec<(String, u64)> {
    let mut api = Api::open(server).await.unwrap();
    let mut posted = Vec::new();
    for first in (from..to).step_by(PAGE as usize) {
        let numbers: Vec<u64> = (first..to.min(first + PAGE)).collect();
        let ids = api.post(QUEUE, &numbers).await.unwrap();
        posted.extend(ids.into_iter().zip(numbers));
        progress.send_modify(|progress| progress.posts += 1);
    }
    posted
}

/// Claims and deletes until everything is posted and nothing is left.
async fn handle(server: SocketAddr, mut seen: watch::Receiver<Progress>) -> Vec<Message> {
    let mut api = Api::open(server).await.unwrap();
    let mut handled = Vec::new();
    loop {
        let is_over = seen.borrow_and_update().is_over;
        match api.claim(QUEUE, PAGE as usize).await.unwrap() {
            Some(claim) => {
                for message in claim.messages {
                    api.delete(QUEUE, &message.id, &claim.id).await.unwrap();
                    handled.push(message);
                }
            }
            None if is_over => return handled,
            None => seen.changed().await.unwrap(),
        }
    }
}
