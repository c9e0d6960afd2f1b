//! When claims end, how they are renewed, and how they lengthen the life of messages.

use sukkal_storage::{
    Capability, Claim, ClaimId, CreateClaim, NewMessage, Post, Result, UpdateClaim,
};

use crate::bench::{Bench, CLAIM_TTL, Queue, SECOND, TTL, bodies, message};
use crate::case::{Need, assert_refused, cases};

cases! {
    [Need::Has(Capability::Claims)] => {
        a_claim_ends_at_its_expiry,
        messages_of_an_expired_claim_are_free_at_their_old_place,
        an_expired_claim_is_not_updated,
        an_update_starts_the_lifetime_anew,
        an_update_may_shorten_a_claim,
        an_updated_claim_outlives_its_first_end,
        repeated_updates_leave_one_end,
        a_message_that_would_expire_first_is_extended,
        lifetimes_are_compared_in_whole_seconds,
        a_message_that_ends_with_the_claim_is_left_as_it_is,
        a_message_that_outlives_the_claim_is_left_as_it_is,
        an_update_extends_messages_as_creation_does,
        an_extended_message_lives_to_its_new_end,
        an_extension_stays_after_the_release,
        many_claims_expire_together,
    }
}

async fn update(queue: &Queue, id: ClaimId, ttl: i64, grace: i64, now: i64) -> Result<()> {
    let command = UpdateClaim { queue: queue.key.clone(), id, ttl, grace, now };
    queue.claims().update(command).await
}

/// A queue with one claimed message of the given lifetime; the claim has `CLAIM_TTL` and grace 30.
async fn claimed(bench: &Bench, ttl: i64) -> (Queue, Claim) {
    let queue = bench.queue();
    queue.send(vec![NewMessage { ttl, ..message("a") }]).await;
    let command = CreateClaim { grace: 30, ..queue.claim_of(1, queue.start) };
    let claim = queue.create_claim(command).await;
    (queue, claim)
}

async fn a_claim_ends_at_its_expiry(bench: Bench) {
    let (queue, claim) = claimed(&bench, TTL).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    assert!(queue.get_claim(claim.id, end - 1).await.is_ok());
    assert!(queue.free(end - 1).await.is_empty());
    assert_refused!(queue.get_claim(claim.id, end).await, ClaimDoesNotExist);
    assert_eq!(queue.free(end).await.len(), 1);
    assert_eq!(queue.all(end).await[0].claim, None);
}

async fn messages_of_an_expired_claim_are_free_at_their_old_place(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;
    queue.claim(1, queue.start).await;
    let end = queue.start + CLAIM_TTL * SECOND;
    queue.create_claim(CreateClaim { ttl: 600, ..queue.claim_of(1, queue.start) }).await;

    assert_eq!(queue.free_bodies(end).await, ["a", "c"]);
    assert_eq!(bodies(&queue.claim(2, end).await.messages), ["a", "c"]);
}

async fn an_expired_claim_is_not_updated(bench: Bench) {
    let (queue, claim) = claimed(&bench, TTL).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    let result = update(&queue, claim.id, 60, 60, end).await;

    assert_refused!(result, ClaimDoesNotExist);
    assert_eq!(queue.free(end).await.len(), 1);
}

async fn an_update_starts_the_lifetime_anew(bench: Bench) {
    let (queue, claim) = claimed(&bench, TTL).await;
    let now = queue.start + 50 * SECOND;

    update(&queue, claim.id, 100, 0, now).await.expect("the claim lives");

    let read = queue.get_claim(claim.id, now).await.expect("the claim lives");
    let end = now + 100 * SECOND;
    assert_eq!((read.ttl, read.created_at), (100, now));
    assert_eq!(read.messages[0].claim.map(|mark| mark.expires_at), Some(end));
    assert!(queue.get_claim(claim.id, end - 1).await.is_ok());
    assert_refused!(queue.get_claim(claim.id, end).await, ClaimDoesNotExist);
}

async fn an_update_may_shorten_a_claim(bench: Bench) {
    let (queue, claim) = claimed(&bench, TTL).await;

    update(&queue, claim.id, 10, 0, queue.start).await.expect("the claim lives");

    let end = queue.start + 10 * SECOND;
    assert!(queue.claim(1, end - 1).await.messages.is_empty());
    assert_eq!(queue.claim(1, end).await.messages.len(), 1);
}

async fn an_updated_claim_outlives_its_first_end(bench: Bench) {
    let (queue, claim) = claimed(&bench, TTL).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    update(&queue, claim.id, CLAIM_TTL, 0, end - 1).await.expect("the claim lives");

    assert!(queue.claim(1, end + SECOND).await.messages.is_empty());
    assert!(queue.pop(1, end + SECOND).await.is_empty());
    assert!(queue.get_claim(claim.id, end + SECOND).await.is_ok());
}

