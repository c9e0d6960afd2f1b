//! The outbox where only a Redis of one's own shows it: what is left in the keys, outages, refusals, hints.
//!
//! Each trial starts a server; without `redis-server` on the path all are ignored.

#![allow(clippy::unwrap_used, reason = "a case fails by panicking")]

mod calls;
mod keys;
#[path = "../private/mod.rs"]
#[allow(dead_code, reason = "each test uses a part")]
mod private;

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::StreamExt;
use libtest_mimic::{Arguments, Completion, Trial};
use sukkal_storage::{
    DeliveryKey, EntryProgress, EntryStep, LeaseId, LeaseWork, MessageId, OutboxEntry, Post,
    QueueKey, ReadEntries, ReadyQueues, RenewSubscription, SettleDeliveries, Settlement,
    StorageError, SubscriptionId,
};

use calls::{
    END, LATER, NOW, advance, command, finish, hint, kept, key, lease, post, queue, settle,
    subscribe, subscription, work,
};
use keys::{
    a_delivery_that_is_over_leaves_no_key, a_finished_entry_leaves_no_key,
    a_kept_entry_leaves_no_key_once_it_is_collected, sealing_a_queue_leaves_no_key_of_its_outbox,
};
use private::Server;

macro_rules! trials {
    ($($name:ident)+) => { vec![$(trial(stringify!($name), $name)),+] };
}

fn main() -> ExitCode {
    let trials = trials! {
        a_finished_entry_leaves_no_key
        a_delivery_that_is_over_leaves_no_key
        sealing_a_queue_leaves_no_key_of_its_outbox
        a_kept_entry_leaves_no_key_once_it_is_collected
        hints_come_again_after_redis_was_away
        who_may_not_publish_may_post
        a_damaged_entry_stands_in_nobodys_way
        a_damaged_delivery_stands_in_nobodys_way
        a_full_server_lets_the_outbox_be_worked_off
        thousands_of_ended_leases_are_leased_again_in_order
        one_step_keeps_thousands_of_deliveries
        queues_take_turns
        heads_of_thousands_of_queues_are_read
        thousands_of_subscriptions_are_renewed_in_order
        many_calls_at_once_load_the_scripts_that_redis_forgot
        subscriptions_older_than_the_outbox_are_told
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
        runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(60), case(server)).await.expect("in time");
        });
        Ok(Completion::Completed)
    })
}

async fn hints_come_again_after_redis_was_away(mut server: Server) {
    let (store, other) = (server.open().await, server.open().await);
    subscribe(&store, "a", true).await;
    let mut hints = other.data.outbox().hints().unwrap();
    assert_eq!(hint(&store, &mut hints).await, queue());

    server.kill();
    server.restart();

    assert_eq!(hint(&store, &mut hints).await, queue());
    other.data.close().await;
    while hints.next().await.is_some() {}
}

async fn who_may_not_publish_may_post(server: Server) {
    let user = ["ACL", "SETUSER", "app", "on", ">geheim", "~*", "+@all", "resetchannels"];
    server.command(&user).await;
    let store = server.open_as("app:geheim@").await.unwrap();
    subscribe(&store, "a", false).await;

    assert!(post(&store, 1).await.unwrap().in_outbox);
    assert_eq!(lease(&store, 10, NOW).await.1.len(), 1);
}

async fn a_damaged_entry_stands_in_nobodys_way(server: Server) {
    let store = server.open().await;
    subscribe(&store, "a", false).await;
    for _ in 0..3 {
        post(&store, 1).await.unwrap();
    }
    let mut body: Vec<u8> = server.query(redis::cmd("HGET").arg("sk:{p/q}:o").arg("2")).await;
    *body.last_mut().unwrap() ^= 1;
    server.query::<i64>(redis::cmd("HSET").arg("sk:{p/q}:o").arg("2").arg(body)).await;

    let (_, entries) = lease(&store, 10, NOW).await;

    assert_eq!(entries.iter().map(|entry| entry.marker).collect::<Vec<_>>(), [1, 3]);
    let query = ReadEntries { queue: queue(), after: 1, limit: 1, max_bytes: 1000, now: NOW };
    let read = store.data.outbox().read(query).await;
    assert!(matches!(read, Err(StorageError::Damaged(_))), "{read:?}");
}

