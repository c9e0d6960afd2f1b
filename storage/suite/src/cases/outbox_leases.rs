//! The outbox: leases of entries, and how workers come on with them.

use std::collections::HashSet;

use futures_util::future::join_all;
use sukkal_storage::{Capability, DeliveryKey, EntryProgress, EntryStep, LeaseWork, Marker};
use uuid::Uuid;

use crate::bench::Bench;
use crate::case::{Need, cases};
use crate::outbox::{LEASE, Outbox, delivery, texts};

cases! {
    [] => {
        the_lowest_entries_are_leased_first,
        a_lease_stops_behind_the_entry_that_reaches_its_bytes,
        a_leased_entry_is_not_leased_again,
        an_entry_is_leased_again_when_its_lease_has_ended,
        parallel_leases_share_no_entry,
        an_ended_lease_holds_until_another_takes_its_place,
        a_lost_lease_changes_nothing,
        a_lease_goes_on_as_a_step_says,
        how_far_a_worker_came_is_told_to_the_next,
        a_step_that_names_nothing_leaves_what_was_named,
        a_released_entry_is_leased_at_once,
        a_released_lease_holds_no_more,
        a_finished_entry_is_not_leased_again,
        every_step_is_answered_by_itself,
        a_lease_of_one_queue_holds_nothing_of_another,
        an_unknown_queue_has_nothing_to_lease,
    }
    [Need::Has(Capability::MultiServer)] => {
        leases_on_two_servers_share_no_entry,
    }
    [Need::Reopen, Need::Has(Capability::Durability)] => {
        entries_leases_and_deliveries_survive_a_restart,
    }
}

const NEVER: EntryProgress = EntryProgress::Release { after: None };

async fn the_lowest_entries_are_leased_first(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a", "b", "c"]).await;

    let first = outbox.lease(2, outbox.start).await;
    let second = outbox.lease(2, outbox.start).await;

    assert_eq!(texts(&first.all), ["a", "b"]);
    assert_eq!(texts(&second.all), ["c"]);
    assert!(first.all[0].marker < first.all[1].marker);
}

async fn a_lease_stops_behind_the_entry_that_reaches_its_bytes(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post(&["1234", "5678"], outbox.start).await;
    outbox.post_each(&["1", "2", "3"]).await;
    let lease = |max_bytes| LeaseWork { max_bytes, ..outbox.lease_of(10, outbox.start) };

    let first = outbox.lease_by(lease(1)).await;
    let second = outbox.lease_by(lease(2)).await;

    assert_eq!(texts(&first.all), ["1234 5678"]);
    assert_eq!(texts(&second.all), ["1", "2"]);
}

async fn a_leased_entry_is_not_leased_again(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    outbox.lease(1, outbox.start).await;

    assert!(outbox.leasable(outbox.start).await.is_empty());
    assert!(outbox.leasable(outbox.start + LEASE - 1).await.is_empty());
}

async fn an_entry_is_leased_again_when_its_lease_has_ended(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a", "b"]).await;
    outbox.lease(1, outbox.start).await;
    outbox.lease(1, outbox.start + 5).await;

    assert_eq!(outbox.leasable(outbox.start + LEASE).await, ["a"]);
    assert_eq!(outbox.leasable(outbox.start + LEASE + 5).await, ["b"]);
}

async fn lease_all(outbox: Outbox) -> Vec<Marker> {
    let mut leased = Vec::new();
    loop {
        let entries = outbox.lease(3, outbox.start).await.all;
        if entries.is_empty() {
            return leased;
        }
        leased.extend(entries.iter().map(|entry| entry.marker));
        assert!(leased.len() < 10_000, "the leases do not end");
    }
}

async fn leases_share_no_entry(servers: &[Outbox]) {
    for number in 0..100 {
        servers[0].post(&[&number.to_string()], servers[0].start).await;
    }

    let workers = servers.iter().cycle().take(8);
    let workers: Vec<_> = workers.map(|each| tokio::spawn(lease_all(each.clone()))).collect();

    let leased = join_all(workers).await.into_iter().map(|done| done.expect("the task ends"));
    let leased: Vec<Marker> = leased.flatten().collect();
    assert_eq!(leased.len(), 100);
    assert_eq!(leased.iter().collect::<HashSet<_>>().len(), 100);
}

async fn parallel_leases_share_no_entry(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    leases_share_no_entry(&[outbox]).await;
}

