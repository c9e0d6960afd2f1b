//! Lists: order, pages and filters.

use sukkal_storage::{After, Capability, ListMessages, Message, Post};
use uuid::Uuid;

use crate::bench::{Bench, Queue, SECOND, bodies, ids, message};
use crate::case::{Need, cases};

cases! {
    [] => {
        pages_by_marker_show_every_message_once,
        pages_by_message_show_every_message_once,
        a_page_holds_at_most_its_limit,
        a_marker_before_the_first_message_skips_nothing,
        a_marker_behind_the_last_message_gives_an_empty_page,
        the_marker_of_a_deleted_message_keeps_its_place,
        an_unknown_message_in_after_gives_an_empty_page,
        a_deleted_message_in_after_gives_an_empty_page,
        a_message_of_another_queue_in_after_gives_an_empty_page,
        a_delayed_message_in_after_keeps_its_place,
        an_unknown_queue_gives_an_empty_page,
        skips_the_messages_of_a_client,
        compares_clients_exactly,
        pages_are_cut_after_leaving_out_a_client,
        pages_are_cut_after_leaving_out_delayed_messages,
        pages_are_stable_while_messages_come_and_go,
    }
    [Need::Has(Capability::Claims)] => {
        skips_claimed_messages_unless_asked,
        shows_which_claim_holds_a_message,
        a_claimed_message_in_after_keeps_its_place,
        pages_are_cut_after_leaving_out_claimed_messages,
        filters_work_together,
    }
}

async fn page(queue: &Queue, after: Option<After>, limit: usize) -> Vec<Message> {
    queue.list(ListMessages { after, limit, ..queue.query(queue.start) }).await
}

async fn pages_by_marker_show_every_message_once(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(23).await;

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = page(&queue, after, 5).await;
        seen.extend(ids(&page));
        match page.last() {
            Some(last) if page.len() == 5 => after = Some(After::Marker(last.marker)),
            _ => break,
        }
    }

    assert_eq!(seen, posted);
}

async fn pages_by_message_show_every_message_once(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(12).await;

    let mut seen = ids(&page(&queue, None, 1).await);
    while let [next] = page(&queue, seen.last().copied().map(After::Message), 1).await.as_slice() {
        seen.push(next.id);
        assert!(seen.len() <= posted.len(), "the pages go round");
    }

    assert_eq!(seen, posted);
}

async fn a_page_holds_at_most_its_limit(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b", "c"]).await;

    for limit in 1..=4 {
        let page = page(&queue, None, limit).await;
        assert_eq!(bodies(&page), ["a", "b", "c"][..limit.min(3)]);
    }
}

async fn a_marker_before_the_first_message_skips_nothing(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    let first = queue.all(queue.start).await[0].marker;

    for marker in [first - 1, 0, -1, i64::MIN] {
        let page = page(&queue, Some(After::Marker(marker)), 10).await;
        assert_eq!(bodies(&page), ["a", "b"], "after {marker}");
    }
}

async fn a_marker_behind_the_last_message_gives_an_empty_page(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;
    let last = queue.all(queue.start).await[1].marker;

    for marker in [last, last + 1, i64::MAX] {
        let page = page(&queue, Some(After::Marker(marker)), 10).await;
        assert!(page.is_empty(), "after {marker}: {page:?}");
    }
}

async fn the_marker_of_a_deleted_message_keeps_its_place(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c"]).await;
    let marker = queue.all(queue.start).await[1].marker;

    queue.delete(posted[1], None, queue.start).await.expect("the message is deleted");

    assert_eq!(bodies(&page(&queue, Some(After::Marker(marker)), 10).await), ["c"]);
}

async fn an_unknown_message_in_after_gives_an_empty_page(bench: Bench) {
    let queue = bench.queue();
    queue.post(&["a", "b"]).await;

    let page = page(&queue, Some(After::Message(Uuid::new_v4())), 10).await;

    assert!(page.is_empty(), "{page:?}");
}

async fn a_deleted_message_in_after_gives_an_empty_page(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c"]).await;
    queue.delete(posted[1], None, queue.start).await.expect("the message is deleted");

    let page = page(&queue, Some(After::Message(posted[1])), 10).await;

    assert!(page.is_empty(), "{page:?}");
}

async fn a_message_of_another_queue_in_after_gives_an_empty_page(bench: Bench) {
    let (queue, other) = (bench.queue(), bench.queue());
    queue.post(&["a", "b"]).await;
    let foreign = other.post(&["x"]).await[0];

    let page = page(&queue, Some(After::Message(foreign)), 10).await;

    assert!(page.is_empty(), "{page:?}");
}

async fn a_delayed_message_in_after_keeps_its_place(bench: Bench) {
    let queue = bench.queue();
    let mut delayed = message("b");
    delayed.delay_until = Some(queue.start + SECOND);
    let posted = queue.send(vec![message("a"), delayed, message("c")]).await;

    assert_eq!(bodies(&page(&queue, Some(After::Message(posted[1])), 10).await), ["c"]);
}

async fn an_unknown_queue_gives_an_empty_page(bench: Bench) {
    let queue = bench.queue();

    assert!(queue.all(queue.start).await.is_empty());
    assert!(page(&queue, Some(After::Marker(0)), 10).await.is_empty());
    assert!(page(&queue, Some(After::Message(Uuid::new_v4())), 10).await.is_empty());
}