async fn a_damaged_delivery_stands_in_nobodys_way(server: Server) {
    let store = server.open().await;
    let id = subscribe(&store, "a", false).await;
    for _ in 0..2 {
        post(&store, 1).await.unwrap();
    }
    let (first, entries) = lease(&store, 10, NOW).await;
    let step = |entry: &OutboxEntry| EntryStep {
        entry: entry.marker,
        deliveries: vec![kept(key(id, entry.marker, 0), Some(NOW))],
        progress: EntryProgress::Finish,
    };
    advance(&store, first, entries.iter().map(step).collect()).await;
    server.command(&["HSET", "sk:{p/q}:o", "1", "cut"]).await;

    let due = store.data.outbox().lease_deliveries(work(LeaseId::new_v4(), 10, NOW)).await.unwrap();

    assert_eq!(due.iter().map(|each| each.key.entry).collect::<Vec<_>>(), [2]);
}

async fn a_full_server_lets_the_outbox_be_worked_off(server: Server) {
    let store = server.open().await;
    let id = subscribe(&store, "a", false).await;
    for _ in 0..2 {
        post(&store, 1).await.unwrap();
    }
    let (first, entries) = lease(&store, 1, NOW).await;
    let delivery = key(id, entries[0].marker, 0);
    let step = EntryStep {
        entry: entries[0].marker,
        deliveries: vec![kept(delivery, Some(NOW))],
        progress: EntryProgress::Finish,
    };
    advance(&store, first, vec![step]).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;

    let refused = post(&store, 1).await;
    let (second, entries) = lease(&store, 10, NOW).await;
    let finished = finish(&store, second, &entries, NOW).await;
    let third = LeaseId::new_v4();
    let due = store.data.outbox().lease_deliveries(work(third, 10, NOW)).await.unwrap();
    settle(&store, third, delivery).await;

    assert!(refused.is_err());
    assert_eq!((finished, due.len()), (vec![true], 1));
    assert_eq!(server.query::<i64>(redis::cmd("EXISTS").arg("sk:{p/q}:o")).await, 0);
}

async fn thousands_of_ended_leases_are_leased_again_in_order(server: Server) {
    let store = server.open().await;
    subscribe(&store, "a", false).await;
    for _ in 0..2500 {
        post(&store, 1).await.unwrap();
    }
    for _ in 0..3 {
        assert!(lease(&store, 1000, NOW).await.1.len() >= 500);
    }

    let (_, again) = lease(&store, 1000, LATER).await;

    assert!(again.iter().map(|entry| entry.marker).eq(1..=1000));
}

async fn one_step_keeps_thousands_of_deliveries(server: Server) {
    let store = server.open().await;
    subscribe(&store, "a", false).await;
    for _ in 0..3 {
        post(&store, 1).await.unwrap();
    }
    let (first, entries) = lease(&store, 10, NOW).await;
    let mut keys: Vec<DeliveryKey> =
        (0..7000).map(|_| key(SubscriptionId::new_v4(), entries[1].marker, 0)).collect();
    let step = |entry: &OutboxEntry, deliveries| EntryStep {
        entry: entry.marker,
        deliveries,
        progress: EntryProgress::Finish,
    };
    let steps = vec![
        step(&entries[0], Vec::new()),
        step(&entries[1], keys.iter().map(|key| kept(*key, Some(NOW))).collect()),
        EntryStep { entry: 99, ..step(&entries[0], Vec::new()) },
        step(&entries[2], Vec::new()),
    ];

    assert_eq!(advance(&store, first, steps).await, [true, true, false, true]);
    let mut leased = Vec::new();
    loop {
        let lease = LeaseId::new_v4();
        let due = store.data.outbox().lease_deliveries(work(lease, 1000, NOW)).await.unwrap();
        if due.is_empty() {
            break;
        }
        let deliveries = due.iter().map(|each| (each.key, Settlement::Done)).collect();
        let settle = SettleDeliveries { queue: queue(), lease, deliveries, now: NOW };
        store.data.outbox().settle(settle).await.unwrap();
        leased.extend(due.iter().map(|each| each.key));
    }

    leased.sort();
    keys.sort();
    assert_eq!(leased, keys);
    assert_eq!(server.query::<i64>(redis::cmd("EXISTS").arg("sk:{p/q}:o")).await, 0);
}

