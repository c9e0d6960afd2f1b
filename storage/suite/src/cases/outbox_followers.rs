//! The outbox: what followers read, and how long it is kept for them.

use sukkal_storage::{
    Capability, DeleteSubscription, EntryKind, KEPT_FOR_FOLLOWERS, Lifetime, Marker, OutboxEntry,
    QueueKey, ReadEntries, RenewSubscription, Settlement, UpdateSubscription,
};
use tokio::task::JoinSet;

use crate::bench::{Bench, SECOND, message};
use crate::case::{Need, cases};
use crate::cases::collect::collect_all;
use crate::outbox::{Outbox, texts};

cases! {
    [] => {
        a_post_is_only_kept_where_all_are_followers,
        an_entry_that_is_only_kept_goes_after_a_minute,
        followers_read_what_workers_have_not_finished,
        followers_read_what_workers_have_finished,
        a_finished_entry_goes_at_once_where_nobody_follows,
        a_settled_entry_stays_for_followers,
        a_deleted_follower_counts_until_its_end,
        a_renewed_follower_counts_until_its_new_end,
        a_read_goes_on_behind_a_marker,
        a_read_stops_at_its_limit_and_its_bytes,
        followers_and_workers_see_the_same_entry,
        producers_leave_a_follower_a_stable_prefix,
        the_head_of_a_queue_never_seen_is_0,
        the_head_is_the_highest_marker,
        heads_come_in_the_order_asked_for,
    }
    [Need::Has(Capability::MultiServer)] => {
        producers_on_two_servers_leave_a_follower_a_stable_prefix,
    }
    [Need::Collects] => {
        entries_kept_long_enough_are_collected,
        collection_leaves_followers_their_minute,
    }
}

async fn followed(bench: &Bench) -> Outbox {
    let outbox = Outbox::new(bench);
    outbox.follow("ws://a", 600).await;
    outbox
}

async fn a_post_is_only_kept_where_all_are_followers(bench: Bench) {
    let outbox = followed(&bench).await;

    let posted = outbox.post(&["a", "b"], outbox.start).await;
    outbox.subscriptions.subscribe("http://a").await;
    outbox.post(&["c"], outbox.start).await;

    assert!(posted.in_outbox);
    assert_eq!(outbox.leasable(outbox.start).await, ["c"]);
    assert_eq!(outbox.read(outbox.start).await, ["a b", "c"]);
    let read = outbox.read_by(outbox.read_of(0, outbox.start)).await;
    let stored = outbox.queue.all(outbox.start).await;
    assert_eq!(read[0].messages[1].id, stored[1].id);
    assert_eq!([read[0].marker, read[1].marker], [stored[1].marker, stored[2].marker]);
    assert_eq!((read[0].kind, &*read[0].client_id), (EntryKind::Post, "producer"));
}

async fn an_entry_that_is_only_kept_goes_after_a_minute(bench: Bench) {
    let outbox = followed(&bench).await;
    outbox.post_each(&["a"]).await;
    let end = outbox.start + KEPT_FOR_FOLLOWERS;

    assert!(!outbox.is_ready(outbox.start).await);
    assert_eq!(outbox.read(end - 1).await, ["a"]);
    assert!(outbox.read(end).await.is_empty());
    assert!(outbox.leasable(end).await.is_empty());
}

async fn followers_read_what_workers_have_not_finished(bench: Bench) {
    let outbox = followed(&bench).await;
    outbox.subscriptions.subscribe("http://a").await;
    outbox.post_each(&["a", "b"]).await;
    outbox.lease(1, outbox.start).await;

    assert_eq!(outbox.read(outbox.start + KEPT_FOR_FOLLOWERS - 1).await, ["a", "b"]);
}

async fn followers_read_what_workers_have_finished(bench: Bench) {
    let outbox = followed(&bench).await;
    let id = outbox.subscriptions.subscribe("http://a").await;
    outbox.deliver(id, &["a"], Some(outbox.start)).await;
    outbox.post_each(&["b"]).await;
    let leased = outbox.lease(1, outbox.start).await;
    assert!(outbox.finish(leased.lease, leased.all[0].marker, outbox.start).await);
    let end = outbox.start + KEPT_FOR_FOLLOWERS;

    assert_eq!(outbox.read(end - 1).await, ["a", "b"]);
    assert!(!outbox.read(end).await.contains(&"b".to_owned()));
}