/// Posts one message per client, named like its client.
async fn post_as(queue: &Queue, clients: &[&str]) {
    for client in clients {
        let post = Post { client_id: (*client).into(), ..queue.post_of(vec![message(client)]) };
        queue.messages().post(post).await.expect("the post is stored");
    }
}

async fn without(queue: &Queue, client: &str, limit: usize) -> Vec<String> {
    let exclude_client = Some(client.into());
    bodies(&queue.list(ListMessages { exclude_client, limit, ..queue.query(queue.start) }).await)
}

async fn skips_the_messages_of_a_client(bench: Bench) {
    let queue = bench.queue();
    post_as(&queue, &["ann", "bob", "ann", "cem"]).await;

    assert_eq!(without(&queue, "ann", 10).await, ["bob", "cem"]);
    assert_eq!(without(&queue, "dan", 10).await, ["ann", "bob", "ann", "cem"]);
}

async fn compares_clients_exactly(bench: Bench) {
    let queue = bench.queue();
    post_as(&queue, &["ann", "Ann", "ann ", "an", "%", ""]).await;

    assert_eq!(without(&queue, "ann", 10).await, ["Ann", "ann ", "an", "%", ""]);
    assert_eq!(without(&queue, "%", 10).await, ["ann", "Ann", "ann ", "an", ""]);
    assert_eq!(without(&queue, "", 10).await, ["ann", "Ann", "ann ", "an", "%"]);
}

async fn pages_are_cut_after_leaving_out_a_client(bench: Bench) {
    let queue = bench.queue();
    queue.fill(200).await;
    post_as(&queue, &["ann", "bob", "cem", "dan"]).await;

    assert_eq!(without(&queue, "producer", 3).await, ["ann", "bob", "cem"]);
}

async fn pages_are_cut_after_leaving_out_delayed_messages(bench: Bench) {
    let queue = bench.queue();
    let delay_until = Some(queue.start + SECOND);
    let mut messages: Vec<_> = (0..200).map(|_| message("delayed")).collect();
    messages.iter_mut().for_each(|each| each.delay_until = delay_until);
    messages.extend(["a", "b", "c", "d"].map(message));
    queue.send(messages).await;

    assert_eq!(bodies(&page(&queue, None, 3).await), ["a", "b", "c"]);
}

async fn pages_are_stable_while_messages_come_and_go(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(20).await;
    let mut seen = Vec::new();
    let mut after = None;

    for oldest in &posted[..10] {
        let page = page(&queue, after, 2).await;
        seen.extend(ids(&page));
        after = page.last().map(|last| After::Marker(last.marker)).or(after);
        queue.post(&["new"]).await;
        queue.delete(*oldest, None, queue.start).await.expect("a message seen is deleted");
    }

    assert_eq!(seen, posted, "deleting what was seen and posting more moves no page");
}

async fn skips_claimed_messages_unless_asked(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    queue.post(&["a", "b", "c"]).await;
    queue.claim(2, now).await;

    let query = ListMessages { include_claimed: true, ..queue.query(now) };

    assert_eq!(queue.free_bodies(now).await, ["c"]);
    assert_eq!(bodies(&queue.list(query).await), ["a", "b", "c"]);
}

async fn shows_which_claim_holds_a_message(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    queue.post(&["a", "b"]).await;
    let claim = queue.claim(1, now).await;

    let marks: Vec<_> = queue.all(now).await.into_iter().map(|each| each.claim).collect();

    assert_eq!(marks[0].map(|mark| (mark.id, mark.expires_at)), Some((claim.id, now + 60_000)));
    assert_eq!(marks[1], None);
}

async fn a_claimed_message_in_after_keeps_its_place(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.post(&["a", "b", "c", "d"]).await;
    queue.claim(2, queue.start).await;

    assert_eq!(bodies(&page(&queue, Some(After::Message(posted[0])), 10).await), ["c", "d"]);
    assert_eq!(bodies(&page(&queue, Some(After::Message(posted[1])), 1).await), ["c"]);
}

async fn pages_are_cut_after_leaving_out_claimed_messages(bench: Bench) {
    let queue = bench.queue();
    queue.fill(200).await;
    queue.claim(200, queue.start).await;
    queue.post(&["a", "b", "c", "d"]).await;

    assert_eq!(bodies(&page(&queue, None, 3).await), ["a", "b", "c"]);
}

async fn filters_work_together(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    queue.post(&["claimed"]).await;
    queue.claim(1, now).await;
    let mut delayed = message("delayed");
    delayed.delay_until = Some(now + SECOND);
    queue.send(vec![delayed]).await;
    queue.post(&["free"]).await;
    post_as(&queue, &["ann"]).await;

    let query = |include_claimed, include_delayed, exclude: Option<&str>| ListMessages {
        include_claimed,
        include_delayed,
        exclude_client: exclude.map(Into::into),
        ..queue.query(now)
    };

    let listed = async |query| bodies(&queue.list(query).await);
    assert_eq!(listed(query(false, false, None)).await, ["free", "ann"]);
    assert_eq!(listed(query(true, false, None)).await, ["claimed", "free", "ann"]);
    assert_eq!(listed(query(false, true, None)).await, ["delayed", "free", "ann"]);
    assert_eq!(listed(query(true, true, Some("ann"))).await, ["claimed", "delayed", "free"]);
    assert_eq!(listed(query(true, true, Some("producer"))).await, ["ann"]);
}
