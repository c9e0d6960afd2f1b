//! Creating, reading and releasing claims.

use sukkal_storage::{Capability, ClaimId, ClaimMark, CreateClaim, DeleteClaim, UpdateClaim};
use uuid::Uuid;

use crate::bench::{Bench, CLAIM_TTL, Queue, SECOND, bodies};
use crate::case::{Need, assert_refused, cases};

cases! {
    [Need::Has(Capability::Claims)] => {
        a_claim_takes_the_oldest_free_messages,
        a_claim_shows_its_lifetime_and_its_messages,
        a_claim_takes_at_most_its_limit,
        a_claimed_message_is_not_claimed_again,
        claims_of_one_queue_do_not_meet,
        an_empty_queue_yields_a_claim_that_does_not_exist,
        an_unknown_queue_yields_a_claim_that_does_not_exist,
        repeating_a_claim_returns_the_same_claim,
        a_repeated_claim_takes_nothing_more,
        an_id_may_be_claimed_again_after_its_release,
        an_id_may_be_claimed_again_after_its_expiry,
        an_unknown_claim_does_not_exist,
        a_claim_shows_only_the_messages_it_still_has,
        a_claim_without_messages_does_not_exist,
        a_released_claim_does_not_exist,
        released_messages_are_free_at_their_old_place,
        a_claim_released_out_of_order_frees_only_its_own_messages,
        releasing_an_unknown_claim_does_nothing,
        releasing_twice_does_nothing,
        releasing_an_expired_claim_leaves_its_successor_alone,
        without_a_rule_nothing_is_counted,
        a_claim_may_hold_a_thousand_messages,
        sealing_drops_claims,
    }
}

async fn release(queue: &Queue, id: ClaimId, now: i64) {
    let command = DeleteClaim { queue: queue.key.clone(), id, now };
    queue.claims().delete(command).await.expect("the claim is released");
}

async fn a_claim_takes_the_oldest_free_messages(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    queue.post(&["c", "d"]).await;

    let claim = queue.claim(3, queue.start).await;

    assert_eq!(bodies(&claim.messages), ["a", "b", "c"]);
    assert_eq!(claim.transferred, 0);
}

async fn a_claim_shows_its_lifetime_and_its_messages(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start + 123;
    let posted = queue.post(&["a", "b"]).await;

    let created = queue.claim(2, now).await;
    let read = queue.get_claim(created.id, now + SECOND).await.expect("the claim lives");

    let mark = ClaimMark { id: created.id, expires_at: now + CLAIM_TTL * SECOND };
    assert_eq!(read, created);
    assert_eq!((read.ttl, read.created_at), (CLAIM_TTL, now));
    assert!(read.messages.iter().all(|each| each.claim == Some(mark)));
    assert_eq!(read.messages, queue.get(&posted, now).await);
}

async fn a_claim_takes_at_most_its_limit(bench: Bench) {
    let queue = bench.queue();
    queue.fill(5).await;

    assert_eq!(queue.claim(1, queue.start).await.messages.len(), 1);
    assert_eq!(queue.claim(3, queue.start).await.messages.len(), 3);
    assert_eq!(queue.claim(20, queue.start).await.messages.len(), 1);
}

async fn a_claimed_message_is_not_claimed_again(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    queue.claim(2, queue.start).await;

    let late = queue.start + CLAIM_TTL * SECOND - 1;

    assert!(queue.claim(2, queue.start).await.messages.is_empty());
    assert!(queue.claim(2, late).await.messages.is_empty());
}

async fn claims_of_one_queue_do_not_meet(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;

    let first = queue.claim(2, queue.start).await;
    let second = queue.claim(2, queue.start).await;

    let first = queue.get_claim(first.id, queue.start).await.expect("the claim lives");
    let second = queue.get_claim(second.id, queue.start).await.expect("the claim lives");
    assert_eq!(bodies(&first.messages), ["a", "b"]);
    assert_eq!(bodies(&second.messages), ["c"]);
}

async fn an_empty_queue_yields_a_claim_that_does_not_exist(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;
    queue.pop(1, queue.start).await;

    let claim = queue.claim(5, queue.start).await;

    assert!(claim.messages.is_empty());
    assert_eq!((claim.ttl, claim.created_at), (CLAIM_TTL, queue.start));
    assert_refused!(queue.get_claim(claim.id, queue.start).await, ClaimDoesNotExist);
}

async fn an_unknown_queue_yields_a_claim_that_does_not_exist(bench: Bench) {
    let queue = bench.queue();
    let command = queue.claim_of(5, queue.start);

    let claim = queue.create_claim(command.clone()).await;

    assert_eq!(claim.id, command.id);
    assert!(claim.messages.is_empty());
    assert_refused!(queue.get_claim(claim.id, queue.start).await, ClaimDoesNotExist);
}

async fn repeating_a_claim_returns_the_same_claim(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;
    let command = queue.claim_of(2, queue.start);
    let created = queue.create_claim(command.clone()).await;

    let same_time = queue.create_claim(command.clone()).await;
    let later = queue.create_claim(CreateClaim { now: queue.start + SECOND, ..command }).await;

    assert_eq!(same_time, created);
    assert_eq!(later, created, "the claim is not started anew");
}

async fn a_repeated_claim_takes_nothing_more(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c"]).await;
    let command = queue.claim_of(2, queue.start);
    queue.create_claim(command.clone()).await;
    queue.delete(posted[0], Some(command.id), queue.start).await.expect("one is done");

    let repeated = queue.create_claim(command).await;

    assert_eq!(bodies(&repeated.messages), ["b"]);
    assert_eq!(queue.free_bodies(queue.start).await, ["c"]);
}

