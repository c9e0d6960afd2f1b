//! Deleting one message and many, under the rules of claims.

use sukkal_storage::{Capability, ClaimId, DeleteClaim, DeleteMessages, MessageId, Result};
use uuid::Uuid;

use crate::bench::{Bench, CLAIM_TTL, Queue, SECOND};
use crate::case::{Need, assert_refused, cases};

cases! {
    [] => {
        a_free_message_is_deleted,
        deleting_twice_is_no_error,
        deleting_from_an_unknown_queue_is_no_error,
        a_free_message_is_not_deleted_with_a_claim,
        deleting_many_deletes_those_and_no_other,
        deleting_many_skips_unknown_and_repeated_ids,
        deleting_many_of_no_ids_deletes_nothing,
        deleting_many_free_messages_with_claims_is_refused,
    }
    [Need::Has(Capability::Claims)] => {
        a_claimed_message_is_not_deleted_without_a_claim,
        a_claimed_message_is_deleted_with_its_claim,
        another_live_claim_does_not_delete,
        an_unknown_claim_does_not_exist,
        an_expired_claim_does_not_delete,
        an_expired_claim_does_not_exist_for_a_message_claimed_anew,
        a_released_claim_does_not_delete,
        a_message_free_again_is_deleted_without_a_claim,
        a_claimed_message_that_is_gone_is_deleted_already,
        deleting_many_without_claims_deletes_claimed_messages_too,
        deleting_many_with_all_their_claims_deletes_them,
        deleting_many_is_refused_when_one_is_held_by_another_claim,
        deleting_many_is_refused_when_one_is_free,
        deleting_many_is_refused_when_the_claim_has_expired,
        deleting_many_with_no_claims_named_is_refused,
        deleting_many_with_claims_skips_unknown_ids,
    }
}

/// A queue with messages a, b and c, the first two of them held by claims of their own.
async fn claimed_queue(bench: &Bench) -> (Queue, [MessageId; 3], [ClaimId; 2]) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c"]).await;
    let first = queue.claim(1, queue.start).await.id;
    let second = queue.claim(1, queue.start).await.id;
    (queue, [posted[0], posted[1], posted[2]], [first, second])
}

async fn delete_many(
    queue: &Queue,
    ids: &[MessageId],
    claim_ids: Option<&[ClaimId]>,
    now: i64,
) -> Result<()> {
    let claim_ids = claim_ids.map(<[ClaimId]>::to_vec);
    let command = DeleteMessages { queue: queue.key.clone(), ids: ids.to_vec(), claim_ids, now };
    queue.messages().delete_many(command).await
}

async fn a_free_message_is_deleted(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c"]).await;

    queue.delete(posted[1], None, queue.start).await.expect("the message is deleted");

    assert_eq!(queue.all_bodies(queue.start).await, ["a", "c"]);
    assert!(queue.get_one(posted[1], queue.start).await.is_none());
}

async fn deleting_twice_is_no_error(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b"]).await;

    for _ in 0..2 {
        queue.delete(posted[0], None, queue.start).await.expect("the message is deleted");
    }

    assert_eq!(queue.all_bodies(queue.start).await, ["b"]);
}

async fn deleting_from_an_unknown_queue_is_no_error(bench: Bench) {
    let queue = bench.queue();
    let (id, claim) = (Uuid::new_v4(), Uuid::new_v4());

    queue.delete(id, None, queue.start).await.expect("nothing is there");
    queue.delete(id, Some(claim), queue.start).await.expect("nothing is there");
    delete_many(&queue, &[id], Some(&[claim]), queue.start).await.expect("nothing is there");
}

async fn a_free_message_is_not_deleted_with_a_claim(bench: Bench) {
    let queue = bench.queue();
    let id = queue.post(&["a"]).await[0];

    let result = queue.delete(id, Some(Uuid::new_v4()), queue.start).await;

    assert_refused!(result, MessageNotClaimed(refused) if refused == id);
    assert_eq!(queue.all_bodies(queue.start).await, ["a"]);
}

