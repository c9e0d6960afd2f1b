//! The outbox: which posts add an entry, and what is in it.

use std::collections::HashSet;

use bytes::Bytes;
use sukkal_storage::{
    Body, BodyFormat, Capability, DeleteMessages, EntryKind, Marker, NewMessage, OutboxEntry, Post,
    Posted, QueueKey, SetSubscriptionState, SubscriptionState,
};
use tokio::task::JoinSet;

use crate::bench::{Bench, Queue, SECOND, TTL, message};
use crate::case::{Need, assert_refused, cases};
use crate::outbox::{Outbox, texts};
use crate::subscriber::Subscriptions;

cases! {
    [] => {
        a_post_adds_one_entry_for_a_subscription,
        an_entry_has_all_of_a_message,
        a_post_without_subscriptions_adds_nothing,
        a_post_adds_nothing_when_subscriptions_are_gone,
        a_subscription_that_is_not_told_counts_too,
        subscriptions_of_other_queues_do_not_count,
        a_topic_has_an_outbox,
        a_refused_post_adds_nothing,
        a_repeated_post_adds_no_second_entry,
        a_post_repeated_in_part_adds_what_is_new,
        what_happens_to_messages_leaves_their_entry_alone,
        who_sees_a_message_sees_its_entry,
        no_post_misses_a_subscription_created_before,
    }
    [Need::Has(Capability::MultiServer)] => {
        a_subscription_made_on_one_server_is_not_missed_on_another,
    }
}

async fn all_entries(outbox: &Outbox) -> Vec<OutboxEntry> {
    outbox.lease(1000, outbox.start).await.all
}

async fn a_post_adds_one_entry_for_a_subscription(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;

    let first = outbox.post(&["a", "b"], outbox.start).await;
    let second = outbox.post(&["c"], outbox.start + 5).await;

    assert!(first.in_outbox && second.in_outbox);
    let entries = all_entries(&outbox).await;
    assert_eq!(texts(&entries), ["a b", "c"]);
    let stored = outbox.queue.all(outbox.start).await;
    let places = |entry: &OutboxEntry| -> Vec<Marker> {
        entry.messages.iter().map(|message| message.marker).collect()
    };
    let markers: Vec<Marker> = entries.iter().flat_map(places).collect();
    assert_eq!(markers, stored.iter().map(|message| message.marker).collect::<Vec<_>>());
    assert_eq!([entries[0].marker, entries[1].marker], [markers[1], markers[2]]);
    assert_eq!(markers[1], markers[0] + 1, "places of one entry follow each other");
    assert_eq!([entries[0].posted_at, entries[1].posted_at], [outbox.start, outbox.start + 5]);
    for entry in &entries {
        assert_eq!(entry.queue, outbox.queue.key);
        assert_eq!((entry.kind, entry.only, entry.after), (EntryKind::Post, None, None));
        assert_eq!(&*entry.client_id, "producer");
    }
}

async fn an_entry_has_all_of_a_message(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let binary = Body { format: BodyFormat::Binary, bytes: Bytes::from_static(b"\0\xff\r\n") };
    let sent = [
        NewMessage { body: binary, attributes: Bytes::from_static(b"\x01\x02"), ..message("") },
        NewMessage { ttl: 5, delay_until: Some(outbox.start + SECOND), ..message("b") },
    ];

    outbox.send(outbox.queue.post_of(sent.to_vec())).await;

    let entries = all_entries(&outbox).await;
    assert_eq!(entries[0].messages.len(), 2);
    for (sent, kept) in sent.iter().zip(&entries[0].messages) {
        assert_eq!(
            (kept.id, &kept.body, &kept.attributes),
            (sent.id, &sent.body, &sent.attributes)
        );
        assert_eq!((kept.ttl, kept.delay_until), (sent.ttl, sent.delay_until));
        assert_eq!(kept.expires_at, outbox.start + sent.ttl * SECOND);
    }
}

