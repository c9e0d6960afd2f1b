//! Posting and getting messages.

use bytes::Bytes;
use sukkal_storage::{Body, BodyFormat, Message, NewMessage, Post};
use uuid::Uuid;

use crate::bench::{Bench, SECOND, bodies, ids, message};
use crate::case::cases;

cases! {
    [] => {
        a_message_comes_back_as_it_was_posted,
        a_message_without_extras_comes_back_without_extras,
        messages_of_one_post_keep_their_order,
        messages_of_later_posts_come_later,
        a_post_may_hold_a_thousand_messages,
        repeating_a_post_stores_nothing_twice,
        a_repeated_message_is_left_as_it_is,
        a_repeated_post_stores_what_was_missing,
        an_id_twice_in_one_post_is_stored_once,
        a_deleted_id_may_be_posted_anew,
        every_byte_of_a_body_is_kept,
        an_empty_body_is_kept,
        a_large_body_is_kept,
        every_body_format_is_kept,
        client_ids_are_kept_as_they_are,
        get_returns_messages_in_the_order_asked,
        get_returns_each_message_once,
        get_skips_unknown_ids,
        get_of_no_ids_returns_nothing,
        get_of_an_unknown_queue_returns_nothing,
    }
}

async fn a_message_comes_back_as_it_was_posted(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    let posted = NewMessage {
        id: Uuid::new_v4(),
        ttl: 77,
        delay_until: Some(now + 5 * SECOND),
        body: Body { format: BodyFormat::Encrypted, bytes: Bytes::from_static(b"\x00secret\xff") },
        checksum: Some("MD5:ünïcode".to_owned()),
        attributes: Bytes::from_static(b"\x81\xa1a\x01"),
    };
    queue.send(vec![posted.clone()]).await;

    let read = queue.all(now).await;

    let expected = Message {
        id: posted.id,
        marker: read[0].marker,
        ttl: 77,
        created_at: now,
        expires_at: now + 77 * SECOND,
        delay_until: Some(now + 5 * SECOND),
        body: posted.body,
        checksum: posted.checksum,
        client_id: "producer".into(),
        claim: None,
        claim_count: 0,
        attributes: posted.attributes,
    };
    assert_eq!(read, [expected]);
    assert_eq!(queue.get(&[posted.id], now).await, read);
}

async fn a_message_without_extras_comes_back_without_extras(bench: Bench) {
    let queue = bench.queue();
    let id = queue.post(&["a"]).await[0];

    let read = queue.get_one(id, queue.start).await.expect("the message is there");

    assert_eq!(read.delay_until, None);
    assert_eq!(read.checksum, None);
    assert_eq!(read.attributes, Bytes::new());
    assert_eq!(read.claim, None);
}

async fn messages_of_one_post_keep_their_order(bench: Bench) {
    let queue = bench.queue();

    let posted = queue.fill(50).await;

    let read = queue.all(queue.start).await;
    assert_eq!(ids(&read), posted);
    assert!(read.is_sorted_by(|a, b| a.marker < b.marker), "markers rise");
}

async fn messages_of_later_posts_come_later(bench: Bench) {
    let queue = bench.queue();

    for body in ["a", "b", "c", "d"] {
        queue.post(&[body]).await;
    }

    assert_eq!(queue.free_bodies(queue.start).await, ["a", "b", "c", "d"]);
}

async fn a_post_may_hold_a_thousand_messages(bench: Bench) {
    let queue = bench.queue();

    let posted = queue.fill(1000).await;

    assert_eq!(ids(&queue.all(queue.start).await), posted);
}

async fn repeating_a_post_stores_nothing_twice(bench: Bench) {
    let queue = bench.queue();
    let post = queue.post_of(vec![message("a"), message("b")]);
    queue.messages().post(post.clone()).await.expect("the post is stored");
    let before = queue.all(queue.start).await;

    queue.messages().post(post).await.expect("the repeated post is accepted");

    assert_eq!(queue.all(queue.start).await, before);
}

async fn a_repeated_message_is_left_as_it_is(bench: Bench) {
    let queue = bench.queue();
    let first = message("first");
    queue.send(vec![first.clone(), message("next")]).await;
    let before = queue.all(queue.start).await;

    let other = NewMessage { ttl: 9, body: Body::json("other"), ..first };
    let post = Post { now: queue.start + SECOND, ..queue.post_of(vec![other]) };
    queue.messages().post(post).await.expect("the post is accepted");

    assert_eq!(queue.all(queue.start).await, before);
}

async fn a_repeated_post_stores_what_was_missing(bench: Bench) {
    let queue = bench.queue();
    let known = message("a");
    queue.send(vec![known.clone()]).await;

    queue.send(vec![message("b"), known, message("c")]).await;

    assert_eq!(queue.free_bodies(queue.start).await, ["a", "b", "c"]);
}