async fn queues_take_turns(server: Server) {
    let store = server.open().await;
    let names = ["c", "a", "b"];
    for name in names {
        let queue = QueueKey::new("p", name);
        store.data.subscriptions().create(subscription(queue.clone(), "x", false)).await.unwrap();
        for _ in 0..3 {
            let post = Post { queue: queue.clone(), ..command(&[MessageId::new_v4()]) };
            store.data.messages().post(post).await.unwrap();
        }
    }
    let mut turns = Vec::new();
    for _ in 0..9 {
        let ready = store.data.outbox().ready(ReadyQueues { limit: 1, now: NOW }).await.unwrap();
        let work = LeaseWork { queue: ready[0].clone(), ..work(LeaseId::new_v4(), 1, NOW) };
        assert_eq!(store.data.outbox().lease_entries(work).await.unwrap().len(), 1);
        turns.push(ready[0].name.to_string());
    }

    let first: Vec<String> = turns[..3].to_vec();
    assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert!(turns.chunks(3).all(|round| round == first), "{turns:?}");
    let ready = store.data.outbox().ready(ReadyQueues { limit: 1, now: NOW }).await.unwrap();
    assert_eq!(ready, []);
}

async fn heads_of_thousands_of_queues_are_read(server: Server) {
    let store = server.open().await;
    post(&store, 7).await.unwrap();
    let mut queues: Vec<QueueKey> =
        (0..2500).map(|n| QueueKey::topic("p", n.to_string())).collect();
    queues.push(queue());

    let heads = store.data.outbox().heads(&queues).await.unwrap();

    assert_eq!((heads.len(), heads[0], heads[2500]), (2501, 0, 7));
}

async fn thousands_of_subscriptions_are_renewed_in_order(server: Server) {
    let store = server.open().await;
    let subscriptions = store.data.subscriptions();
    let mut renewals = Vec::new();
    for number in 0..1200 {
        let queue = QueueKey::topic("p", (number % 3).to_string());
        let command = subscription(queue.clone(), &number.to_string(), true);
        let renewal = RenewSubscription {
            queue,
            id: command.id,
            expected: if number == 700 { NOW } else { END },
            expires_at: END + 1 + i64::from(number),
        };
        renewals.push(renewal);
        if number != 800 {
            subscriptions.create(command).await.unwrap();
        }
    }

    let renewed = subscriptions.renew(renewals.clone(), NOW).await.unwrap();

    assert_eq!(renewed.len(), 1200);
    for (number, (renewal, found)) in renewals.iter().zip(renewed).enumerate() {
        let found = found.map(|found| (found.id, found.expires_at));
        assert_eq!(
            found,
            match number {
                700 => Some((renewal.id, END)),
                800 => None,
                _ => Some((renewal.id, renewal.expires_at)),
            }
        );
    }
}

async fn many_calls_at_once_load_the_scripts_that_redis_forgot(server: Server) {
    let store = server.open().await;
    subscribe(&store, "a", false).await;
    for _ in 0..3 {
        post(&store, 1).await.unwrap();
    }
    let (lease, entries) = lease(&store, 10, NOW).await;
    server.command(&["SCRIPT", "FLUSH"]).await;

    assert_eq!(finish(&store, lease, &entries, NOW).await, [true, true, true]);
    assert_eq!(server.query::<i64>(redis::cmd("EXISTS").arg("sk:{p/q}:o")).await, 0);
}

async fn subscriptions_older_than_the_outbox_are_told(server: Server) {
    let store = server.open().await;
    subscribe(&store, "a", false).await;
    for number in 0..1100 {
        let queue = QueueKey::new("p", number.to_string());
        store.data.subscriptions().create(subscription(queue, "a", false)).await.unwrap();
    }
    server.command(&["HDEL", "sk:{p/q}", "o"]).await;
    server.command(&["HDEL", "sk:{p/1050}", "o"]).await;
    assert!(!post(&store, 1).await.unwrap().in_outbox);
    server.command(&["SET", "sk:format", "1"]).await;

    let store = server.open().await;

    assert!(post(&store, 1).await.unwrap().in_outbox);
    assert_eq!(server.query::<i64>(redis::cmd("HEXISTS").arg("sk:{p/1050}").arg("o")).await, 1);
    assert_eq!(server.query::<String>(redis::cmd("GET").arg("sk:format")).await, "2");
}
