//! Dead letters: what is claimed too often moves, with the target in the same store and elsewhere.

use bytes::Bytes;
use sukkal_storage::{Body, Capability, CreateClaim, DeadLetter, Message, NewMessage};

use crate::bench::{Bench, SECOND, TTL, bodies, ids, message};
use crate::case::{Need, assert_refused, cases};
use crate::pair::Pair;

cases! {
    [Need::Has(Capability::Claims)] => {
        a_message_is_handed_out_as_often_as_the_maximum_says,
        a_moved_message_counts_toward_the_limit,
        a_moved_message_has_left_its_queue_at_once,
        a_moved_message_keeps_what_it_was,
        a_moved_message_gets_the_lifetime_of_the_rule,
        a_moved_message_without_a_new_lifetime_keeps_its_end,
        moved_messages_come_to_the_end_of_the_target_in_order,
        a_moved_message_is_counted_anew_at_the_target,
        a_moved_message_may_be_claimed_and_deleted_at_the_target,
        a_claim_of_only_dead_letters_does_not_exist,
        repeating_a_claim_moves_nothing_twice,
        a_delayed_message_that_became_free_moves,
        messages_for_another_store_wait_for_the_mover,
        a_move_within_one_store_needs_no_more_than_the_mover,
        a_maximum_of_0_moves_everything,
        a_target_that_is_being_deleted_loses_no_message,
    }
}

async fn a_message_is_handed_out_as_often_as_the_maximum_says(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = DeadLetter { max_claim_count: 3, ..pair.rule(same_store) };
        pair.source.post(&["a"]).await;

        for _ in 0..3 {
            let claim = pair.claim(5, &rule, now).await;
            assert_eq!(bodies(&claim.messages), ["a"]);
            assert!(pair.target.all(now).await.is_empty());
            pair.release(&claim, now).await;
        }
        let last = pair.claim(5, &rule, now).await;

        assert!(last.messages.is_empty());
        assert_eq!(pair.target.free_bodies(now).await, ["a"]);
    }
}

async fn a_moved_message_counts_toward_the_limit(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = pair.rule(same_store);
        pair.source.post(&["old", "older"]).await;
        pair.wear_out(&rule, now).await;
        pair.source.post(&["new", "newer"]).await;

        let claim = pair.claim(3, &rule, now).await;

        assert_eq!(bodies(&claim.messages), ["new"]);
        assert_eq!(pair.source.free_bodies(now).await, ["newer"]);
        assert_eq!(pair.target.free_bodies(now).await, ["old", "older"]);
    }
}

async fn a_moved_message_has_left_its_queue_at_once(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = pair.rule(same_store);
        let posted = pair.source.post(&["a"]).await;
        pair.wear_out(&rule, now).await;

        let command = CreateClaim { dead_letter: Some(rule), ..pair.source.claim_of(1, now) };
        pair.source.create_claim(command).await;

        assert!(pair.source.all(now).await.is_empty());
        assert!(pair.source.get(&posted, now).await.is_empty());
        assert!(pair.source.pop(1, now).await.is_empty());
        assert_eq!(pair.source.stats(now).await, Default::default());
        pair.source.deliver(now).await;
    }
}

async fn a_moved_message_keeps_what_it_was(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let later = now + 7 * SECOND;
        let posted = NewMessage {
            checksum: Some("MD5:x".to_owned()),
            attributes: Bytes::from_static(b"\x80\xff"),
            body: Body { format: sukkal_storage::BodyFormat::Binary, bytes: b"\0\xff"[..].into() },
            ..message("")
        };
        let id = pair.source.send(vec![posted]).await[0];
        let before = pair.source.all(now).await.remove(0);
        pair.wear_out(&pair.rule(same_store), now).await;

        pair.claim(1, &pair.rule(same_store), later).await;

        let moved = pair.target.get_one(id, later).await.expect("the message has arrived");
        let marker = moved.marker;
        assert_eq!(moved, Message { marker, ..before });
    }
}

async fn a_moved_message_gets_the_lifetime_of_the_rule(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let later = now + 7 * SECOND;
        let rule = DeadLetter { ttl: Some(100), ..pair.rule(same_store) };
        pair.source.post(&["a"]).await;
        pair.wear_out(&rule, now).await;

        pair.claim(1, &rule, later).await;

        let moved = pair.target.free(later).await.remove(0);
        let end = later + 100 * SECOND;
        assert_eq!((moved.ttl, moved.expires_at, moved.created_at), (100, end, now));
        assert_eq!(pair.target.all(end - 1).await.len(), 1);
        assert!(pair.target.all(end).await.is_empty());
    }
}

async fn a_moved_message_without_a_new_lifetime_keeps_its_end(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let later = now + 100 * SECOND;
        let end = now + TTL * SECOND;
        pair.source.post(&["a"]).await;
        pair.wear_out(&pair.rule(same_store), now).await;

        pair.claim(1, &pair.rule(same_store), later).await;

        let moved = pair.target.free(later).await.remove(0);
        assert_eq!((moved.ttl, moved.expires_at), (TTL, end));
        assert_eq!(pair.target.all(end - 1).await.len(), 1);
        assert!(pair.target.all(end).await.is_empty());
    }
}

async fn moved_messages_come_to_the_end_of_the_target_in_order(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = pair.rule(same_store);
        pair.target.post(&["x", "y"]).await;
        let posted = pair.source.fill(20).await;
        pair.wear_out(&rule, now).await;

        for _ in 0..4 {
            pair.claim(5, &rule, now).await;
        }

        let arrived = ids(&pair.target.free(now).await);
        assert_eq!(arrived[2..], posted);
    }
}