async fn deleting_many_deletes_those_and_no_other(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c", "d"]).await;

    let result = delete_many(&queue, &[posted[2], posted[0]], None, queue.start).await;

    result.expect("the messages are deleted");
    assert_eq!(queue.all_bodies(queue.start).await, ["b", "d"]);
}

async fn deleting_many_skips_unknown_and_repeated_ids(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b"]).await;

    let ids = [Uuid::new_v4(), posted[0], posted[0], Uuid::nil()];
    delete_many(&queue, &ids, None, queue.start).await.expect("the message is deleted");

    assert_eq!(queue.all_bodies(queue.start).await, ["b"]);
}

async fn deleting_many_of_no_ids_deletes_nothing(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;

    delete_many(&queue, &[], None, queue.start).await.expect("nothing is to be done");
    delete_many(&queue, &[], Some(&[]), queue.start).await.expect("nothing is to be done");

    assert_eq!(queue.all_bodies(queue.start).await, ["a"]);
}

async fn deleting_many_free_messages_with_claims_is_refused(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b"]).await;

    let result = delete_many(&queue, &posted, Some(&[Uuid::new_v4()]), queue.start).await;

    assert_refused!(result, MessageNotClaimed(_));
    assert_eq!(queue.all_bodies(queue.start).await, ["a", "b"]);
}

async fn a_claimed_message_is_not_deleted_without_a_claim(bench: Bench) {
    let (queue, [a, ..], _) = claimed_queue(&bench).await;

    let result = queue.delete(a, None, queue.start).await;

    assert_refused!(result, MessageIsClaimed(refused) if refused == a);
    assert!(queue.get_one(a, queue.start).await.is_some());
}

async fn a_claimed_message_is_deleted_with_its_claim(bench: Bench) {
    let (queue, [a, ..], [first, _]) = claimed_queue(&bench).await;

    queue.delete(a, Some(first), queue.start).await.expect("the message is deleted");

    assert!(queue.get_one(a, queue.start).await.is_none());
    assert_eq!(queue.all_bodies(queue.start).await, ["b", "c"]);
}

async fn another_live_claim_does_not_delete(bench: Bench) {
    let (queue, [a, ..], [_, second]) = claimed_queue(&bench).await;

    let result = queue.delete(a, Some(second), queue.start).await;

    assert_refused!(result, MessageNotClaimedBy(refused) if refused == a);
    assert!(queue.get_one(a, queue.start).await.is_some());
}

async fn an_unknown_claim_does_not_exist(bench: Bench) {
    let (queue, [a, ..], _) = claimed_queue(&bench).await;

    let result = queue.delete(a, Some(Uuid::new_v4()), queue.start).await;

    assert_refused!(result, ClaimDoesNotExist);
    assert!(queue.get_one(a, queue.start).await.is_some());
}

async fn an_expired_claim_does_not_delete(bench: Bench) {
    let (queue, [a, ..], [first, _]) = claimed_queue(&bench).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    let result = queue.delete(a, Some(first), end).await;

    assert_refused!(result, MessageNotClaimed(refused) if refused == a);
    assert!(queue.get_one(a, end).await.is_some());
}

async fn an_expired_claim_does_not_exist_for_a_message_claimed_anew(bench: Bench) {
    let (queue, [a, ..], [first, _]) = claimed_queue(&bench).await;
    let end = queue.start + CLAIM_TTL * SECOND;
    queue.claim(1, end).await;

    let result = queue.delete(a, Some(first), end).await;

    assert_refused!(result, ClaimDoesNotExist);
    assert!(queue.get_one(a, end).await.is_some());
}

async fn a_released_claim_does_not_delete(bench: Bench) {
    let (queue, [a, ..], [first, _]) = claimed_queue(&bench).await;
    let release = DeleteClaim { queue: queue.key.clone(), id: first, now: queue.start };
    queue.claims().delete(release).await.expect("the claim is released");

    let result = queue.delete(a, Some(first), queue.start).await;

    assert_refused!(result, MessageNotClaimed(refused) if refused == a);
}