async fn a_finished_entry_goes_at_once_where_nobody_follows(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.follow("ws://a", 5).await;
    outbox.post_each(&["a", "b"]).await;
    let leased = outbox.lease(2, outbox.start).await;
    let end = outbox.start + 5 * SECOND;

    assert!(outbox.finish(leased.lease, leased.all[0].marker, end - 1).await);
    assert!(outbox.finish(leased.lease, leased.all[1].marker, end).await);

    assert_eq!(outbox.read(end).await, ["a"]);
}

async fn a_settled_entry_stays_for_followers(bench: Bench) {
    let outbox = followed(&bench).await;
    let id = outbox.subscriptions.subscribe("http://a").await;
    let keys = outbox.deliver(id, &["a"], Some(outbox.start)).await;
    let leased = outbox.due(1, outbox.start).await;

    outbox.settle(leased.lease, keys[0], Settlement::Done, outbox.start).await;

    assert_eq!(outbox.read(outbox.start + KEPT_FOR_FOLLOWERS - 1).await, ["a"]);
    assert!(outbox.read(outbox.start + KEPT_FOR_FOLLOWERS).await.is_empty());
}

async fn a_deleted_follower_counts_until_its_end(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let id = outbox.follow("ws://a", 60).await;
    let end = outbox.start + 60 * SECOND;

    outbox.subscriptions.delete(id).await;

    assert!(outbox.post(&["a"], end - 1).await.in_outbox);
    assert!(!outbox.post(&["b"], end).await.in_outbox);
    assert_eq!(outbox.read(end).await, ["a"]);
    assert!(outbox.leasable(end).await.is_empty());
}

async fn a_renewed_follower_counts_until_its_new_end(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let [renewed, updated] = [outbox.follow("ws://a", 60).await, outbox.follow("ws://b", 60).await];
    let (expected, second) = (outbox.start + 60 * SECOND, outbox.start + 120 * SECOND);
    let third = outbox.start + 180 * SECOND;

    let queue = outbox.queue.key.clone();
    let renewal = RenewSubscription { queue, id: renewed, expected, expires_at: second };
    let store = outbox.subscriptions.store();
    store.renew(vec![renewal], outbox.start).await.expect("the follower is renewed");
    assert!(outbox.post(&["a"], second - 1).await.in_outbox);
    assert!(!outbox.post(&["b"], second).await.in_outbox);

    let lifetime = Some(Lifetime { ttl: 180, expires_at: third });
    let change = UpdateSubscription { lifetime, ..outbox.subscriptions.change_of(updated) };
    outbox.subscriptions.change(change).await.expect("the follower is changed");
    assert!(outbox.post(&["c"], third - 1).await.in_outbox);
    assert!(!outbox.post(&["d"], third).await.in_outbox);
}

async fn a_read_goes_on_behind_a_marker(bench: Bench) {
    let outbox = followed(&bench).await;
    outbox.post(&["a", "b"], outbox.start).await;
    outbox.post_each(&["c", "d"]).await;
    let markers: Vec<Marker> =
        outbox.read_by(outbox.read_of(0, outbox.start)).await.iter().map(|e| e.marker).collect();
    let behind = async |after| texts(&outbox.read_by(outbox.read_of(after, outbox.start)).await);

    assert_eq!(behind(markers[0]).await, ["c", "d"]);
    assert_eq!(behind(markers[0] - 1).await, ["a b", "c", "d"]);
    assert_eq!(behind(markers[1]).await, ["d"]);
    assert!(behind(markers[2]).await.is_empty());
    assert!(behind(Marker::MAX).await.is_empty());
}

async fn a_read_stops_at_its_limit_and_its_bytes(bench: Bench) {
    let outbox = followed(&bench).await;
    outbox.post_each(&["12345678", "1", "2", "3"]).await;
    let query = outbox.read_of(0, outbox.start);
    let read = async |query| texts(&outbox.read_by(query).await);

    assert_eq!(read(ReadEntries { limit: 3, ..query.clone() }).await, ["12345678", "1", "2"]);
    assert_eq!(read(ReadEntries { max_bytes: 1, ..query.clone() }).await, ["12345678"]);
    assert_eq!(read(ReadEntries { max_bytes: 8, ..query.clone() }).await, ["12345678"]);
    assert_eq!(read(ReadEntries { max_bytes: 9, ..query }).await, ["12345678", "1"]);
}

async fn followers_and_workers_see_the_same_entry(bench: Bench) {
    let outbox = followed(&bench).await;
    outbox.subscriptions.subscribe("http://a").await;
    outbox.post(&["a", "b"], outbox.start).await;
    let leased = outbox.lease(1, outbox.start).await;

    let read = outbox.read_by(outbox.read_of(0, outbox.start)).await;

    assert_eq!(read, leased.all);
}