async fn a_post_without_subscriptions_adds_nothing(bench: Bench) {
    let outbox = Outbox::new(&bench);

    let posted = outbox.post(&["a"], outbox.start).await;
    outbox.subscriptions.subscribe("http://a").await;

    assert_eq!(posted, Posted { in_outbox: false });
    assert!(outbox.leasable(outbox.start).await.is_empty());
    assert!(outbox.read(outbox.start).await.is_empty());
    assert_eq!(outbox.queue.all_bodies(outbox.start).await, ["a"]);
}

async fn a_post_adds_nothing_when_subscriptions_are_gone(bench: Bench) {
    let (ended, _) = Outbox::told(&bench).await;
    let (deleted, id) = Outbox::told(&bench).await;
    deleted.subscriptions.delete(id).await;
    let (purged, _) = Outbox::told(&bench).await;
    while purged.subscriptions.purge(10).await {}
    let (shortened, id) = Outbox::told(&bench).await;
    shortened.subscriptions.renew(id, 1).await.expect("the subscription is changed");

    let end = ended.subscriptions.end();

    assert!(ended.post(&["a"], end - 1).await.in_outbox);
    assert!(!ended.post(&["b"], end).await.in_outbox);
    assert!(!deleted.post(&["a"], deleted.start).await.in_outbox);
    assert!(!purged.post(&["a"], purged.start).await.in_outbox);
    assert!(shortened.post(&["a"], shortened.start + SECOND - 1).await.in_outbox);
    assert!(!shortened.post(&["b"], shortened.start + SECOND).await.in_outbox);
    assert_eq!(ended.leasable(end).await, ["a"]);
}

async fn a_subscription_that_is_not_told_counts_too(bench: Bench) {
    for state in [SubscriptionState::Paused, SubscriptionState::Disabled] {
        let (outbox, id) = Outbox::told(&bench).await;
        let (queue, now) = (outbox.queue.key.clone(), outbox.start);
        let set = SetSubscriptionState { queue, id, state, now };
        outbox.subscriptions.store().set_state(set).await.expect("the state is set");

        assert!(outbox.post(&["a"], now).await.in_outbox);
        assert_eq!(outbox.leasable(now).await, ["a"]);
    }
}

async fn subscriptions_of_other_queues_do_not_count(bench: Bench) {
    let (told, _) = Outbox::told(&bench).await;
    let name = &told.queue.key.name;
    let others = [
        told.queue.clone(),
        bench.queue(),
        bench.queue_of(&format!("{}x", bench.project), name),
        Queue { key: QueueKey::topic(bench.project.clone(), name.clone()), ..bench.queue() },
    ];

    for queue in &others[1..] {
        let outbox = Outbox::of(queue.clone());
        assert!(!outbox.post(&["a"], outbox.start).await.in_outbox);
        assert!(outbox.leasable(outbox.start).await.is_empty());
    }
    assert!(told.post(&["b"], told.start).await.in_outbox);
}

async fn a_topic_has_an_outbox(bench: Bench) {
    let key = QueueKey::topic(bench.project.clone(), "news");
    let outbox = Outbox::of(Queue { key, ..bench.queue() });
    outbox.subscriptions.subscribe("http://a").await;

    assert!(outbox.post(&["a"], outbox.start).await.in_outbox);

    let entries = all_entries(&outbox).await;
    assert_eq!(texts(&entries), ["a"]);
    assert_eq!(entries[0].queue, outbox.queue.key);
}

async fn a_refused_post_adds_nothing(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let generation = outbox.queue.seal().await;
    let post = Post { generation, ..outbox.queue.post_of(vec![message("a")]) };

    assert_refused!(outbox.queue.messages().post(post.clone()).await, QueueChanged);
    outbox.queue.unseal(generation).await;
    let old = Post { generation: generation - 1, ..post };
    assert_refused!(outbox.queue.messages().post(old).await, QueueChanged);

    assert!(outbox.leasable(outbox.start).await.is_empty());
    assert!(outbox.read(outbox.start).await.is_empty());
}