async fn an_id_twice_in_one_post_is_stored_once(bench: Bench) {
    let queue = bench.queue();
    let first = message("first");
    let again = NewMessage { body: Body::json("again"), ..first.clone() };

    queue.send(vec![first, again, message("last")]).await;

    assert_eq!(queue.free_bodies(queue.start).await, ["first", "last"]);
}

async fn a_deleted_id_may_be_posted_anew(bench: Bench) {
    let queue = bench.queue();
    let first = message("first");
    queue.send(vec![first.clone(), message("second")]).await;
    queue.delete(first.id, None, queue.start).await.expect("the message is deleted");

    queue.send(vec![NewMessage { body: Body::json("third"), ..first }]).await;

    assert_eq!(queue.free_bodies(queue.start).await, ["second", "third"]);
}

async fn every_byte_of_a_body_is_kept(bench: Bench) {
    let all: Vec<u8> = (0..=255).collect();
    let shapes = [all, vec![0], vec![0xff, 0xfe], b"'\"\\;--\r\n".to_vec(), "ключ 🔑".into()];

    for shape in shapes {
        assert_kept(&bench, BodyFormat::Binary, shape).await;
    }
}

async fn an_empty_body_is_kept(bench: Bench) {
    assert_kept(&bench, BodyFormat::Json, Vec::new()).await;
}

async fn a_large_body_is_kept(bench: Bench) {
    let pattern = (0..256 * 1024_u32).map(|index| (index.wrapping_mul(31) >> 3) as u8);
    assert_kept(&bench, BodyFormat::Binary, pattern.collect()).await;
}

async fn every_body_format_is_kept(bench: Bench) {
    for format in [BodyFormat::Json, BodyFormat::Encrypted, BodyFormat::Binary] {
        assert_kept(&bench, format, b"{\"a\": 1.0}".to_vec()).await;
    }
}

/// Posts a body, also as attributes, and reads it back in every way there is.
async fn assert_kept(bench: &Bench, format: BodyFormat, bytes: Vec<u8>) {
    let queue = bench.queue();
    let body = Body { format, bytes: bytes.into() };
    let attributes = body.bytes.clone();
    let id = queue.send(vec![NewMessage { body, attributes, ..message("") }]).await[0];

    let listed = queue.free(queue.start).await.remove(0);
    let got = queue.get_one(id, queue.start).await.expect("the message is there");
    let popped = queue.pop(1, queue.start).await.remove(0);

    assert!(listed.body.bytes == got.attributes && listed.body == got.body);
    assert_eq!(listed.body.format, format);
    assert_eq!(popped, listed);
}

async fn client_ids_are_kept_as_they_are(bench: Bench) {
    let queue = bench.queue();
    let clients = ["", "0", "3381af92-2b9e-11e3-b191-71861300734c", "a b:{c}/🦀", "Ünï\u{0}code"];

    for client in clients {
        let post = Post { client_id: client.into(), ..queue.post_of(vec![message("a")]) };
        queue.messages().post(post).await.expect("the post is stored");
    }

    let read: Vec<_> = queue.all(queue.start).await.into_iter().map(|m| m.client_id).collect();
    assert_eq!(read.iter().map(|client| &**client).collect::<Vec<_>>(), clients);
}

async fn get_returns_messages_in_the_order_asked(bench: Bench) {
    let queue = bench.queue();
    let [a, b, c] = queue.post(&["a", "b", "c"]).await[..] else { unreachable!("three ids") };

    let read = queue.get(&[c, a, b], queue.start).await;

    assert_eq!(bodies(&read), ["c", "a", "b"]);
}

async fn get_returns_each_message_once(bench: Bench) {
    let queue = bench.queue();
    let [a, b] = queue.post(&["a", "b"]).await[..] else { unreachable!("two ids") };

    let read = queue.get(&[b, a, b, b, a], queue.start).await;

    assert_eq!(bodies(&read), ["b", "a"]);
}

async fn get_skips_unknown_ids(bench: Bench) {
    let queue = bench.queue();
    let a = queue.post(&["a"]).await[0];

    let read = queue.get(&[Uuid::new_v4(), a, Uuid::nil(), Uuid::max()], queue.start).await;

    assert_eq!(bodies(&read), ["a"]);
}

async fn get_of_no_ids_returns_nothing(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a"]).await;

    assert!(queue.get(&[], queue.start).await.is_empty());
}

async fn get_of_an_unknown_queue_returns_nothing(bench: Bench) {
    assert!(bench.queue().get(&[Uuid::new_v4()], bench.start).await.is_empty());
}
