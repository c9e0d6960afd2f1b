//! Transfers: every step may be repeated, and the message arrives once.

use sukkal_storage::{
    Capability, CreateClaim, DeadLetter, FinishTransfers, ReceiveTransfers, Result,
    SettleTransfers, Transfer,
};
use uuid::Uuid;

use crate::bench::{Bench, Queue, SECOND, bodies, ids};
use crate::case::{Need, assert_refused, cases};

cases! {
    [Need::Has(Capability::Claims)] => {
        a_queue_without_transfers_has_none_pending,
        pending_transfers_are_those_of_the_queue_named,
        pending_transfers_of_any_queue_are_found,
        pending_returns_at_most_its_limit,
        pending_changes_nothing,
        received_messages_come_to_the_end_of_the_target,
        receiving_twice_stores_once,
        a_message_deleted_at_the_target_is_not_received_again,
        a_message_claimed_and_deleted_at_the_target_is_not_received_again,
        a_message_is_not_received_again_by_the_next_generation_of_the_target,
        receiving_skips_what_was_received_and_stores_the_rest,
        a_receive_of_an_old_generation_is_refused,
        a_receive_into_a_sealed_queue_is_refused,
        a_refused_receive_is_not_remembered,
        finishing_removes_only_those_named,
        finishing_twice_does_nothing,
        settling_forgets_what_was_received,
        settling_twice_does_nothing,
        settling_leaves_the_message_where_it_is,
        a_whole_move_repeated_after_its_first_steps_ends_the_same,
        sealing_drops_pending_transfers,
        a_receive_into_a_queue_never_seen_stores,
        an_expired_message_that_is_received_is_not_seen,
    }
}

/// A source whose messages all wait for the mover, and their target.
async fn waiting(bench: &Bench, posted: &[&str]) -> (Queue, Queue) {
    let (source, target) = (bench.queue(), bench.queue());
    source.post(posted).await;
    move_all(&source, &target).await;
    (source, target)
}

async fn move_all(source: &Queue, target: &Queue) {
    let rule = DeadLetter { max_claim_count: 0, ..target.dead_letter(false) };
    let command = CreateClaim { dead_letter: Some(rule), ..source.claim_of(1000, source.start) };
    source.create_claim(command).await;
}

async fn pending(queue: &Queue, limit: usize) -> Vec<Transfer> {
    queue.transfers().pending(Some(&queue.key), limit).await.expect("the transfers are read")
}

async fn receive(target: &Queue, transfers: &[Transfer], generation: u64) -> Result<()> {
    let messages = transfers.iter().map(|each| each.message.clone()).collect();
    let now = target.start;
    let command = ReceiveTransfers { target: target.key.clone(), generation, messages, now };
    target.transfers().receive(command).await
}

async fn finish(source: &Queue, ids: &[Uuid]) {
    let command = FinishTransfers { source: source.key.clone(), ids: ids.to_vec() };
    source.transfers().finish(command).await.expect("the transfers are finished");
}

async fn settle(target: &Queue, ids: &[Uuid]) {
    let command = SettleTransfers { target: target.key.clone(), ids: ids.to_vec() };
    target.transfers().settle(command).await.expect("the transfers are settled");
}

fn moved(transfers: &[Transfer]) -> Vec<Uuid> {
    transfers.iter().map(|each| each.message.id).collect()
}

fn moved_bodies(transfers: &[Transfer]) -> Vec<String> {
    bodies(&transfers.iter().map(|each| each.message.clone()).collect::<Vec<_>>())
}

async fn a_queue_without_transfers_has_none_pending(bench: Bench) {
    let queue = bench.queue();
    assert!(pending(&queue, 10).await.is_empty());

    queue.post(&["a"]).await;
    queue.claim(1, queue.start).await;

    assert!(pending(&queue, 10).await.is_empty());
}

async fn pending_transfers_are_those_of_the_queue_named(bench: Bench) {
    let (first, _) = waiting(&bench, &["a", "b"]).await;
    let (second, _) = waiting(&bench, &["c"]).await;

    assert_eq!(moved_bodies(&pending(&first, 10).await), ["a", "b"]);
    assert_eq!(moved_bodies(&pending(&second, 10).await), ["c"]);
}