async fn leases_on_two_servers_share_no_entry(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    let other = outbox.on(&bench.second_server().await);
    leases_share_no_entry(&[outbox, other]).await;
}

async fn an_ended_lease_holds_until_another_takes_its_place(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let leased = outbox.lease(1, outbox.start).await;
    let (entry, late) = (leased.all[0].marker, outbox.start + 10 * LEASE);

    let progress = EntryProgress::Continue { after: Some(id), until: late + LEASE };
    assert!(outbox.step(leased.lease, entry, Vec::new(), progress, late).await);
    assert!(outbox.leasable(late).await.is_empty());
    assert!(outbox.finish(leased.lease, entry, late + 2 * LEASE).await);
    assert!(outbox.leasable(late + 2 * LEASE).await.is_empty());
}

async fn a_lost_lease_changes_nothing(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let lost = outbox.lease(1, outbox.start).await;
    let entry = lost.all[0].marker;
    let later = outbox.start + LEASE;
    let taken = outbox.lease(1, later).await;
    let key = DeliveryKey { subscription: id, entry, index: 0 };

    let until = later + 100 * LEASE;
    for progress in [
        EntryProgress::Continue { after: Some(id), until },
        EntryProgress::Release { after: Some(id) },
        EntryProgress::Finish,
    ] {
        let deliveries = vec![delivery(key, Some(outbox.start))];
        assert!(!outbox.step(lost.lease, entry, deliveries, progress, later).await);
    }

    assert!(outbox.due_bodies(later).await.is_empty());
    assert!(outbox.leasable(later).await.is_empty(), "it was not released");
    assert!(outbox.step(taken.lease, entry, Vec::new(), NEVER, later).await);
    let next = outbox.lease(1, later).await;
    assert_eq!((texts(&next.all), next.all[0].after), (vec!["a".to_owned()], None));
}

async fn a_lease_goes_on_as_a_step_says(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let leased = outbox.lease(1, outbox.start).await;
    let until = outbox.start + 3 * LEASE;

    let progress = EntryProgress::Continue { after: None, until };
    assert!(
        outbox.step(leased.lease, leased.all[0].marker, Vec::new(), progress, outbox.start).await
    );

    assert!(outbox.leasable(until - 1).await.is_empty());
    assert_eq!(outbox.leasable(until).await, ["a"]);
}

async fn how_far_a_worker_came_is_told_to_the_next(bench: Bench) {
    let (outbox, first) = Outbox::told(&bench).await;
    let second = outbox.subscriptions.subscribe("http://b").await;
    outbox.post_each(&["a"]).await;
    let leased = outbox.lease(1, outbox.start).await;
    let entry = leased.all[0].marker;

    let until = outbox.start + LEASE;
    let progress = EntryProgress::Continue { after: Some(first), until };
    assert!(outbox.step(leased.lease, entry, Vec::new(), progress, outbox.start).await);
    let leased = outbox.lease(1, until).await;
    assert_eq!(leased.all[0].after, Some(first));
    let progress = EntryProgress::Release { after: Some(second) };
    assert!(outbox.step(leased.lease, entry, Vec::new(), progress, until).await);

    assert_eq!(outbox.lease(1, until).await.all[0].after, Some(second));
}

async fn a_step_that_names_nothing_leaves_what_was_named(bench: Bench) {
    let (outbox, id) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let (now, until) = (outbox.start, outbox.start + LEASE);
    let leased = outbox.lease(1, now).await;
    let entry = leased.all[0].marker;

    for progress in [
        EntryProgress::Continue { after: Some(id), until },
        EntryProgress::Continue { after: None, until },
        EntryProgress::Release { after: None },
    ] {
        assert!(outbox.step(leased.lease, entry, Vec::new(), progress, now).await);
    }

    assert_eq!(outbox.lease(1, now).await.all[0].after, Some(id));
}

async fn a_released_entry_is_leased_at_once(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a", "b"]).await;
    let leased = outbox.lease(1, outbox.start).await;

    assert!(outbox.step(leased.lease, leased.all[0].marker, Vec::new(), NEVER, outbox.start).await);

    assert_eq!(outbox.leasable(outbox.start).await, ["a", "b"]);
}

