//! The outbox: which queues have work, what a deletion drops, entries for one subscription, and the backlog.

use sukkal_storage::{
    Backlog, Capability, DeliveryKey, EntryKind, EntryProgress, Millis, NewMessage, Post, QueueKey,
    ReadyQueues, Settlement,
};
use uuid::Uuid;

use crate::bench::{Bench, Queue, SECOND, TTL, message};
use crate::case::{Need, cases};
use crate::outbox::{LEASE, Outbox, delivery, texts};

cases! {
    [] => {
        a_queue_with_an_entry_is_ready,
        a_queue_is_ready_when_a_lease_has_ended,
        a_queue_is_ready_when_a_delivery_is_due,
        a_queue_is_ready_when_deliveries_are_resumed,
        a_finished_queue_is_not_ready,
        the_queue_that_waits_longest_is_named_first,
        a_queue_that_was_leased_from_goes_behind,
        ready_names_no_more_than_asked_for,
        sealing_a_queue_drops_its_outbox,
        a_queue_made_anew_has_an_outbox_of_its_own,
        sealing_a_queue_leaves_the_outbox_of_others,
        an_entry_for_one_subscription_is_leased_as_it_is,
        an_entry_for_one_subscription_is_seen_nowhere_else,
        an_entry_for_one_subscription_needs_no_queue,
        an_entry_for_one_subscription_may_be_added_to_a_sealed_queue,
        an_entry_for_one_subscription_may_have_a_message_that_is_there,
        an_entry_for_one_subscription_is_not_kept_for_followers,
        an_entry_for_one_subscription_may_leave_a_delivery,
        the_backlog_begins_with_the_oldest,
    }
    [Need::Has(Capability::MultiServer)] => {
        another_server_sees_which_queues_are_ready,
    }
}

const RELEASE: EntryProgress = EntryProgress::Release { after: None };

async fn a_queue_with_an_entry_is_ready(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let key = QueueKey::topic(bench.project.clone(), outbox.queue.key.name.clone());
    let topic = Outbox::of(Queue { key, ..outbox.queue.clone() });
    topic.subscriptions.subscribe("http://a").await;
    assert!(!outbox.is_ready(outbox.start).await);

    outbox.post_each(&["a"]).await;
    assert!(outbox.is_ready(outbox.start).await);
    assert!(!topic.is_ready(outbox.start).await);

    topic.post_each(&["a"]).await;
    assert!(topic.is_ready(outbox.start).await);
}

async fn a_queue_is_ready_when_a_lease_has_ended(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let now = outbox.start;
    let leased = outbox.lease(10, now).await;
    assert!(outbox.leasable(now).await.is_empty());

    assert!(!outbox.is_ready(now + LEASE - 1).await);
    assert!(outbox.is_ready(now + LEASE).await);

    let entry = leased.all[0].marker;
    let progress = EntryProgress::Continue { after: None, until: now + 2 * LEASE };
    assert!(outbox.step(leased.lease, entry, Vec::new(), progress, now).await);
    assert!(outbox.is_ready(now + 2 * LEASE).await);
    assert!(outbox.step(leased.lease, entry, Vec::new(), RELEASE, now).await);
    assert!(outbox.is_ready(now).await);
}

async fn a_queue_is_ready_when_a_delivery_is_due(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let due = outbox.start + 5 * SECOND;
    let keys = outbox.deliver(id, &["a"], Some(due)).await;
    assert!(outbox.leasable(outbox.start).await.is_empty());

    assert!(!outbox.is_ready(due - 1).await);
    assert!(outbox.is_ready(due).await);

    let leased = outbox.due(10, due).await;
    assert!(outbox.due_bodies(due).await.is_empty());
    assert!(!outbox.is_ready(due).await);
    assert!(outbox.is_ready(due + LEASE).await);
    let retry = Settlement::Retry { attempts: 2, due_at: due + 5 };
    outbox.settle(leased.lease, keys[0], retry, due).await;
    assert!(outbox.is_ready(due + 5).await);
}

