//! The outbox: deliveries of what could not be told at once.

use std::collections::HashSet;

use futures_util::future::join_all;
use sukkal_storage::{
    Capability, DeliveryKey, EntryKind, EntryProgress, LeaseWork, NewDelivery, NewMessage,
    Settlement,
};
use uuid::Uuid;

use crate::bench::{Bench, SECOND, message};
use crate::case::{Need, cases};
use crate::cases::collect::collect_all;
use crate::outbox::{LEASE, Outbox, delivery};

cases! {
    [] => {
        a_delivery_has_its_message_when_the_entry_is_finished,
        a_delivery_is_leased_before_its_entry_is_finished,
        a_delivery_is_leased_when_it_is_due,
        the_earliest_deliveries_are_leased_first,
        a_lease_of_deliveries_stops_at_its_bytes,
        parallel_leases_share_no_delivery,
        a_delivery_is_leased_again_when_its_lease_has_ended,
        a_settled_delivery_is_over,
        a_delivery_to_be_retried_is_due_again,
        an_ended_lease_settles_until_another_takes_its_place,
        a_lost_lease_settles_nothing,
        a_settled_lease_settles_nothing_more,
        a_delivery_that_is_kept_stays_as_it_is,
        a_delivery_under_way_is_held_by_its_first_lease,
        a_parked_delivery_waits_until_it_is_resumed,
        resuming_goes_in_steps_and_by_subscription,
        resuming_makes_due_what_has_expired_too,
        deleting_a_subscription_leaves_its_deliveries,
        an_entry_goes_with_its_last_delivery,
    }
    [Need::Has(Capability::MultiServer)] => {
        leases_on_two_servers_share_no_delivery,
    }
    [Need::Collects] => {
        collection_makes_parked_deliveries_of_expired_messages_due,
        collection_leaves_other_deliveries,
    }
}

async fn a_delivery_has_its_message_when_the_entry_is_finished(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let keys = outbox.deliver(id, &["a", "b"], Some(outbox.start)).await;
    let posted = outbox.queue.all(outbox.start).await;
    outbox.queue.pop(2, outbox.start).await;

    let leased = outbox.due(10, outbox.start + 1).await.all;

    let found: HashSet<DeliveryKey> = leased.iter().map(|each| each.key).collect();
    assert_eq!(found, keys.iter().copied().collect());
    for each in &leased {
        let message = &posted[each.key.index as usize];
        assert_eq!((each.message.id, &each.message.body), (message.id, &message.body));
        assert_eq!(each.message.marker, message.marker);
        assert_eq!(each.message.expires_at, message.expires_at);
        assert_eq!((each.kind, each.attempts), (EntryKind::Post, 1));
        assert_eq!((each.posted_at, &*each.client_id), (outbox.start, "producer"));
    }
}

async fn a_delivery_is_leased_before_its_entry_is_finished(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let now = outbox.start;
    let leased = outbox.lease(1, now).await;
    let entry = leased.all[0].marker;
    let key = DeliveryKey { subscription: id, entry, index: 0 };

    let progress = EntryProgress::Continue { after: Some(id), until: now + LEASE };
    let deliveries = vec![delivery(key, Some(now))];
    assert!(outbox.step(leased.lease, entry, deliveries, progress, now).await);
    let due = outbox.due(10, now).await;
    assert_eq!(due.bodies(), ["a"]);
    outbox.settle(due.lease, key, Settlement::Done, now).await;

    assert!(outbox.finish(leased.lease, entry, now).await, "the entry is still there");
}

async fn a_delivery_is_leased_when_it_is_due(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.deliver(id, &["a"], Some(outbox.start + 500)).await;

    assert!(outbox.due_bodies(outbox.start + 499).await.is_empty());
    assert_eq!(outbox.due_bodies(outbox.start + 500).await, ["a"]);
}

async fn the_earliest_deliveries_are_leased_first(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    for (body, due) in [("c", 300), ("a", 100), ("d", 400), ("b", 200)] {
        outbox.deliver(id, &[body], Some(outbox.start + due)).await;
    }

    assert_eq!(outbox.due(2, outbox.start + 300).await.bodies(), ["a", "b"]);
    assert_eq!(outbox.due(2, outbox.start + 300).await.bodies(), ["c"]);
}

