//! Messages end at their expiry, to the millisecond, for every call.

use sukkal_storage::{After, Capability, DeleteMessages, NewMessage, Post};
use uuid::Uuid;

use crate::bench::{Bench, Queue, SECOND, bodies, ids, message};
use crate::case::{Need, cases};

cases! {
    [] => {
        a_list_ends_a_message_at_its_expiry,
        get_ends_a_message_at_its_expiry,
        statistics_end_a_message_at_its_expiry,
        an_expired_message_is_not_popped,
        a_message_is_popped_just_before_its_expiry,
        an_expired_message_is_deleted_already,
        deleting_expired_messages_with_claims_is_no_error,
        an_expired_message_in_after_gives_an_empty_page,
        an_expired_id_may_be_posted_anew,
        expired_messages_at_the_head_hide_none_behind_them,
    }
    [Need::Has(Capability::Claims)] => {
        an_expired_message_is_not_claimed,
        a_message_is_claimed_just_before_its_expiry,
    }
}

/// A queue with one message of 5 seconds; also its id and the time it ends.
async fn short_lived(bench: &Bench) -> (Queue, Uuid, i64) {
    let queue = bench.queue();
    let id = queue.send(vec![NewMessage { ttl: 5, ..message("short") }]).await[0];
    let end = queue.start + 5 * SECOND;
    (queue, id, end)
}

async fn a_list_ends_a_message_at_its_expiry(bench: Bench) {
    let (queue, _, end) = short_lived(&bench).await;

    assert_eq!(queue.free(end - 1).await.len(), 1);
    assert_eq!(queue.all(end - 1).await.len(), 1);
    assert!(queue.free(end).await.is_empty());
    assert!(queue.all(end).await.is_empty());
}

async fn get_ends_a_message_at_its_expiry(bench: Bench) {
    let (queue, id, end) = short_lived(&bench).await;

    assert!(queue.get_one(id, end - 1).await.is_some());
    assert!(queue.get_one(id, end).await.is_none());
}

async fn statistics_end_a_message_at_its_expiry(bench: Bench) {
    let (queue, _, end) = short_lived(&bench).await;

    assert_eq!(queue.stats(end - 1).await.free, 1);
    assert_eq!(queue.stats(end).await, Default::default());
}

async fn an_expired_message_is_not_popped(bench: Bench) {
    let (queue, _, end) = short_lived(&bench).await;

    assert!(queue.pop(1, end).await.is_empty());
}

async fn a_message_is_popped_just_before_its_expiry(bench: Bench) {
    let (queue, id, end) = short_lived(&bench).await;

    assert_eq!(ids(&queue.pop(1, end - 1).await), [id]);
}

async fn an_expired_message_is_deleted_already(bench: Bench) {
    let (queue, id, end) = short_lived(&bench).await;

    queue.delete(id, None, end).await.expect("nothing is there");
    queue.delete(id, Some(Uuid::new_v4()), end).await.expect("nothing is there");
}

async fn deleting_expired_messages_with_claims_is_no_error(bench: Bench) {
    let (queue, id, end) = short_lived(&bench).await;
    let claim_ids = Some(vec![Uuid::new_v4()]);

    let command = DeleteMessages { queue: queue.key.clone(), ids: vec![id], claim_ids, now: end };

    queue.messages().delete_many(command).await.expect("nothing is there");
}

async fn an_expired_message_in_after_gives_an_empty_page(bench: Bench) {
    let (queue, id, end) = short_lived(&bench).await;
    queue.post(&["next"]).await;
    let mut query = queue.query(end - 1);
    query.after = Some(After::Message(id));

    let before = queue.list(query.clone()).await;
    query.now = end;

    assert_eq!(bodies(&before), ["next"]);
    assert!(queue.list(query).await.is_empty());
}

async fn an_expired_id_may_be_posted_anew(bench: Bench) {
    let (queue, id, end) = short_lived(&bench).await;
    queue.post(&["next"]).await;

    let again = NewMessage { id, ..message("again") };
    let post = Post { now: end, ..queue.post_of(vec![again]) };
    queue.messages().post(post).await.expect("the post is stored");

    assert_eq!(queue.all_bodies(end).await, ["next", "again"]);
    assert_eq!(bodies(&queue.get(&[id], end).await), ["again"]);
}

async fn expired_messages_at_the_head_hide_none_behind_them(bench: Bench) {
    let queue = bench.queue();
    queue.send((0..300).map(|_| NewMessage { ttl: 5, ..message("short") }).collect()).await;
    queue.post(&["a", "b"]).await;
    let end = queue.start + 5 * SECOND;

    assert_eq!(queue.free_bodies(end).await, ["a", "b"]);
    assert_eq!(bodies(&queue.pop(2, end).await), ["a", "b"]);
}

async fn an_expired_message_is_not_claimed(bench: Bench) {
    let (queue, _, end) = short_lived(&bench).await;
    queue.post(&["next"]).await;

    assert_eq!(bodies(&queue.claim(2, end).await.messages), ["next"]);
}

async fn a_message_is_claimed_just_before_its_expiry(bench: Bench) {
    let (queue, id, end) = short_lived(&bench).await;

    assert_eq!(ids(&queue.claim(2, end - 1).await.messages), [id]);
}