async fn a_repeated_post_adds_no_second_entry(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let post = outbox.queue.post_of(vec![message("a"), message("b")]);

    outbox.send(post.clone()).await;
    let again = outbox.send(post).await;

    assert!(!again.in_outbox);
    assert_eq!(outbox.leasable(outbox.start).await, ["a b"]);
}

async fn a_post_repeated_in_part_adds_what_is_new(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let [a, b, c, d] = ["a", "b", "c", "d"].map(message);
    outbox.send(outbox.queue.post_of(vec![b.clone(), d.clone()])).await;

    let posted = outbox.send(outbox.queue.post_of(vec![a, b, c, d])).await;

    assert!(posted.in_outbox);
    let entries = all_entries(&outbox).await;
    assert_eq!(texts(&entries), ["b d", "a c"]);
    let new = &entries[1].messages;
    assert_eq!([new[0].marker + 1, new[1].marker], [entries[1].marker; 2]);
    let stored = outbox.queue.get(&[new[0].id, new[1].id], outbox.start).await;
    assert_eq!([stored[0].marker, stored[1].marker], [new[0].marker, new[1].marker]);
}

async fn what_happens_to_messages_leaves_their_entry_alone(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let ids = outbox.queue.post(&["a", "b"]).await;
    let (queue, now) = (outbox.queue.key.clone(), outbox.start);

    outbox.queue.pop(1, now).await;
    let delete = DeleteMessages { queue, ids, claim_ids: None, now };
    outbox.queue.messages().delete_many(delete).await.expect("the messages are deleted");

    assert_eq!(outbox.leasable(now + TTL * SECOND).await, ["a b"]);
}

/// Posts of two from eight tasks, each task to the next of the servers.
fn produce(servers: &[Outbox]) -> JoinSet<()> {
    let mut producers = JoinSet::new();
    for (producer, outbox) in (0..8).zip(servers.iter().cycle().cloned()) {
        producers.spawn(async move {
            for post in 0..20 {
                let bodies = [format!("{producer}.{post}.0"), format!("{producer}.{post}.1")];
                let posted = outbox.post(&[&bodies[0], &bodies[1]], outbox.start).await;
                assert!(posted.in_outbox);
            }
        });
    }
    producers
}

async fn who_sees_a_message_sees_its_entry(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.follow("ws://a", 600).await;
    let mut producers = produce(std::slice::from_ref(&outbox));

    let mut is_over = false;
    while !is_over {
        while let Some(done) = producers.try_join_next() {
            done.expect("the producer posts");
        }
        is_over = producers.is_empty();
        let seen = outbox.queue.all(outbox.start).await;
        let entries = outbox.read_by(outbox.read_of(0, outbox.start)).await;
        let told: HashSet<_> =
            entries.iter().flat_map(|entry| &entry.messages).map(|message| message.id).collect();
        assert!(seen.iter().all(|message| told.contains(&message.id)));
        assert!(entries.iter().all(|entry| entry.messages.len() == 2));
        tokio::task::yield_now().await;
    }
    assert_eq!(outbox.leasable(outbox.start).await.len(), 160);
}

async fn subscribes_and_posts(first: &Outbox, second: &Outbox) {
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let key = QueueKey::new(first.queue.key.project.clone(), format!("q{number}"));
        let first = Subscriptions { key: key.clone(), ..first.subscriptions.clone() };
        let second = Outbox::of(Queue { key, ..second.queue.clone() });
        tasks.spawn(async move {
            for _ in 0..10 {
                let id = first.subscribe("http://a").await;
                assert!(second.post(&["a"], second.start).await.in_outbox);
                first.delete(id).await;
                assert!(!second.post(&["b"], second.start).await.in_outbox);
            }
            let all = second.leasable(second.start).await;
            assert_eq!(all, vec!["a"; 10]);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("the task ends");
    }
}

async fn no_post_misses_a_subscription_created_before(bench: Bench) {
    let outbox = Outbox::new(&bench);
    subscribes_and_posts(&outbox, &outbox).await;
}

async fn a_subscription_made_on_one_server_is_not_missed_on_another(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let other = outbox.on(&bench.second_server().await);
    subscribes_and_posts(&outbox, &other).await;
}