async fn a_lease_of_deliveries_stops_at_its_bytes(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.deliver(id, &["12345678"], Some(outbox.start)).await;
    for (body, due) in [("1", 1), ("2", 2), ("3", 3)] {
        outbox.deliver(id, &[body], Some(outbox.start + due)).await;
    }
    let lease = |max_bytes| LeaseWork { max_bytes, ..outbox.lease_of(10, outbox.start + 3) };

    assert_eq!(outbox.due_by(lease(1)).await.bodies(), ["12345678"]);
    assert_eq!(outbox.due_by(lease(2)).await.bodies(), ["1", "2"]);
}

async fn lease_all(outbox: Outbox) -> Vec<DeliveryKey> {
    let mut leased = Vec::new();
    loop {
        let due = outbox.due(3, outbox.start).await.all;
        if due.is_empty() {
            return leased;
        }
        leased.extend(due.iter().map(|each| each.key));
        assert!(leased.len() < 10_000, "the leases do not end");
    }
}

async fn leases_share_no_delivery(servers: &[Outbox]) {
    let bodies: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    for _ in 0..10 {
        servers[0].deliver(Uuid::now_v7(), &bodies, Some(servers[0].start)).await;
    }

    let workers = servers.iter().cycle().take(8);
    let workers: Vec<_> = workers.map(|each| tokio::spawn(lease_all(each.clone()))).collect();

    let leased = join_all(workers).await.into_iter().map(|done| done.expect("the task ends"));
    let leased: Vec<DeliveryKey> = leased.flatten().collect();
    assert_eq!(leased.len(), 100);
    assert_eq!(leased.iter().collect::<HashSet<_>>().len(), 100);
}

async fn parallel_leases_share_no_delivery(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    leases_share_no_delivery(&[outbox]).await;
}

async fn leases_on_two_servers_share_no_delivery(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let other = outbox.on(&bench.second_server().await);
    leases_share_no_delivery(&[outbox, other]).await;
}

async fn a_delivery_is_leased_again_when_its_lease_has_ended(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.deliver(id, &["a"], Some(outbox.start)).await;

    assert_eq!(outbox.due_bodies(outbox.start).await, ["a"]);
    assert!(outbox.due_bodies(outbox.start + LEASE - 1).await.is_empty());
    let again = outbox.due(1, outbox.start + LEASE).await;
    assert_eq!((again.bodies(), again.all[0].attempts), (vec!["a".to_owned()], 1));
}

async fn a_settled_delivery_is_over(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let keys = outbox.deliver(id, &["a", "b"], Some(outbox.start)).await;
    let leased = outbox.due(10, outbox.start).await;

    outbox.settle(leased.lease, keys[0], Settlement::Done, outbox.start).await;

    assert_eq!(outbox.due_bodies(outbox.start + LEASE).await, ["b"]);
}

async fn a_delivery_to_be_retried_is_due_again(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let keys = outbox.deliver(id, &["a"], Some(outbox.start)).await;
    let leased = outbox.due(1, outbox.start).await;
    let due_at = outbox.start + 5;

    let retry = Settlement::Retry { attempts: 7, due_at };
    outbox.settle(leased.lease, keys[0], retry, outbox.start).await;

    assert!(outbox.due_bodies(due_at - 1).await.is_empty());
    let again = outbox.due(1, due_at).await;
    assert_eq!((again.bodies(), again.all[0].attempts), (vec!["a".to_owned()], 7));
}

async fn an_ended_lease_settles_until_another_takes_its_place(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let keys = outbox.deliver(id, &["a"], Some(outbox.start)).await;
    let leased = outbox.due(1, outbox.start).await;
    let late = outbox.start + 10 * LEASE;

    outbox.settle(leased.lease, keys[0], Settlement::Done, late).await;

    assert!(outbox.due_bodies(late).await.is_empty());
}