async fn a_moved_message_is_counted_anew_at_the_target(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = pair.rule(same_store);
        let id = pair.source.post(&["a"]).await[0];
        pair.wear_out(&rule, now).await;

        pair.claim(1, &rule, now).await;

        let moved = pair.target.get_one(id, now).await.expect("the message has arrived");
        assert_eq!((moved.claim_count, moved.claim), (0, None));
    }
}

async fn a_moved_message_may_be_claimed_and_deleted_at_the_target(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let id = pair.source.post(&["a"]).await[0];
        pair.wear_out(&pair.rule(same_store), now).await;
        pair.claim(1, &pair.rule(same_store), now).await;

        let claim = pair.target.claim(1, now).await;
        assert_eq!(ids(&claim.messages), [id]);
        assert_refused!(pair.target.delete(id, None, now).await, MessageIsClaimed(_));
        pair.target.delete(id, Some(claim.id), now).await.expect("the message is deleted");

        assert!(pair.target.all(now).await.is_empty());
    }
}

async fn a_claim_of_only_dead_letters_does_not_exist(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        pair.source.post(&["a"]).await;
        pair.wear_out(&pair.rule(same_store), now).await;

        let claim = pair.claim(1, &pair.rule(same_store), now).await;

        assert!(claim.messages.is_empty());
        assert_refused!(pair.source.get_claim(claim.id, now).await, ClaimDoesNotExist);
    }
}

async fn repeating_a_claim_moves_nothing_twice(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = pair.rule(same_store);
        pair.source.post(&["dead"]).await;
        pair.wear_out(&rule, now).await;
        pair.source.post(&["a", "b"]).await;
        let command = CreateClaim { dead_letter: Some(rule), ..pair.source.claim_of(2, now) };

        let first = pair.source.create_claim(command.clone()).await;
        let repeated = pair.source.create_claim(command).await;
        pair.source.deliver(now).await;

        assert_eq!(bodies(&first.messages), ["a"]);
        assert_eq!(repeated.messages, first.messages);
        assert_eq!(repeated.transferred, 0, "the repeated call moved nothing");
        assert_eq!(pair.source.free_bodies(now).await, ["b"]);
        assert_eq!(pair.target.all_bodies(now).await, ["dead"]);
    }
}

async fn a_delayed_message_that_became_free_moves(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let due = pair.source.start + SECOND;
        let rule = pair.rule(same_store);
        let delayed = NewMessage { delay_until: Some(due), ..message("delayed") };
        pair.source.send(vec![delayed]).await;
        pair.wear_out(&rule, due).await;

        pair.claim(1, &rule, due).await;

        assert_eq!(pair.target.free_bodies(due).await, ["delayed"]);
    }
}

async fn messages_for_another_store_wait_for_the_mover(bench: Bench) {
    let pair = Pair::new(&bench);
    let now = pair.source.start;
    let rule = pair.rule(false);
    let posted = pair.source.post(&["a", "b"]).await;
    pair.wear_out(&rule, now).await;

    let command = CreateClaim { dead_letter: Some(rule), ..pair.source.claim_of(5, now) };
    let claim = pair.source.create_claim(command).await;

    let transfers = pair.source.transfers();
    let pending = transfers.pending(Some(&pair.source.key), 10).await.expect("a read");
    assert_eq!(claim.transferred, 2);
    assert!(pair.target.all(now).await.is_empty());
    assert_eq!(pending.iter().map(|each| each.message.id).collect::<Vec<_>>(), posted);
    assert!(pending.iter().all(|each| each.source == pair.source.key));
    assert!(pending.iter().all(|each| each.target == pair.target.key));
}

async fn a_move_within_one_store_needs_no_more_than_the_mover(bench: Bench) {
    let pair = Pair::new(&bench);
    let now = pair.source.start;
    pair.source.post(&["a"]).await;
    pair.wear_out(&pair.rule(true), now).await;

    let dead_letter = Some(pair.rule(true));
    let command = CreateClaim { dead_letter, ..pair.source.claim_of(5, now) };
    let claim = pair.source.create_claim(command).await;

    let transfers = pair.source.transfers();
    let pending = transfers.pending(Some(&pair.source.key), 10).await.expect("a read");
    let arrived = pair.target.all(now).await;
    assert_eq!(claim.transferred, pending.len(), "what waits for the mover is told");
    assert_eq!(pending.len() + arrived.len(), 1, "it is at one place only");
}

async fn a_maximum_of_0_moves_everything(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = DeadLetter { max_claim_count: 0, ..pair.rule(same_store) };
        pair.source.post(&["a", "b"]).await;

        let claim = pair.claim(2, &rule, now).await;

        assert!(claim.messages.is_empty());
        assert_eq!(pair.target.free_bodies(now).await, ["a", "b"]);
    }
}

async fn a_target_that_is_being_deleted_loses_no_message(bench: Bench) {
    for same_store in [true, false] {
        let pair = Pair::new(&bench);
        let now = pair.source.start;
        let rule = DeadLetter { max_claim_count: 0, ..pair.rule(same_store) };
        pair.source.post(&["a"]).await;
        pair.target.post(&["old"]).await;
        let generation = pair.target.seal().await;

        let command = CreateClaim { dead_letter: Some(rule), ..pair.source.claim_of(1, now) };
        pair.source.create_claim(command).await;
        pair.target.unseal(generation).await;
        pair.source.deliver(now).await;

        assert!(pair.source.all(now).await.is_empty());
        assert_eq!(pair.target.all_bodies(now).await, ["a"]);
    }
}