async fn an_id_may_be_claimed_again_after_its_release(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    let command = queue.claim_of(1, queue.start);
    queue.create_claim(command.clone()).await;
    release(&queue, command.id, queue.start).await;

    let again = queue.create_claim(CreateClaim { limit: 2, ..command }).await;

    assert_eq!(bodies(&again.messages), ["a", "b"]);
}

async fn an_id_may_be_claimed_again_after_its_expiry(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    let command = queue.claim_of(2, queue.start);
    queue.create_claim(command.clone()).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    let again = queue.create_claim(CreateClaim { now: end, limit: 1, ..command.clone() }).await;

    assert_eq!(bodies(&again.messages), ["a"]);
    let read = queue.get_claim(command.id, end).await.expect("the claim lives");
    assert_eq!(bodies(&read.messages), ["a"], "what the first claim held is not in the second");
    assert_eq!(queue.free_bodies(end).await, ["b"]);
}

async fn an_unknown_claim_does_not_exist(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;
    let id = Uuid::new_v4();

    let update = UpdateClaim { queue: queue.key.clone(), id, ttl: 60, grace: 60, now: queue.start };

    assert_refused!(queue.get_claim(id, queue.start).await, ClaimDoesNotExist);
    assert_refused!(queue.claims().update(update).await, ClaimDoesNotExist);
    assert_refused!(bench.queue().get_claim(id, queue.start).await, ClaimDoesNotExist);
}

async fn a_claim_shows_only_the_messages_it_still_has(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c"]).await;
    let claim = queue.claim(3, queue.start).await;

    queue.delete(posted[1], Some(claim.id), queue.start).await.expect("one is done");

    let read = queue.get_claim(claim.id, queue.start).await.expect("the claim lives");
    assert_eq!(bodies(&read.messages), ["a", "c"]);
}

async fn a_claim_without_messages_does_not_exist(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a"]).await;
    let id = queue.claim(1, queue.start).await.id;

    queue.delete(posted[0], Some(id), queue.start).await.expect("the last one is done");

    let update = UpdateClaim { queue: queue.key.clone(), id, ttl: 60, grace: 60, now: queue.start };
    assert_refused!(queue.get_claim(id, queue.start).await, ClaimDoesNotExist);
    assert_refused!(queue.claims().update(update).await, ClaimDoesNotExist);
}

async fn a_released_claim_does_not_exist(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;
    let id = queue.claim(1, queue.start).await.id;

    release(&queue, id, queue.start).await;

    assert_refused!(queue.get_claim(id, queue.start).await, ClaimDoesNotExist);
}

async fn released_messages_are_free_at_their_old_place(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;
    let before = queue.all(queue.start).await;
    let claim = queue.claim(2, queue.start).await;

    release(&queue, claim.id, queue.start).await;

    assert_eq!(queue.free(queue.start).await, before);
}

async fn a_claim_released_out_of_order_frees_only_its_own_messages(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["1", "2", "3", "4"]).await;
    let first = queue.claim(2, queue.start).await;
    let second = queue.claim(2, queue.start).await;

    release(&queue, first.id, queue.start).await;

    assert_eq!(bodies(&queue.claim(10, queue.start).await.messages), ["1", "2"]);
    let second = queue.get_claim(second.id, queue.start).await.expect("the claim lives");
    assert_eq!(bodies(&second.messages), ["3", "4"]);
}

async fn releasing_an_unknown_claim_does_nothing(bench: Bench) {
    let queue = bench.queue();
    release(&queue, Uuid::new_v4(), queue.start).await;
    queue.post(&["a"]).await;
    queue.claim(1, queue.start).await;

    release(&queue, Uuid::new_v4(), queue.start).await;

    assert!(queue.free(queue.start).await.is_empty());
}

async fn releasing_twice_does_nothing(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;
    let first = queue.claim(1, queue.start).await;
    release(&queue, first.id, queue.start).await;
    let second = queue.claim(1, queue.start).await;

    release(&queue, first.id, queue.start).await;

    let second = queue.get_claim(second.id, queue.start).await.expect("the claim lives");
    assert_eq!(bodies(&second.messages), ["a"]);
}

async fn releasing_an_expired_claim_leaves_its_successor_alone(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    let first = queue.claim(2, queue.start).await;
    let end = queue.start + CLAIM_TTL * SECOND;
    let second = queue.claim(1, end).await;

    release(&queue, first.id, end).await;

    let second = queue.get_claim(second.id, end).await.expect("the claim lives");
    assert_eq!(bodies(&second.messages), ["a"]);
    assert_eq!(queue.free_bodies(end).await, ["b"]);
}

async fn without_a_rule_nothing_is_counted(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;

    for _ in 0..3 {
        let claim = queue.claim(1, queue.start).await;
        assert_eq!(claim.messages[0].claim_count, 0);
        release(&queue, claim.id, queue.start).await;
    }
}

async fn a_claim_may_hold_a_thousand_messages(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(1000).await;

    let claim = queue.claim(1000, queue.start).await;
    let read = queue.get_claim(claim.id, queue.start).await.expect("the claim lives");

    assert_eq!(crate::bench::ids(&read.messages), posted);
    release(&queue, claim.id, queue.start).await;
    assert_eq!(queue.free(queue.start).await.len(), 1000);
}

async fn sealing_drops_claims(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;
    let id = queue.claim(1, queue.start).await.id;

    let generation = queue.seal().await;
    queue.unseal(generation).await;

    let end = queue.start + CLAIM_TTL * SECOND;
    assert_refused!(queue.get_claim(id, queue.start).await, ClaimDoesNotExist);
    assert!(queue.claim(1, queue.start).await.messages.is_empty());
    assert!(queue.claim(1, end).await.messages.is_empty(), "nothing comes back at its end");
}