async fn a_queue_is_ready_when_deliveries_are_resumed(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.deliver(id, &["a"], None).await;
    assert!(outbox.leasable(outbox.start).await.is_empty());
    assert!(!outbox.is_ready(outbox.start + LEASE).await);

    outbox.resume(id, 10, outbox.start).await;

    assert!(outbox.is_ready(outbox.start).await);
}

async fn a_finished_queue_is_not_ready(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.follow("ws://a", 600).await;
    outbox.post_each(&["a"]).await;
    let leased = outbox.lease(1, outbox.start).await;
    assert!(outbox.finish(leased.lease, leased.all[0].marker, outbox.start).await);

    assert!(outbox.leasable(outbox.start).await.is_empty());
    assert!(outbox.due_bodies(outbox.start).await.is_empty());
    assert!(!outbox.is_ready(outbox.start + 2 * LEASE).await);
}

/// Three queues whose only entries were posted one second after the other.
async fn waiting(bench: &Bench) -> [Outbox; 3] {
    let mut all = Vec::new();
    for number in 0..3 {
        let (outbox, _) = Outbox::told(bench).await;
        for _ in 0..3 {
            outbox.post(&["a"], outbox.start + number * SECOND).await;
        }
        all.push(outbox);
    }
    all.try_into().unwrap_or_else(|_| unreachable!("there are three"))
}

async fn the_queue_that_waits_longest_is_named_first(bench: Bench) {
    let [one, two, three] = waiting(&bench).await;
    let now = one.start + 10 * SECOND;

    assert_eq!(three.ready_among(&[&one, &two], now).await, [1, 2, 0]);
}

async fn a_queue_that_was_leased_from_goes_behind(bench: Bench) {
    let [one, two, three] = waiting(&bench).await;
    let at = |seconds: Millis| one.start + (10 + seconds) * SECOND;

    assert_eq!(one.lease(1, at(0)).await.all.len(), 1);
    assert_eq!(one.ready_among(&[&two, &three], at(1)).await, [1, 2, 0]);
    assert_eq!(two.lease(1, at(1)).await.all.len(), 1);
    assert_eq!(one.ready_among(&[&two, &three], at(2)).await, [2, 0, 1]);
    assert_eq!(three.lease(1, at(2)).await.all.len(), 1);
    assert_eq!(one.ready_among(&[&two, &three], at(3)).await, [0, 1, 2]);
    let (late, _) = Outbox::told(&bench).await;
    late.post(&["a"], at(4)).await;
    assert_eq!(late.ready_among(&[&one, &two, &three], at(5)).await, [1, 2, 3, 0]);
}

async fn ready_names_no_more_than_asked_for(bench: Bench) {
    let [one, ..] = waiting(&bench).await;
    let query = ReadyQueues { limit: 2, now: one.start + 10 * SECOND };

    let ready = one.store().ready(query).await.expect("the queues are named");

    assert_eq!(ready.len(), 2);
}

async fn sealing_a_queue_drops_its_outbox(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.follow("ws://a", 600).await;
    let now = outbox.start;
    let due = outbox.deliver(id, &["due"], Some(now)).await;
    outbox.deliver(id, &["parked"], None).await;
    let attempt = outbox.due(1, now).await;
    outbox.post_each(&["leased", "free"]).await;
    let leased = outbox.lease(1, now).await;
    outbox.enqueue(id, EntryKind::Test, vec![message("t")]).await;

    let generation = outbox.queue.seal().await;
    outbox.queue.unseal(generation).await;

    assert!(!outbox.finish(leased.lease, leased.all[0].marker, now).await);
    let retry = Settlement::Retry { attempts: 2, due_at: now };
    outbox.settle(attempt.lease, due[0], retry, now).await;
    assert!(!outbox.resume(id, 10, now).await);
    let later = now + 2 * LEASE;
    assert!(outbox.leasable(later).await.is_empty());
    assert!(outbox.due_bodies(later).await.is_empty());
    assert!(outbox.read(now).await.is_empty());
    assert!(!outbox.is_ready(later).await);
}

