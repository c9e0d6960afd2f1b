//! The outbox where only a Redis of one's own shows it: what is left in the keys, outages, refusals, hints.
//!
//! Each trial starts a server; without `redis-server` on the path all are ignored.

#![allow(clippy::unwrap_used, reason = "a case fails by panicking")]

mod calls;
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
    QueueKey, ReadEntries, ReadyQueues, SettleDeliveries, Settlement, StorageError, SubscriptionId,
};

use calls::{
    END, LATER, NOW, advance, command, finish, hint, kept, key, lease, post, queue, settle,
    subscribe, subscription, unsubscribe, work,
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
        a_full_server_lets_the_outbox_be_worked_off
        thousands_of_ended_leases_are_leased_again_in_order
        one_step_keeps_thousands_of_deliveries
        queues_take_turns
        heads_of_thousands_of_queues_are_read
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

async fn a_finished_entry_leaves_no_key(server: Server) {
    let store = server.open().await;
    let id = subscribe(&store, "a", false).await;

    assert!(post(&store, 3).await.unwrap().in_outbox);
    let (lease, entries) = lease(&store, 10, NOW).await;
    assert!(finish(&store, lease, &entries, NOW).await.iter().all(|held| *held));
    unsubscribe(&store, id).await;

    assert!(!post(&store, 1).await.unwrap().in_outbox);
    let keys = server.strings(redis::cmd("KEYS").arg("*")).await;
    assert_eq!(keys, ["sk:due", "sk:format", "sk:{p/q}", "sk:{p/q}:e", "sk:{p/q}:f"]);
}

async fn a_delivery_that_is_over_leaves_no_key(server: Server) {
    let store = server.open().await;
    let id = subscribe(&store, "a", false).await;
    post(&store, 2).await.unwrap();
    let before = server.strings(redis::cmd("KEYS").arg("*")).await;
    let (first, entries) = lease(&store, 10, NOW).await;
    let keys = [0, 1].map(|index| key(id, entries[0].marker, index));
    let deliveries = vec![kept(keys[0], Some(NOW)), kept(keys[1], None)];
    let progress = EntryProgress::Finish;
    advance(&store, first, vec![EntryStep { entry: entries[0].marker, deliveries, progress }])
        .await;

    let second = LeaseId::new_v4();
    let due = store.data.outbox().lease_deliveries(work(second, 10, NOW)).await.unwrap();
    assert_eq!(due.iter().map(|each| each.key).collect::<Vec<_>>(), [keys[0]]);
    assert_eq!(due[0].message, entries[0].messages[0]);
    settle(&store, second, keys[0]).await;
    while store.data.collect(NOW + 3_600_000, 100).await.unwrap().more {}

    assert!(before.contains(&"sk:{p/q}:o".to_owned()));
    let left = server.strings(redis::cmd("KEYS").arg("*")).await;
    assert_eq!(left, ["sk:format", "sk:{p/q}"]);
}

async fn sealing_a_queue_leaves_no_key_of_its_outbox(server: Server) {
    let store = server.open().await;
    let id = subscribe(&store, "a", false).await;
    subscribe(&store, "b", true).await;
    for _ in 0..3 {
        post(&store, 1).await.unwrap();
    }
    let (first, entries) = lease(&store, 2, NOW).await;
    let keys = [NOW, 0].map(|due| Some(due).filter(|due| *due > 0));
    let deliveries =
        keys.iter().map(|due| kept(key(id, entries[usize::from(due.is_none())].marker, 0), *due));
    let steps = entries.iter().zip(deliveries).map(|(entry, delivery)| EntryStep {
        entry: entry.marker,
        deliveries: vec![delivery],
        progress: EntryProgress::Finish,
    });
    assert_eq!(advance(&store, first, steps.collect()).await, [true, true]);
    lease(&store, 1, NOW).await;

    store.data.queues().seal(&queue()).await.unwrap();

    let keys = server.strings(redis::cmd("KEYS").arg("*")).await;
    let subscriptions = ["h", "i", "j", "l", "s"].map(|part| format!("sk:{{p/q}}:{part}"));
    let expected = [&["sk:ends", "sk:format", "sk:{p/q}"].map(str::to_owned)[..], &subscriptions];
    assert_eq!(keys, expected.concat());
    store.data.queues().unseal(&queue(), 1).await.unwrap();
    let again = Post { generation: 1, ..command(&[MessageId::new_v4()]) };
    assert!(store.data.messages().post(again).await.unwrap().in_outbox);
}

async fn a_kept_entry_leaves_no_key_once_it_is_collected(server: Server) {
    let store = server.open().await;
    let id = subscribe(&store, "a", true).await;
    assert!(post(&store, 2).await.unwrap().in_outbox);
    unsubscribe(&store, id).await;
    let query = |now| ReadEntries { queue: queue(), after: 0, limit: 10, max_bytes: 1000, now };

    let ready = store.data.outbox().ready(ReadyQueues { limit: 10, now: NOW }).await.unwrap();
    let kept = store.data.outbox().read(query(NOW + 59_999)).await.unwrap();
    let gone = store.data.outbox().read(query(NOW + 60_000)).await.unwrap();
    let collected = store.data.collect(NOW + 60_000, 100).await.unwrap();
    while store.data.collect(END.max(NOW + 3_600_000), 100).await.unwrap().more {}

    assert_eq!((ready.len(), kept.len(), gone.len(), collected.removed), (0, 1, 0, 1));
    assert_eq!(server.strings(redis::cmd("KEYS").arg("*")).await, ["sk:format", "sk:{p/q}"]);
    assert_eq!(server.strings(redis::cmd("HKEYS").arg("sk:{p/q}")).await, ["n"]);
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