async fn assert_stable_prefix(servers: &[Outbox]) {
    let reader = &servers[0];
    let mut producers = JoinSet::new();
    for (producer, outbox) in (0..8).zip(servers.iter().cycle().cloned()) {
        producers.spawn(async move {
            for post in 0..25 {
                outbox.post(&[&format!("{producer}.{post:03}"), "x"], outbox.start).await;
            }
        });
    }

    let mut seen: Vec<OutboxEntry> = Vec::new();
    loop {
        while let Some(done) = producers.try_join_next() {
            done.expect("the producer posts");
        }
        let is_over = producers.is_empty();
        let after = seen.last().map_or(0, |last| last.marker);
        let head = reader.head().await;
        let query = ReadEntries { limit: 7, ..reader.read_of(after, reader.start) };
        let page = reader.read_by(query).await;
        let is_done = page.is_empty() && is_over;
        assert!(!is_done || head == after, "the head {head} is not what was read last, {after}");
        seen.extend(page);
        assert!(seen.len() < 10_000, "the pages do not end");
        if is_done {
            break;
        }
        tokio::task::yield_now().await;
    }

    assert_eq!(seen.len(), 200, "the follower misses entries");
    assert_eq!(texts(&seen), reader.read(reader.start).await);
    for producer in 0..8 {
        let own = texts(&seen).into_iter().filter(|text| text.starts_with(&format!("{producer}.")));
        assert!(own.is_sorted(), "the posts of one producer keep their order");
    }
}

async fn producers_leave_a_follower_a_stable_prefix(bench: Bench) {
    assert_stable_prefix(&[followed(&bench).await]).await;
}

async fn producers_on_two_servers_leave_a_follower_a_stable_prefix(bench: Bench) {
    let outbox = followed(&bench).await;
    let other = outbox.on(&bench.second_server().await);
    assert_stable_prefix(&[outbox, other]).await;
}

async fn the_head_of_a_queue_never_seen_is_0(bench: Bench) {
    let outbox = Outbox::new(&bench);
    assert_eq!(outbox.head().await, 0);
    outbox.subscriptions.subscribe("http://a").await;
    assert_eq!(outbox.head().await, 0);
}

async fn the_head_is_the_highest_marker(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.post(&["a", "b"], outbox.start).await;
    let posted = outbox.queue.all(outbox.start).await[1].marker;
    assert_eq!(outbox.head().await, posted);

    outbox.enqueue(id, EntryKind::Test, vec![message("t")]).await;
    let with_test = outbox.head().await;
    assert!(with_test > posted);

    outbox.queue.pop(10, outbox.start).await;
    let generation = outbox.queue.seal().await;
    outbox.queue.unseal(generation).await;
    assert!(outbox.head().await >= with_test, "markers go on rising");
}

async fn heads_come_in_the_order_asked_for(bench: Bench) {
    let [one, two, none] = [Outbox::new(&bench), Outbox::new(&bench), Outbox::new(&bench)];
    one.post(&["a"], one.start).await;
    two.post(&["a", "b", "c"], two.start).await;
    let keys: Vec<QueueKey> =
        [&two, &none, &one, &two].iter().map(|outbox| outbox.queue.key.clone()).collect();

    let heads = one.store().heads(&keys).await.expect("the heads are read");

    assert_eq!(heads, [two.head().await, 0, one.head().await, two.head().await]);
    assert!(one.store().heads(&[]).await.expect("nothing is read").is_empty());
}

async fn entries_kept_long_enough_are_collected(bench: Bench) {
    let outbox = followed(&bench).await;
    outbox.post_each(&["a", "b"]).await;
    outbox.queue.pop(10, outbox.start).await;

    let removed = collect_all(&outbox.queue, outbox.start + KEPT_FOR_FOLLOWERS, 1000).await;

    assert!(removed >= 2, "only {removed} records were removed");
    assert!(outbox.read(outbox.start).await.is_empty());
}

async fn collection_leaves_followers_their_minute(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let [id, _] = [outbox.follow("ws://a", 600).await, outbox.follow("ws://b", 5).await];
    outbox.post_each(&["a"]).await;
    let queue = outbox.queue.key.clone();
    let delete = DeleteSubscription { queue, id };
    outbox.subscriptions.store().delete(delete).await.expect("the follower is deleted");
    let end = outbox.start + KEPT_FOR_FOLLOWERS;

    collect_all(&outbox.queue, end - 1, 1000).await;

    assert_eq!(outbox.read(end - 1).await, ["a"]);
    assert!(outbox.post(&["b"], end - 1).await.in_outbox, "the queue is followed still");
}