async fn a_lost_lease_settles_nothing(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let keys = outbox.deliver(id, &["a"], Some(outbox.start)).await;
    let lost = outbox.due(1, outbox.start).await;
    let later = outbox.start + LEASE;
    let taken = outbox.due(1, later).await;

    for settlement in [
        Settlement::Park { attempts: 9 },
        Settlement::Retry { attempts: 9, due_at: later },
        Settlement::Done,
    ] {
        outbox.settle(lost.lease, keys[0], settlement, later).await;
        outbox.settle(Uuid::new_v4(), keys[0], settlement, later).await;
    }

    assert!(outbox.due_bodies(later).await.is_empty());
    let retry = Settlement::Retry { attempts: 2, due_at: later };
    outbox.settle(taken.lease, keys[0], retry, later).await;
    assert_eq!(outbox.due(1, later).await.all[0].attempts, 2);
}

async fn a_settled_lease_settles_nothing_more(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let keys = outbox.deliver(id, &["a"], Some(outbox.start)).await;
    let leased = outbox.due(1, outbox.start).await;
    let retry = Settlement::Retry { attempts: 2, due_at: outbox.start };

    outbox.settle(leased.lease, keys[0], retry, outbox.start).await;
    outbox.settle(leased.lease, keys[0], Settlement::Done, outbox.start).await;

    assert_eq!(outbox.due_bodies(outbox.start).await, ["a"]);
}

async fn a_delivery_that_is_kept_stays_as_it_is(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let now = outbox.start;
    let leased = outbox.lease(1, now).await;
    let entry = leased.all[0].marker;
    let key = DeliveryKey { subscription: id, entry, index: 0 };
    let first = NewDelivery { attempts: 3, ..delivery(key, Some(now + 7)) };

    let progress = EntryProgress::Continue { after: None, until: now + LEASE };
    assert!(outbox.step(leased.lease, entry, vec![first], progress, now).await);
    let other = vec![delivery(key, Some(now)), delivery(key, None)];
    assert!(outbox.step(leased.lease, entry, other, EntryProgress::Finish, now).await);

    assert!(outbox.due_bodies(now + 6).await.is_empty());
    let due = outbox.due(10, now + 7).await.all;
    assert_eq!(due.iter().map(|each| each.attempts).collect::<Vec<_>>(), [3]);
}

async fn a_delivery_under_way_is_held_by_its_first_lease(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let (now, deadline) = (outbox.start, outbox.start + 60 * SECOND);
    let attempt = Uuid::new_v4();
    let mut keys = Vec::new();
    for body in ["a", "b"] {
        outbox.post_each(&[body]).await;
        let leased = outbox.lease(1, now).await;
        let entry = leased.all[0].marker;
        let key = DeliveryKey { subscription: id, entry, index: 0 };
        let under_way = NewDelivery { lease: Some(attempt), ..delivery(key, Some(deadline)) };
        let done = EntryProgress::Finish;
        assert!(outbox.step(leased.lease, entry, vec![under_way], done, now).await);
        keys.push(key);
    }

    assert!(outbox.due_bodies(deadline - 1).await.is_empty());
    outbox.settle(attempt, keys[0], Settlement::Done, now).await;
    assert_eq!(outbox.due_bodies(deadline).await, ["b"]);
    outbox.settle(attempt, keys[1], Settlement::Done, deadline).await;
    assert_eq!(outbox.due_bodies(deadline + LEASE).await, ["b"], "another lease has taken it");
}

async fn a_parked_delivery_waits_until_it_is_resumed(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.deliver(id, &["a"], None).await;
    let keys = outbox.deliver(id, &["b"], Some(outbox.start)).await;
    let leased = outbox.due(10, outbox.start).await;
    assert_eq!(leased.bodies(), ["b"]);
    outbox.settle(leased.lease, keys[0], Settlement::Park { attempts: 4 }, outbox.start).await;
    let later = outbox.start + 10 * LEASE;
    assert!(outbox.due_bodies(later).await.is_empty());

    assert!(!outbox.resume(id, 10, later).await);

    assert!(outbox.due_bodies(later - 1).await.is_empty());
    let due = outbox.due(10, later).await;
    let mut found: Vec<(u32, String)> =
        due.all.iter().map(|each| each.attempts).zip(due.bodies()).collect();
    found.sort();
    assert_eq!(found, [(1, "a".to_owned()), (4, "b".to_owned())]);
}