async fn repeated_updates_leave_one_end(bench: Bench) {
    let (queue, claim) = claimed(&bench, TTL).await;

    for ttl in [300, 5, 120] {
        update(&queue, claim.id, ttl, 0, queue.start).await.expect("the claim lives");
    }

    let end = queue.start + 120 * SECOND;
    assert!(queue.claim(1, end - 1).await.messages.is_empty());
    assert_eq!(queue.claim(1, end).await.messages.len(), 1);
}

async fn a_message_that_would_expire_first_is_extended(bench: Bench) {
    let (queue, claim) = claimed(&bench, CLAIM_TTL - 1).await;

    let expected = (CLAIM_TTL + 30, queue.start + (CLAIM_TTL + 30) * SECOND);

    let handed_out = &claim.messages[0];
    let stored = &queue.all(queue.start).await[0];
    assert_eq!((handed_out.ttl, handed_out.expires_at), expected);
    assert_eq!((stored.ttl, stored.expires_at), expected);
    assert_eq!(stored.created_at, queue.start);
}

async fn lifetimes_are_compared_in_whole_seconds(bench: Bench) {
    let queue = bench.queue();
    let second = queue.start - queue.start.rem_euclid(SECOND) + SECOND;
    let messages = ["a", "b"].map(|body| NewMessage { ttl: CLAIM_TTL, ..message(body) });
    let post = Post { now: second, ..queue.post_of(messages.to_vec()) };
    queue.messages().post(post).await.expect("the messages are posted");

    let same = queue.create_claim(queue.claim_of(1, second + SECOND - 1)).await;
    let next = queue.create_claim(queue.claim_of(1, second + SECOND)).await;
    update(&queue, same.id, CLAIM_TTL, 30, second + SECOND - 1).await.expect("the claim lives");

    let (held, longer) = (&same.messages[0], &next.messages[0]);
    assert_eq!((held.ttl, held.expires_at), (CLAIM_TTL, second + (CLAIM_TTL + 1) * SECOND - 1));
    assert!(longer.ttl > CLAIM_TTL);
    assert!(longer.expires_at > second + SECOND + CLAIM_TTL * SECOND);
    let stored = &queue.all(second + SECOND).await[0];
    assert_eq!((stored.ttl, stored.expires_at), (held.ttl, held.expires_at));
}

async fn a_message_that_ends_with_the_claim_is_left_as_it_is(bench: Bench) {
    let (queue, claim) = claimed(&bench, CLAIM_TTL).await;

    let end = queue.start + CLAIM_TTL * SECOND;

    assert_eq!((claim.messages[0].ttl, claim.messages[0].expires_at), (CLAIM_TTL, end));
    assert!(queue.all(end).await.is_empty(), "it ends with its claim");
}

async fn a_message_that_outlives_the_claim_is_left_as_it_is(bench: Bench) {
    let (queue, claim) = claimed(&bench, CLAIM_TTL + 1).await;

    let end = queue.start + (CLAIM_TTL + 1) * SECOND;

    assert_eq!((claim.messages[0].ttl, claim.messages[0].expires_at), (CLAIM_TTL + 1, end));
}

async fn an_update_extends_messages_as_creation_does(bench: Bench) {
    let (queue, claim) = claimed(&bench, 100).await;
    let now = queue.start + 50 * SECOND;

    update(&queue, claim.id, 50, 7, now).await.expect("the claim lives");
    let left = queue.all(now).await.remove(0);
    update(&queue, claim.id, 51, 7, now).await.expect("the claim lives");
    let extended = queue.all(now).await.remove(0);

    assert_eq!((left.ttl, left.expires_at), (100, queue.start + 100 * SECOND));
    assert_eq!((extended.ttl, extended.expires_at), (58, now + 58 * SECOND));
}

async fn an_extended_message_lives_to_its_new_end(bench: Bench) {
    let (queue, _) = claimed(&bench, 10).await;
    let end = queue.start + (CLAIM_TTL + 30) * SECOND;

    assert_eq!(queue.all(queue.start + 11 * SECOND).await.len(), 1);
    assert_eq!(queue.free(end - 1).await.len(), 1);
    assert!(queue.all(end).await.is_empty());
}

async fn an_extension_stays_after_the_release(bench: Bench) {
    let (queue, claim) = claimed(&bench, 10).await;
    let release = sukkal_storage::DeleteClaim {
        queue: queue.key.clone(),
        id: claim.id,
        now: queue.start + SECOND,
    };

    queue.claims().delete(release).await.expect("the claim is released");

    let freed = queue.free(queue.start + 11 * SECOND).await;
    assert_eq!(freed.len(), 1);
    assert_eq!(freed[0].ttl, CLAIM_TTL + 30);
}

async fn many_claims_expire_together(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(400).await;
    for _ in 0..40 {
        queue.claim(10, queue.start).await;
    }
    queue.fill(10).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    let mut taken = Vec::new();
    for _ in 0..40 {
        taken.extend(crate::bench::ids(&queue.claim(10, end).await.messages));
    }

    assert_eq!(taken, posted, "the oldest are taken first, however many become free");
}
