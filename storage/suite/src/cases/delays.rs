//! Delayed messages.

use sukkal_storage::{Capability, ListMessages, Millis, NewMessage};

use crate::bench::{Bench, SECOND, bodies, ids, message};
use crate::case::{Need, cases};

cases! {
    [] => {
        a_delayed_message_is_hidden_until_its_time,
        a_delay_in_the_past_hides_nothing,
        a_delayed_message_keeps_its_place,
        a_delayed_message_is_shown_when_asked,
        a_delayed_message_is_read_by_id,
        a_delayed_message_is_not_popped_before_its_time,
        a_delayed_message_may_be_deleted,
        a_message_may_expire_while_it_is_delayed,
        many_delayed_messages_become_free_together,
    }
    [Need::Has(Capability::Claims)] => {
        a_delayed_message_is_not_claimed_before_its_time,
        a_delayed_message_is_claimed_at_its_place,
    }
}

fn delayed(body: &str, until: Millis) -> NewMessage {
    NewMessage { delay_until: Some(until), ..message(body) }
}

async fn a_delayed_message_is_hidden_until_its_time(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + 5 * SECOND;
    queue.send(vec![delayed("a", due)]).await;

    assert!(queue.free_bodies(due - 1).await.is_empty());
    assert_eq!(queue.free_bodies(due).await, ["a"]);
}

async fn a_delay_in_the_past_hides_nothing(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;

    queue.send(vec![delayed("a", now), delayed("b", now - 1), delayed("c", 0)]).await;

    assert_eq!(queue.free_bodies(now).await, ["a", "b", "c"]);
    assert_eq!(bodies(&queue.pop(3, now).await), ["a", "b", "c"]);
}

async fn a_delayed_message_keeps_its_place(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + SECOND;
    queue.send(vec![message("a"), delayed("b", due), message("c")]).await;

    assert_eq!(queue.free_bodies(due - 1).await, ["a", "c"]);
    assert_eq!(queue.free_bodies(due).await, ["a", "b", "c"]);
}

async fn a_delayed_message_is_shown_when_asked(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    queue.send(vec![delayed("a", now + SECOND), message("b")]).await;

    let query = ListMessages { include_delayed: true, ..queue.query(now) };

    assert_eq!(bodies(&queue.list(query).await), ["a", "b"]);
}

async fn a_delayed_message_is_read_by_id(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + SECOND;
    let posted = queue.send(vec![delayed("a", due)]).await;

    let read = queue.get(&posted, queue.start).await;

    assert_eq!(ids(&read), posted);
    assert_eq!(read[0].delay_until, Some(due));
}

async fn a_delayed_message_is_not_popped_before_its_time(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + SECOND;
    queue.send(vec![delayed("a", due), message("b"), message("c")]).await;

    assert_eq!(bodies(&queue.pop(1, due - 1).await), ["b"]);
    assert_eq!(bodies(&queue.pop(2, due).await), ["a", "c"]);
}

async fn a_delayed_message_may_be_deleted(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + SECOND;
    let posted = queue.send(vec![delayed("a", due)]).await;

    queue.delete(posted[0], None, queue.start).await.expect("the message is deleted");

    assert!(queue.all(due).await.is_empty());
    assert!(queue.pop(1, due).await.is_empty());
}

async fn a_message_may_expire_while_it_is_delayed(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + 10 * SECOND;
    queue.send(vec![NewMessage { ttl: 5, ..delayed("a", due) }]).await;

    assert_eq!(queue.all_bodies(queue.start + 5 * SECOND - 1).await, ["a"]);
    assert!(queue.all(queue.start + 5 * SECOND).await.is_empty());
    assert!(queue.pop(1, due).await.is_empty());
}

async fn many_delayed_messages_become_free_together(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + SECOND;
    let posted = queue.send((0..500).map(|_| delayed("d", due)).collect()).await;
    queue.post(&["last"]).await;

    let mut popped = Vec::new();
    while popped.len() < 500 {
        let page = queue.pop(20, due).await;
        assert_eq!(page.len(), 20, "a pop takes the oldest while there are enough");
        popped.extend(ids(&page));
    }

    assert_eq!(popped, posted);
    assert_eq!(queue.all_bodies(due).await, ["last"]);
}

async fn a_delayed_message_is_not_claimed_before_its_time(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + SECOND;
    queue.send(vec![delayed("a", due)]).await;

    assert!(queue.claim(1, due - 1).await.messages.is_empty());
    assert_eq!(bodies(&queue.claim(1, due).await.messages), ["a"]);
}

async fn a_delayed_message_is_claimed_at_its_place(bench: Bench) {
    let queue = bench.queue();
    let due = queue.start + SECOND;
    queue.send(vec![message("a"), delayed("b", due), message("c"), message("d")]).await;

    assert_eq!(bodies(&queue.claim(2, due - 1).await.messages), ["a", "c"]);
    assert_eq!(bodies(&queue.claim(2, due).await.messages), ["b", "d"]);
}