async fn a_queue_made_anew_has_an_outbox_of_its_own(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["old"]).await;
    let leased = outbox.lease(1, outbox.start).await;
    let generation = outbox.queue.seal().await;
    outbox.queue.unseal(generation).await;
    let post = outbox.queue.post_of(vec![message("new")]);
    outbox.send(Post { generation, ..post }).await;

    assert!(!outbox.finish(leased.lease, leased.all[0].marker, outbox.start).await);

    assert!(outbox.is_ready(outbox.start).await);
    let new = outbox.lease(10, outbox.start).await;
    assert_eq!(texts(&new.all), ["new"]);
    assert!(new.all[0].marker > leased.all[0].marker, "markers go on rising");
}

async fn sealing_a_queue_leaves_the_outbox_of_others(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let key = QueueKey::topic(bench.project.clone(), outbox.queue.key.name.clone());
    Queue { key, ..outbox.queue.clone() }.seal().await;
    bench.queue_of(&format!("{}x", bench.project), &outbox.queue.key.name).seal().await;

    assert_eq!(outbox.leasable(outbox.start).await, ["a"]);
}

async fn an_entry_for_one_subscription_is_leased_as_it_is(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let kinds = [EntryKind::Resend, EntryKind::Test, EntryKind::Confirm, EntryKind::Unsubscribe];
    for kind in kinds {
        let sent = [NewMessage { ttl: 5, ..message("1") }, message("2")];
        outbox.enqueue(id, kind, sent.to_vec()).await;

        assert!(outbox.is_ready(outbox.start).await);
        let leased = outbox.lease(1, outbox.start).await.all;

        assert_eq!(texts(&leased), ["1 2"]);
        let entry = &leased[0];
        assert_eq!((entry.kind, entry.only, entry.after), (kind, Some(id), None));
        assert_eq!((entry.posted_at, &*entry.client_id), (outbox.start, "owner"));
        assert_eq!(entry.queue, outbox.queue.key);
        assert_eq!((entry.messages[0].id, entry.messages[0].ttl), (sent[0].id, 5));
        assert_eq!(entry.messages[0].expires_at, outbox.start + 5 * SECOND);
        assert_eq!(entry.messages[1].expires_at, outbox.start + TTL * SECOND);
        assert_eq!([entry.messages[0].marker + 1, entry.messages[1].marker], [entry.marker; 2]);
    }
}

async fn an_entry_for_one_subscription_is_seen_nowhere_else(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.follow("ws://a", 600).await;
    let sent = message("t");
    outbox.post_each(&["a"]).await;
    outbox.enqueue(id, EntryKind::Resend, vec![sent.clone()]).await;
    outbox.post_each(&["b"]).await;
    let (queue, now) = (&outbox.queue, outbox.start);

    assert_eq!(outbox.read(now).await, ["a", "b"]);
    assert_eq!(queue.all_bodies(now).await, ["a", "b"]);
    assert_eq!(queue.stats(now).await.free, 2);
    assert!(queue.get(&[sent.id], now).await.is_empty());
    assert_eq!(queue.pop(10, now).await.len(), 2);
    let leased = outbox.lease(10, now).await.all;
    assert_eq!(texts(&leased), ["a", "t", "b"]);
    assert!(leased.is_sorted_by_key(|entry| entry.marker));
}

async fn an_entry_for_one_subscription_needs_no_queue(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let id = Uuid::now_v7();

    outbox.enqueue(id, EntryKind::Confirm, vec![message("?")]).await;

    assert_eq!(outbox.leasable(outbox.start).await, ["?"]);
    assert_eq!(outbox.queue.states().state(&outbox.queue.key).await.ok(), Some(Default::default()));
}

async fn an_entry_for_one_subscription_may_be_added_to_a_sealed_queue(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.enqueue(id, EntryKind::Confirm, vec![message("old")]).await;
    outbox.queue.seal().await;

    outbox.enqueue(id, EntryKind::Confirm, vec![message("new")]).await;

    assert_eq!(outbox.leasable(outbox.start).await, ["new"]);
}