async fn pending_transfers_of_any_queue_are_found(bench: Bench) {
    let (first, _) = waiting(&bench, &["a", "b"]).await;
    let (second, _) = waiting(&bench, &["c"]).await;

    let all = first.transfers().pending(None, 100_000).await.expect("the transfers are read");

    let of = |queue: &Queue| all.iter().filter(|each| each.source == queue.key).count();
    assert_eq!((of(&first), of(&second)), (2, 1));
}

async fn pending_returns_at_most_its_limit(bench: Bench) {
    let (source, _) = waiting(&bench, &["a", "b", "c"]).await;

    assert_eq!(moved_bodies(&pending(&source, 2).await), ["a", "b"]);
    assert_eq!(source.transfers().pending(None, 1).await.expect("a read").len(), 1);
}

async fn pending_changes_nothing(bench: Bench) {
    let (source, _) = waiting(&bench, &["a", "b"]).await;

    assert_eq!(pending(&source, 10).await, pending(&source, 10).await);
}

async fn received_messages_come_to_the_end_of_the_target(bench: Bench) {
    let (source, target) = waiting(&bench, &["a", "b"]).await;
    target.post(&["x"]).await;

    receive(&target, &pending(&source, 10).await, 0).await.expect("the messages are received");
    target.post(&["y"]).await;

    let read = target.free(target.start).await;
    assert_eq!(bodies(&read), ["x", "a", "b", "y"]);
    assert!(read.is_sorted_by(|a, b| a.marker < b.marker));
}

async fn receiving_twice_stores_once(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;

    for _ in 0..2 {
        receive(&target, &transfers, 0).await.expect("the message is received");
    }

    assert_eq!(target.all_bodies(target.start).await, ["a"]);
}

async fn a_message_deleted_at_the_target_is_not_received_again(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    receive(&target, &transfers, 0).await.expect("the message is received");
    target.delete(moved(&transfers)[0], None, target.start).await.expect("it is deleted");

    receive(&target, &transfers, 0).await.expect("the repeated step is no error");

    assert!(target.all(target.start).await.is_empty());
}

async fn a_message_claimed_and_deleted_at_the_target_is_not_received_again(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    receive(&target, &transfers, 0).await.expect("the message is received");
    let claim = target.claim(1, target.start).await;
    let deleted = target.delete(moved(&transfers)[0], Some(claim.id), target.start).await;
    deleted.expect("it is deleted");

    receive(&target, &transfers, 0).await.expect("the repeated step is no error");

    assert!(target.all(target.start).await.is_empty());
}

async fn a_message_is_not_received_again_by_the_next_generation_of_the_target(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    receive(&target, &transfers, 0).await.expect("the message is received");
    let generation = target.seal().await;
    target.unseal(generation).await;

    receive(&target, &transfers, generation).await.expect("the repeated step is no error");

    assert!(target.all(target.start).await.is_empty());
}

async fn receiving_skips_what_was_received_and_stores_the_rest(bench: Bench) {
    let (source, target) = waiting(&bench, &["a", "b"]).await;
    let transfers = pending(&source, 10).await;
    receive(&target, &transfers[..1], 0).await.expect("the first is received");
    target.pop(1, target.start).await;

    receive(&target, &transfers, 0).await.expect("the rest is received");

    assert_eq!(target.all_bodies(target.start).await, ["b"]);
}

async fn a_receive_of_an_old_generation_is_refused(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    let generation = target.seal().await;
    target.unseal(generation).await;

    let result = receive(&target, &transfers, 0).await;

    assert_refused!(result, QueueChanged);
    assert!(target.all(target.start).await.is_empty());
}

async fn a_receive_into_a_sealed_queue_is_refused(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    let generation = target.seal().await;

    let result = receive(&target, &transfers, generation).await;

    assert_refused!(result, QueueChanged);
}