async fn resuming_goes_in_steps_and_by_subscription(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let other = outbox.subscriptions.subscribe("http://b").await;
    outbox.deliver(id, &["a", "b", "c"], None).await;
    outbox.deliver(id, &["d", "e"], None).await;
    outbox.deliver(other, &["x"], None).await;

    let (now, mut steps) = (outbox.start, 1);
    while outbox.resume(id, 2, now).await {
        let due = outbox.due(10, now).await.all.len();
        assert!((1..=2).contains(&due), "a step of 2 resumed {due}");
        steps += 1;
        assert!(steps < 20, "the steps do not end");
    }

    let mut resumed = outbox.due_bodies(now + LEASE).await;
    resumed.sort();
    assert_eq!(resumed, ["a", "b", "c", "d", "e"]);
    assert!(!outbox.resume(id, 2, now).await);
}

async fn resuming_makes_due_what_has_expired_too(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let now = outbox.start;
    let short = NewMessage { ttl: 5, ..message("short") };
    outbox.send(outbox.queue.post_of(vec![short, message("long")])).await;
    let leased = outbox.lease(1, now).await;
    let entry = leased.all[0].marker;
    let parked = [0, 1].map(|index| delivery(DeliveryKey { subscription: id, entry, index }, None));
    let done = EntryProgress::Finish;
    assert!(outbox.step(leased.lease, entry, parked.to_vec(), done, now).await);
    let end = now + 5 * SECOND;

    while outbox.resume(id, 1, end).await {}

    let mut due = outbox.due_bodies(end).await;
    due.sort();
    assert_eq!(due, ["long", "short"], "workers decide about what has expired");
}

async fn deleting_a_subscription_leaves_its_deliveries(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.deliver(id, &["a"], Some(outbox.start)).await;

    outbox.subscriptions.delete(id).await;

    assert_eq!(outbox.due_bodies(outbox.start).await, ["a"]);
}

async fn an_entry_goes_with_its_last_delivery(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let keys = outbox.deliver(id, &["a", "b"], Some(outbox.start)).await;
    let leased = outbox.due(10, outbox.start).await;

    outbox.settle(leased.lease, keys[0], Settlement::Done, outbox.start).await;
    outbox.settle(leased.lease, keys[1], Settlement::Done, outbox.start).await;

    assert!(outbox.read(outbox.start).await.is_empty());
    assert!(!outbox.is_ready(outbox.start + LEASE).await);
}

async fn collection_makes_parked_deliveries_of_expired_messages_due(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let short = NewMessage { ttl: 5, ..message("a") };
    let now = outbox.start;
    outbox.send(outbox.queue.post_of(vec![short])).await;
    let leased = outbox.lease(1, now).await;
    let entry = leased.all[0].marker;
    let parked = delivery(DeliveryKey { subscription: id, entry, index: 0 }, None);
    let done = EntryProgress::Finish;
    assert!(outbox.step(leased.lease, entry, vec![parked], done, now).await);
    outbox.queue.pop(1, now).await;

    let end = now + 5 * SECOND;
    collect_all(&outbox.queue, end - 1, 1000).await;
    assert!(outbox.due_bodies(end - 1).await.is_empty());

    let collected = collect_all(&outbox.queue, end, 1000).await;

    assert!(collected >= 1, "nothing was collected");
    assert!(outbox.is_ready(end).await);
    assert_eq!(outbox.due_bodies(end).await, ["a"]);
    collect_all(&outbox.queue, end, 1000).await;
    assert!(outbox.due_bodies(end).await.is_empty(), "it is not parked any more");
}

async fn collection_leaves_other_deliveries(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    let (now, end) = (outbox.start, outbox.start + 5 * SECOND);
    outbox.deliver(id, &["parked"], None).await;
    let short = NewMessage { ttl: 5, ..message("due") };
    outbox.send(outbox.queue.post_of(vec![short])).await;
    let leased = outbox.lease(1, now).await;
    let entry = leased.all[0].marker;
    let due = delivery(DeliveryKey { subscription: id, entry, index: 0 }, Some(now));
    let done = EntryProgress::Finish;
    assert!(outbox.step(leased.lease, entry, vec![due], done, now).await);

    collect_all(&outbox.queue, end, 1000).await;

    assert_eq!(outbox.due_bodies(end).await, ["due"], "the worker decides about what is due");
    assert!(!outbox.resume(id, 10, end).await);
    assert_eq!(outbox.due_bodies(end).await, ["parked"]);
}
