//! What only a Redis of one's own can show: outages, refusals, what is left in the keys. All are ignored without one.

#![allow(clippy::unwrap_used, reason = "a case fails by panicking")]

mod private;

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{maybe_done, poll_fn};
use libtest_mimic::{Arguments, Completion, Trial};
use sukkal_storage::{
    Attributes, Body, ClaimId, CreateClaim, CreateSubscription, DeadLetter, DeleteMessages,
    DeleteSubscription, Durability, FinishTransfers, ListMessages, Message, MessageId, NewMessage,
    PlaceQueue, Post, PurgeSubscriptions, QueueKey, ReleaseQueue, Result, StatsQuery, StorageError,
    Store, SubscriptionId,
};

use private::Server;

const NOW: i64 = 1_700_000_000_000;

macro_rules! trials {
    ($($name:ident)+) => { vec![$(trial(stringify!($name), $name)),+] };
}

fn main() -> ExitCode {
    let trials = trials! {
        calls_fail_fast_while_redis_is_away_and_what_was_acknowledged_is_there_when_it_is_back
        calls_fail_fast_while_redis_is_silent
        scripts_are_loaded_again_when_redis_forgot_them
        the_durability_is_read_back_from_the_server
        a_server_that_hides_its_configuration_has_an_unknown_durability
        a_password_is_used_and_never_shown
        a_damaged_message_is_never_handed_out
        a_full_server_takes_no_posts_but_claims_and_deletes
        an_emptied_queue_leaves_only_its_counters
        subscriptions_that_are_gone_leave_no_key
        places_that_are_given_up_leave_no_key
        commands_take_their_order_when_they_are_first_polled
        thousands_of_due_messages_come_back_in_order
        an_unknown_layout_is_refused
        a_write_that_too_few_replicas_confirm_is_not_acknowledged
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial<F>(name: &'static str, case: fn(Server) -> F) -> Trial
where
    F: Future<Output = ()> + Send + 'static,
{
    Trial::ignorable_test(name, move || {
        let Some(server) = Server::start(&[]) else {
            return Ok(Completion::ignored_with("redis-server is not installed"));
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(case(server));
        Ok(Completion::Completed)
    })
}

async fn calls_fail_fast_while_redis_is_away_and_what_was_acknowledged_is_there_when_it_is_back(
    mut server: Server,
) {
    let store = server.open().await;
    post(&store, 3).await.unwrap();

    server.kill();
    let failed = within(2, async { (post(&store, 1).await, list(&store).await) }).await;
    server.restart();
    within(5, recovered(&store)).await;

    for error in [failed.0.unwrap_err(), failed.1.unwrap_err()] {
        assert!(matches!(error, StorageError::Unavailable { retry_after: Some(_), .. }), "{error}");
    }
    assert!(list(&store).await.unwrap().len() >= 3);
}

async fn calls_fail_fast_while_redis_is_silent(server: Server) {
    let store = server.open().await;
    post(&store, 1).await.unwrap();

    server.signal("STOP");
    let first = within(4, list(&store)).await;
    let second = within(1, list(&store)).await;
    server.signal("CONT");
    within(5, recovered(&store)).await;

    assert!(matches!(first.unwrap_err(), StorageError::Unavailable { .. }));
    assert!(matches!(second.unwrap_err(), StorageError::Unavailable { .. }));
    assert_eq!(list(&store).await.unwrap().len(), 1);
}

async fn scripts_are_loaded_again_when_redis_forgot_them(server: Server) {
    let store = server.open().await;
    server.command(&["SCRIPT", "FLUSH"]).await;

    post(&store, 2).await.unwrap();
    let claim = claim(&store, 10, None).await.unwrap();

    assert_eq!(claim.len(), 2);
}

async fn the_durability_is_read_back_from_the_server(server: Server) {
    let store = server.open().await;
    let synced = store.data.status().await.unwrap();
    server.command(&["CONFIG", "SET", "appendfsync", "everysec"]).await;
    let lazy = store.control.status().await.unwrap();
    server.command(&["CONFIG", "SET", "appendonly", "no"]).await;
    server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    let none = store.data.status().await.unwrap();

    assert_eq!((synced.durability, synced.detail.as_str()), (Durability::Synced, ""));
    assert_eq!(lazy.durability, Durability::Process);
    assert!(lazy.detail.contains("everysec"), "{}", lazy.detail);
    assert_eq!(none.durability, Durability::None);
    assert!(none.detail.contains("allkeys-lru"), "{}", none.detail);
}

async fn a_server_that_hides_its_configuration_has_an_unknown_durability(server: Server) {
    server.command(&["ACL", "SETUSER", "app", "on", ">geheim", "~*", "+@all", "-config"]).await;
    let store = server.open_as("app:geheim@").await.unwrap();

    let status = store.data.status().await.unwrap();

    assert_eq!(status.durability, Durability::Process);
    assert!(status.detail.contains("unknown"), "{}", status.detail);
    post(&store, 1).await.unwrap();
}

async fn a_password_is_used_and_never_shown(server: Server) {
    server.command(&["CONFIG", "SET", "requirepass", "geheim"]).await;

    let wrong = server.open_as(":falsch@").await.err().unwrap().to_string();
    let missing = server.open_as("").await.err().unwrap().to_string();
    let right = server.open_as(":geheim@").await.unwrap();

    assert!(!wrong.contains("falsch") && !wrong.contains("geheim"), "{wrong}");
    assert!(missing.contains("password"), "{missing}");
    post(&right, 1).await.unwrap();
}

async fn a_damaged_message_is_never_handed_out(server: Server) {
    let store = server.open().await;
    post(&store, 1).await.unwrap();
    let id = list(&store).await.unwrap()[0].id;
    let field = [b"b", &id.as_bytes()[..]].concat();
    let mut body: Vec<u8> = server.query(redis::cmd("HGET").arg("sk:{p/q}").arg(&field)).await;
    *body.last_mut().unwrap() ^= 1;
    server.query::<i64>(redis::cmd("HSET").arg("sk:{p/q}").arg(&field).arg(body)).await;

    let listed = list(&store).await;
    let claimed = claim(&store, 1, None).await;

    assert!(matches!(listed, Err(StorageError::Damaged(damaged)) if damaged == id));
    assert!(matches!(claimed, Err(StorageError::Damaged(damaged)) if damaged == id));
}

async fn a_full_server_takes_no_posts_but_claims_and_deletes(server: Server) {
    let store = server.open().await;
    post(&store, 2).await.unwrap();
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;

    let refused = post(&store, 1).await;
    let ids = claim(&store, 2, None).await.unwrap();
    delete(&store, ids).await.unwrap();
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;

    assert!(
        matches!(refused, Err(StorageError::Unavailable { reason, .. }) if reason.contains("memory"))
    );
    assert_eq!(list(&store).await.unwrap().len(), 0);
    post(&store, 1).await.unwrap();
}

async fn an_emptied_queue_leaves_only_its_counters(server: Server) {
    let store = server.open().await;
    post_delayed(&store, 5, Some(NOW + 1000)).await.unwrap();
    post(&store, 25).await.unwrap();
    let held = claim(&store, 10, Some(5)).await.unwrap();
    claim(&store, 5, None).await.unwrap();
    let moved = claim(&store, 5, Some(0)).await.unwrap();
    let pending = store.data.transfers().pending(Some(&queue()), 100).await.unwrap();
    delete(&store, held).await.unwrap();

    let ids = pending.iter().map(|transfer| transfer.message.id).collect();
    store.data.transfers().finish(FinishTransfers { source: queue(), ids }).await.unwrap();
    while store.data.collect(NOW + 100_000_000, 100).await.unwrap().more {}

    assert_eq!((moved.len(), pending.len()), (0, 5));
    let keys = server.strings(redis::cmd("KEYS").arg("*")).await;
    assert_eq!(keys, ["sk:format", "sk:{p/q}"]);
    let fields = server.strings(redis::cmd("HKEYS").arg("sk:{p/q}")).await;
    assert_eq!(fields, ["m", "n"]);
}

async fn subscriptions_that_are_gone_leave_no_key(server: Server) {
    let store = server.open().await;
    let subscriptions = store.data.subscriptions();
    let queues = ["deleted", "purged", "ended"].map(|name| QueueKey::topic("p", name));
    let expires_at = NOW + 60_000;
    let subscribe = async |queue: &QueueKey, expires_at: i64| {
        let id = SubscriptionId::new_v4();
        let (queue, subscriber) = (queue.clone(), id.to_string());
        let options = Body::json(&b"{}"[..]).bytes;
        let (ttl, now) = (60, NOW);
        let create = CreateSubscription {
            queue,
            id,
            subscriber,
            ttl,
            expires_at,
            options,
            is_follower: false,
            now,
        };
        subscriptions.create(create).await.unwrap();
        id
    };

    let id = subscribe(&queues[0], 253_402_300_799_999).await;
    subscribe(&queues[1], 253_402_300_799_999).await;
    for _ in 0..250 {
        subscribe(&queues[2], expires_at).await;
    }
    let before = server.strings(redis::cmd("ZRANGE").arg("sk:ends").arg(0).arg(-1)).await;
    subscriptions.delete(DeleteSubscription { queue: queues[0].clone(), id }).await.unwrap();
    let purge = PurgeSubscriptions { queue: queues[1].clone(), limit: 10 };
    assert!(!subscriptions.purge(purge).await.unwrap());
    let mut removed = 0;
    while {
        let step = store.data.collect(expires_at, 1000).await.unwrap();
        removed += step.removed;
        step.more
    } {}

    assert_eq!(before, ["sk:{p/topic:deleted}", "sk:{p/topic:ended}", "sk:{p/topic:purged}"]);
    assert_eq!(removed, 250);
    assert_eq!(server.strings(redis::cmd("KEYS").arg("*")).await, ["sk:format"]);
}

async fn places_that_are_given_up_leave_no_key(server: Server) {
    let store = server.open().await;
    let placements = store.control.placements();
    for queue in [queue(), QueueKey::topic("p", "q")] {
        let pool: Arc<str> = "pool".into();
        let place = PlaceQueue { queue: queue.clone(), pool: pool.clone(), revision: 0 };
        placements.place(place).await.unwrap();
        placements.release(ReleaseQueue { queue, pool }).await.unwrap();
    }

    assert_eq!(server.strings(redis::cmd("KEYS").arg("*")).await, ["sk:format"]);
}

async fn commands_take_their_order_when_they_are_first_polled(server: Server) {
    let store = server.open().await;
    let ids: Vec<MessageId> = (0..500).map(|_| MessageId::new_v4()).collect();
    let mut posts: Vec<_> = ids
        .iter()
        .map(|id| Box::pin(maybe_done(store.data.messages().post(command(&[*id], None)))))
        .collect();

    for post in &mut posts {
        poll_fn(|context| std::task::Poll::Ready(post.as_mut().poll(context).is_ready())).await;
    }
    let listed = list(&store).await.unwrap();
    for post in posts.iter_mut().rev() {
        post.as_mut().await;
        post.as_mut().take_output().unwrap().unwrap();
    }

    assert!(listed.iter().map(|message| message.id).eq(ids));
}

async fn thousands_of_due_messages_come_back_in_order(server: Server) {
    let store = server.open().await;
    post_delayed(&store, 1500, Some(NOW + 60_000)).await.unwrap();
    post(&store, 1500).await.unwrap();
    for _ in 0..150 {
        claim(&store, 10, None).await.unwrap();
    }
    post_delayed(&store, 1500, Some(NOW + 50_000)).await.unwrap();
    let later = NOW + 60_000;

    let stats =
        store.data.messages().stats(StatsQuery { queue: queue(), now: later }).await.unwrap();
    let listed = list_at(&store, later).await.unwrap();

    assert_eq!((stats.free, stats.claimed), (4500, 0));
    assert_eq!(listed.len(), 4500);
    assert!(listed.iter().map(|message| message.marker).eq(1..=4500));
}

async fn an_unknown_layout_is_refused(server: Server) {
    server.command(&["SET", "sk:format", "999"]).await;

    let refused = server.open_as("").await;

    assert!(matches!(refused, Err(StorageError::Unusable(_))));
}

async fn a_write_that_too_few_replicas_confirm_is_not_acknowledged(server: Server) {
    let store = server.open_with("", &[("wait_replicas", "1")]).await.unwrap();

    let refused = post(&store, 1).await;

    assert!(
        matches!(refused, Err(StorageError::Unavailable { reason, .. }) if reason.contains("0 of 1"))
    );
    assert_eq!(list(&store).await.unwrap().len(), 1);
}

async fn within<T>(seconds: u64, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(seconds), future).await.expect("in time")
}

async fn recovered(store: &Store) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    while list(store).await.is_err() || post(store, 0).await.is_err() {
        tick.tick().await;
    }
}

fn queue() -> QueueKey {
    QueueKey::new("p", "q")
}

fn command(ids: &[MessageId], delay_until: Option<i64>) -> Post {
    let message = |id: &MessageId| NewMessage {
        id: *id,
        ttl: 3600,
        delay_until,
        body: Body::json(&b"{\"a\":1}"[..]),
        checksum: None,
        attributes: Attributes::new(),
    };
    Post {
        queue: queue(),
        generation: 0,
        messages: ids.iter().map(message).collect(),
        client_id: "c".into(),
        idempotency_key: None,
        now: NOW,
    }
}

async fn post(store: &Store, count: usize) -> Result<()> {
    post_delayed(store, count, None).await
}

async fn post_delayed(store: &Store, count: usize, delay_until: Option<i64>) -> Result<()> {
    let ids: Vec<MessageId> = (0..count).map(|_| MessageId::new_v4()).collect();
    store.data.messages().post(command(&ids, delay_until)).await.map(drop)
}

async fn list(store: &Store) -> Result<Vec<Message>> {
    list_at(store, NOW).await
}

async fn list_at(store: &Store, now: i64) -> Result<Vec<Message>> {
    let query = ListMessages {
        queue: queue(),
        after: None,
        limit: 10_000,
        include_claimed: false,
        include_delayed: false,
        exclude_client: None,
        now,
    };
    store.data.messages().list(query).await
}

async fn claim(store: &Store, limit: usize, maximum: Option<i64>) -> Result<Vec<MessageId>> {
    let dead_letter = maximum.map(|max_claim_count| DeadLetter {
        max_claim_count,
        target: QueueKey::new("p", "dead"),
        ttl: None,
        same_store: true,
    });
    let command = CreateClaim {
        queue: queue(),
        id: ClaimId::new_v4(),
        limit,
        ttl: 60,
        grace: 60,
        dead_letter,
        now: NOW,
    };
    let claim = store.data.claims().create(command).await?;
    Ok(claim.messages.iter().map(|message| message.id).collect())
}

async fn delete(store: &Store, ids: Vec<MessageId>) -> Result<()> {
    let command = DeleteMessages { queue: queue(), ids, claim_ids: None, now: NOW };
    store.data.messages().delete_many(command).await
}
