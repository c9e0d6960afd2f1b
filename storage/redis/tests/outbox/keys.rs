//! What is left in the keys when the outbox is done with something.

use sukkal_storage::{
    EntryProgress, EntryStep, LeaseId, MessageId, Post, ReadEntries, ReadyQueues,
};

use crate::calls::{
    END, NOW, advance, command, finish, kept, key, lease, post, queue, settle, subscribe,
    unsubscribe, work,
};
use crate::private::Server;

pub(crate) async fn a_finished_entry_leaves_no_key(server: Server) {
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

pub(crate) async fn a_delivery_that_is_over_leaves_no_key(server: Server) {
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
    let end = NOW + 3_600_000;
    while store.data.collect(end, 100).await.unwrap().more {}
    let third = LeaseId::new_v4();
    let due = store.data.outbox().lease_deliveries(work(third, 10, end)).await.unwrap();
    assert_eq!(due.iter().map(|each| each.key).collect::<Vec<_>>(), [keys[1]]);
    settle(&store, third, keys[1]).await;

    assert!(before.contains(&"sk:{p/q}:o".to_owned()));
    let left = server.strings(redis::cmd("KEYS").arg("*")).await;
    assert_eq!(left, ["sk:format", "sk:{p/q}"]);
}

pub(crate) async fn sealing_a_queue_leaves_no_key_of_its_outbox(server: Server) {
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

pub(crate) async fn a_kept_entry_leaves_no_key_once_it_is_collected(server: Server) {
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