async fn a_released_lease_holds_no_more(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a"]).await;
    let leased = outbox.lease(1, outbox.start).await;
    let entry = leased.all[0].marker;
    assert!(outbox.step(leased.lease, entry, Vec::new(), NEVER, outbox.start).await);

    assert!(!outbox.finish(leased.lease, entry, outbox.start).await);

    assert_eq!(outbox.leasable(outbox.start).await, ["a"]);
}

async fn a_finished_entry_is_not_leased_again(bench: Bench) {
    for is_followed in [false, true] {
        let (outbox, id) = Outbox::told(&bench).await;
        if is_followed {
            outbox.follow("ws://a", 600).await;
        }
        outbox.post_each(&["a", "b"]).await;
        let leased = outbox.lease(2, outbox.start).await;
        let [first, second] = [leased.all[0].marker, leased.all[1].marker];
        let key = DeliveryKey { subscription: id, entry: second, index: 0 };
        let deliveries = vec![delivery(key, Some(outbox.start + 100 * LEASE))];

        assert!(outbox.finish(leased.lease, first, outbox.start).await);
        let done = EntryProgress::Finish;
        assert!(outbox.step(leased.lease, second, deliveries, done, outbox.start).await);

        assert!(outbox.leasable(outbox.start + 2 * LEASE).await.is_empty());
        for entry in [first, second] {
            assert!(!outbox.finish(leased.lease, entry, outbox.start).await);
        }
    }
}

async fn every_step_is_answered_by_itself(bench: Bench) {
    let (outbox, _) = Outbox::told(&bench).await;
    outbox.post_each(&["a", "b", "c"]).await;
    let own = outbox.lease(2, outbox.start).await;
    let other = outbox.lease(1, outbox.start).await;
    let [a, b, c] = [own.all[0].marker, own.all[1].marker, other.all[0].marker];
    let step = |entry, progress| EntryStep { entry, deliveries: Vec::new(), progress };
    let finish = |entry| step(entry, EntryProgress::Finish);

    let steps = vec![finish(c), finish(b), finish(c + 1000), step(a, NEVER)];
    let held = outbox.advance(own.lease, steps, outbox.start).await;

    assert_eq!(held, [false, true, false, true]);
    assert_eq!(outbox.leasable(outbox.start).await, ["a"]);
    assert!(outbox.advance(own.lease, Vec::new(), outbox.start).await.is_empty());
}

async fn a_lease_of_one_queue_holds_nothing_of_another(bench: Bench) {
    let (one, _) = Outbox::told(&bench).await;
    let (other, _) = Outbox::told(&bench).await;
    one.post_each(&["a"]).await;
    other.post_each(&["b"]).await;
    let leased = one.lease(1, one.start).await;
    let entry = other.lease(1, one.start).await.all[0].marker;

    assert!(!other.finish(leased.lease, entry, one.start).await);
    assert!(!other.finish(Uuid::new_v4(), entry, one.start).await);

    assert_eq!(other.leasable(one.start + LEASE).await, ["b"]);
}

async fn an_unknown_queue_has_nothing_to_lease(bench: Bench) {
    let outbox = Outbox::new(&bench);

    assert!(outbox.leasable(outbox.start).await.is_empty());
    assert!(outbox.due_bodies(outbox.start).await.is_empty());
    assert!(!outbox.finish(Uuid::new_v4(), 1, outbox.start).await);
    assert!(!outbox.resume(Uuid::new_v4(), 10, outbox.start).await);
}

async fn entries_leases_and_deliveries_survive_a_restart(bench: Bench) {
    let store = bench.store_for(&bench.project).await;
    let outbox = Outbox::new(&bench).on(&store);
    let id = outbox.subscriptions.subscribe("http://a").await;
    outbox.deliver(id, &["d"], Some(outbox.start + 1)).await;
    outbox.post_each(&["a", "b"]).await;
    outbox.log(&[(id, "tried")], 100).await;
    let leased = outbox.lease(1, outbox.start).await;
    store.data.close().await;
    store.control.close().await;

    let again = outbox.on(&bench.store_for(&bench.project).await);

    assert!(again.step(leased.lease, leased.all[0].marker, Vec::new(), NEVER, again.start).await);
    assert_eq!(again.leasable(again.start).await, ["a", "b"]);
    assert_eq!(again.due_bodies(again.start + 1).await, ["d"]);
    assert_eq!(again.attempts(id, 10).await, ["tried"]);
    assert!(again.post(&["c"], again.start).await.in_outbox);
}