async fn a_message_free_again_is_deleted_without_a_claim(bench: Bench) {
    let (queue, [a, ..], _) = claimed_queue(&bench).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    assert_refused!(queue.delete(a, None, end - 1).await, MessageIsClaimed(_));
    queue.delete(a, None, end).await.expect("the message is deleted");

    assert!(queue.get_one(a, end).await.is_none());
}

async fn a_claimed_message_that_is_gone_is_deleted_already(bench: Bench) {
    let (queue, [a, ..], [first, second]) = claimed_queue(&bench).await;
    queue.delete(a, Some(first), queue.start).await.expect("the message is deleted");

    for claim in [None, Some(first), Some(second), Some(Uuid::new_v4())] {
        queue.delete(a, claim, queue.start).await.expect("the message is deleted already");
    }
}

async fn deleting_many_without_claims_deletes_claimed_messages_too(bench: Bench) {
    let (queue, [a, _, c], [first, second]) = claimed_queue(&bench).await;

    delete_many(&queue, &[a, c], None, queue.start).await.expect("the messages are deleted");

    assert_eq!(queue.all_bodies(queue.start).await, ["b"]);
    assert_refused!(queue.get_claim(first, queue.start).await, ClaimDoesNotExist);
    assert!(queue.get_claim(second, queue.start).await.is_ok());
}

async fn deleting_many_with_all_their_claims_deletes_them(bench: Bench) {
    let (queue, [a, b, _], claims) = claimed_queue(&bench).await;

    let result = delete_many(&queue, &[a, b], Some(&claims), queue.start).await;

    result.expect("the messages are deleted");
    assert_eq!(queue.all_bodies(queue.start).await, ["c"]);
}

async fn deleting_many_is_refused_when_one_is_held_by_another_claim(bench: Bench) {
    let (queue, [a, b, _], [first, _]) = claimed_queue(&bench).await;

    let result = delete_many(&queue, &[a, b], Some(&[first]), queue.start).await;

    assert_refused!(result, MessageNotClaimedBy(refused) if refused == b);
    assert_eq!(queue.all_bodies(queue.start).await, ["a", "b", "c"]);
}

async fn deleting_many_is_refused_when_one_is_free(bench: Bench) {
    let (queue, [a, b, c], claims) = claimed_queue(&bench).await;

    let result = delete_many(&queue, &[a, b, c], Some(&claims), queue.start).await;

    assert_refused!(result, MessageNotClaimed(refused) if refused == c);
    assert_eq!(queue.all_bodies(queue.start).await, ["a", "b", "c"]);
}

async fn deleting_many_is_refused_when_the_claim_has_expired(bench: Bench) {
    let (queue, [a, b, _], claims) = claimed_queue(&bench).await;
    let end = queue.start + CLAIM_TTL * SECOND;

    let result = delete_many(&queue, &[a, b], Some(&claims), end).await;

    assert_refused!(result, MessageNotClaimed(_));
    assert_eq!(queue.all_bodies(end).await, ["a", "b", "c"]);
}

async fn deleting_many_with_no_claims_named_is_refused(bench: Bench) {
    let (queue, [a, _, c], _) = claimed_queue(&bench).await;

    let claimed = delete_many(&queue, &[a], Some(&[]), queue.start).await;
    let free = delete_many(&queue, &[c], Some(&[]), queue.start).await;

    assert_refused!(claimed, MessageNotClaimedBy(refused) if refused == a);
    assert_refused!(free, MessageNotClaimed(refused) if refused == c);
}

async fn deleting_many_with_claims_skips_unknown_ids(bench: Bench) {
    let (queue, [a, ..], [first, _]) = claimed_queue(&bench).await;

    let ids = [Uuid::new_v4(), a, Uuid::new_v4()];
    let result = delete_many(&queue, &ids, Some(&[Uuid::new_v4(), first]), queue.start).await;

    result.expect("the message is deleted");
    assert_eq!(queue.all_bodies(queue.start).await, ["b", "c"]);
}