async fn an_entry_for_one_subscription_may_have_a_message_that_is_there(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let sent = message("a");
    outbox.send(outbox.queue.post_of(vec![sent.clone()])).await;

    outbox.enqueue(id, EntryKind::Resend, vec![sent.clone()]).await;
    outbox.enqueue(id, EntryKind::Resend, vec![sent]).await;

    assert_eq!(outbox.leasable(outbox.start).await, ["a", "a", "a"]);
    assert_eq!(outbox.queue.all_bodies(outbox.start).await, ["a"]);
}

async fn an_entry_for_one_subscription_is_not_kept_for_followers(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.follow("ws://a", 600).await;
    outbox.enqueue(id, EntryKind::Test, vec![message("t")]).await;
    let leased = outbox.lease(1, outbox.start).await;

    assert!(outbox.finish(leased.lease, leased.all[0].marker, outbox.start).await);

    assert!(outbox.read(outbox.start).await.is_empty());
    assert!(outbox.leasable(outbox.start + LEASE).await.is_empty());
}

async fn an_entry_for_one_subscription_may_leave_a_delivery(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let now = outbox.start;
    outbox.enqueue(id, EntryKind::Unsubscribe, vec![message("t")]).await;
    let leased = outbox.lease(1, now).await;
    let entry = leased.all[0].marker;
    let key = DeliveryKey { subscription: id, entry, index: 0 };
    let kept = vec![delivery(key, Some(now))];
    assert!(outbox.step(leased.lease, entry, kept, EntryProgress::Finish, now).await);

    let due = outbox.due(1, now).await;

    assert_eq!((due.bodies(), due.all[0].kind), (vec!["t".to_owned()], EntryKind::Unsubscribe));
    assert_eq!(&*due.all[0].client_id, "owner");
}

async fn backlog(outbox: &Outbox, now: Millis) -> Backlog {
    outbox.store().backlog(now).await.expect("the backlog is read")
}

async fn the_backlog_begins_with_the_oldest(bench: Bench) {
    // The store may be shared: nothing else in it is as old as this.
    let start = 1_000_000;
    let outbox = || Outbox::of(Queue { start, ..bench.queue() });
    let [one, two] = [outbox(), outbox()];
    let id = one.subscriptions.subscribe("http://a").await;
    two.subscriptions.subscribe("http://a").await;
    // Each look is a minute after the one before: the answer may be older than a second.
    let at = |minute: Millis| start + minute * 60 * SECOND;

    let keys = one.deliver(id, &["a"], Some(at(8))).await;
    one.deliver(id, &["b"], None).await;
    let first = backlog(&one, at(1)).await;
    assert_eq!(first.next_delivery, Some(at(8)));
    assert!(first.oldest_entry.is_none_or(|oldest| oldest > at(1000)), "{first:?}");

    two.post(&["c"], start + 7).await;
    one.post(&["d"], start + 9).await;
    let both = Backlog { oldest_entry: Some(start + 7), next_delivery: Some(at(8)) };
    assert_eq!(backlog(&one, at(2)).await, both);

    let leased = two.lease(1, at(3)).await;
    assert_eq!(backlog(&one, at(3)).await, both, "a lease finishes nothing");
    assert!(two.finish(leased.lease, leased.all[0].marker, at(4)).await);
    let left = Backlog { oldest_entry: Some(start + 9), ..both };
    assert_eq!(backlog(&one, at(5)).await, left);

    let leased = one.lease(1, at(6)).await;
    assert!(one.finish(leased.lease, leased.all[0].marker, at(6)).await);
    let due = one.due(1, at(8)).await;
    one.settle(due.lease, keys[0], Settlement::Done, at(8)).await;
    let last = backlog(&one, at(9)).await;
    assert!(last.oldest_entry.is_none_or(|oldest| oldest > at(1000)), "{last:?}");
    assert!(last.next_delivery.is_none_or(|due| due > at(1000)), "{last:?}");
}

async fn another_server_sees_which_queues_are_ready(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let other = outbox.on(&bench.second_server().await);

    outbox.post_each(&["a"]).await;

    assert!(other.is_ready(outbox.start).await);
    assert_eq!(other.leasable(outbox.start).await, ["a"]);
    assert!(!outbox.is_ready(outbox.start).await || outbox.leasable(outbox.start).await.is_empty());
}