async fn a_refused_receive_is_not_remembered(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    let generation = target.seal().await;
    assert_refused!(receive(&target, &transfers, generation).await, QueueChanged);
    target.unseal(generation).await;

    receive(&target, &transfers, generation).await.expect("the message is received");

    assert_eq!(target.all_bodies(target.start).await, ["a"]);
}

async fn finishing_removes_only_those_named(bench: Bench) {
    let (source, _) = waiting(&bench, &["a", "b", "c"]).await;
    let all = moved(&pending(&source, 10).await);

    finish(&source, &[all[1], Uuid::new_v4()]).await;

    assert_eq!(moved_bodies(&pending(&source, 10).await), ["a", "c"]);
}

async fn finishing_twice_does_nothing(bench: Bench) {
    let (source, _) = waiting(&bench, &["a", "b"]).await;
    let all = moved(&pending(&source, 10).await);

    for _ in 0..2 {
        finish(&source, &all[..1]).await;
    }
    finish(&bench.queue(), &all).await;

    assert_eq!(moved_bodies(&pending(&source, 10).await), ["b"]);
}

async fn settling_forgets_what_was_received(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    receive(&target, &transfers, 0).await.expect("the message is received");
    target.pop(1, target.start).await;

    settle(&target, &moved(&transfers)).await;
    receive(&target, &transfers, 0).await.expect("a later move of the same message");

    assert_eq!(target.all_bodies(target.start).await, ["a"]);
}

async fn settling_twice_does_nothing(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    settle(&target, &[Uuid::new_v4()]).await;
    receive(&target, &transfers, 0).await.expect("the message is received");

    for _ in 0..2 {
        settle(&target, &moved(&transfers)).await;
    }
    settle(&bench.queue(), &moved(&transfers)).await;

    assert_eq!(target.all_bodies(target.start).await, ["a"]);
}

async fn settling_leaves_the_message_where_it_is(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    receive(&target, &transfers, 0).await.expect("the message is received");
    let before = target.all(target.start).await;

    settle(&target, &moved(&transfers)).await;

    assert_eq!(target.all(target.start).await, before);
}

async fn a_whole_move_repeated_after_its_first_steps_ends_the_same(bench: Bench) {
    let (source, target) = waiting(&bench, &["a", "b"]).await;
    let transfers = pending(&source, 10).await;
    let all = moved(&transfers);

    receive(&target, &transfers[..1], 0).await.expect("the first mover stops here");
    source.deliver(source.start).await;
    receive(&target, &[], 0).await.expect("nothing is received");
    finish(&source, &all).await;
    settle(&target, &all).await;

    assert_eq!(ids(&target.all(target.start).await), all);
    assert!(pending(&source, 10).await.is_empty());
}

async fn sealing_drops_pending_transfers(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let kept = bench.queue();
    kept.post(&["b"]).await;
    move_all(&kept, &target).await;

    let generation = source.seal().await;
    source.unseal(generation).await;

    assert!(pending(&source, 10).await.is_empty());
    let all = source.transfers().pending(None, 100_000).await.expect("the transfers are read");
    assert!(all.iter().all(|each| each.source != source.key));
    assert_eq!(moved_bodies(&pending(&kept, 10).await), ["b"]);
}

async fn a_receive_into_a_queue_never_seen_stores(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;

    receive(&target, &pending(&source, 10).await, 0).await.expect("the message is received");

    assert_eq!(target.free_bodies(target.start).await, ["a"]);
}

async fn an_expired_message_that_is_received_is_not_seen(bench: Bench) {
    let (source, target) = waiting(&bench, &["a"]).await;
    let transfers = pending(&source, 10).await;
    let now = transfers[0].message.expires_at;

    let messages = transfers.iter().map(|each| each.message.clone()).collect();
    let command = ReceiveTransfers { target: target.key.clone(), generation: 0, messages, now };
    target.transfers().receive(command).await.expect("the step is done");

    assert!(target.all(now).await.is_empty());
    assert!(target.pop(1, now + SECOND).await.is_empty());
}
