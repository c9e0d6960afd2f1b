//! What many callers at once may rely on, through one server and through two.

use std::collections::HashSet;

use futures_util::future::join_all;
use sukkal_storage::{
    After, Capability, DeleteMessage, ListMessages, Message, MessageId, PopMessages, Post, Result,
    StorageError,
};
use tokio::task::JoinSet;

use crate::bench::{Bench, Queue, bodies, ids, message};
use crate::case::{Need, cases};

cases! {
    [] => {
        eight_producers_leave_one_cursor_reader_a_stable_prefix,
        two_parallel_pops_share_no_message,
        parallel_repeats_of_one_post_store_once,
        parallel_seals_give_each_a_generation,
        posts_during_a_deletion_are_refused_or_dropped,
        commands_take_effect_in_the_order_they_were_first_polled,
    }
    [Need::Has(Capability::Claims)] => {
        two_parallel_claims_share_no_message,
        parallel_repeats_of_one_claim_are_one_claim,
        claims_and_pops_share_no_message,
        of_parallel_releases_and_deletes_none_loses_a_message,
        claims_that_end_are_taken_over_by_one,
        claims_take_their_place_in_the_order_of_commands,
    }
    [Need::Has(Capability::MultiServer)] => {
        producers_on_two_servers_leave_a_reader_a_stable_prefix,
        pops_on_two_servers_share_no_message,
        what_one_server_stored_another_sees,
    }
    [Need::Has(Capability::MultiServer), Need::Has(Capability::Claims)] => {
        claims_on_two_servers_share_no_message,
    }
}

const PRODUCERS: usize = 8;
const POSTS: usize = 25;

/// More than any case of this file posts: a store that hands out more repeats itself.
const FAR_TOO_MANY: usize = 10_000;

/// Posts from many tasks, each task to the next of the servers.
fn produce(servers: &[Queue]) -> JoinSet<()> {
    let mut producers = JoinSet::new();
    for (producer, queue) in (0..PRODUCERS).zip(servers.iter().cycle().cloned()) {
        producers.spawn(async move {
            for post in 0..POSTS {
                queue
                    .post(&[&format!("{producer}.{post:03}.0"), &format!("{producer}.{post:03}.1")])
                    .await;
            }
        });
    }
    producers
}

/// Reads by cursor until the producers are done and nothing is left.
async fn follow(queue: &Queue, mut producers: JoinSet<()>) -> Vec<Message> {
    let mut seen: Vec<Message> = Vec::new();
    loop {
        while let Some(done) = producers.try_join_next() {
            done.expect("the producer posts");
        }
        let is_over = producers.is_empty();
        let after = seen.last().map(|last| After::Marker(last.marker));
        let page = queue.list(ListMessages { after, limit: 7, ..queue.query(queue.start) }).await;
        if page.is_empty() && is_over {
            return seen;
        }
        seen.extend(page);
        assert!(seen.len() < FAR_TOO_MANY, "the pages do not end");
        tokio::task::yield_now().await;
    }
}

async fn assert_stable_prefix(servers: &[Queue]) {
    let reader = &servers[0];

    let seen = follow(reader, produce(servers)).await;

    assert_eq!(seen.len(), PRODUCERS * POSTS * 2, "the reader misses messages");
    assert_eq!(ids(&seen), ids(&reader.all(reader.start).await));
    for producer in 0..PRODUCERS {
        let own: Vec<_> =
            bodies(&seen).into_iter().filter(|b| b.starts_with(&format!("{producer}."))).collect();
        assert!(own.is_sorted(), "the posts of one producer keep their order: {own:?}");
    }
}

/// Runs one job in many tasks and gathers the ids each of them got.
async fn gather<F>(servers: &[Queue], job: impl Fn(Queue) -> F) -> Vec<Vec<MessageId>>
where
    F: Future<Output = Vec<MessageId>> + Send + 'static,
{
    let tasks: Vec<_> =
        servers.iter().cycle().take(8).map(|queue| tokio::spawn(job(queue.clone()))).collect();
    join_all(tasks).await.into_iter().map(|done| done.expect("the task ends")).collect()
}

async fn claim_all(queue: Queue) -> Vec<MessageId> {
    let mut taken = Vec::new();
    loop {
        let claim = queue.claim(3, queue.start).await;
        if claim.messages.is_empty() {
            return taken;
        }
        taken.extend(ids(&claim.messages));
        assert!(taken.len() < FAR_TOO_MANY, "the claims do not end");
    }
}

async fn pop_all(queue: Queue) -> Vec<MessageId> {
    let mut taken = Vec::new();
    loop {
        let page = queue.pop(3, queue.start).await;
        if page.is_empty() {
            return taken;
        }
        taken.extend(ids(&page));
        assert!(taken.len() < FAR_TOO_MANY, "the pops do not end");
    }
}

fn assert_shared_out(posted: &[MessageId], taken: &[Vec<MessageId>]) {
    let all: Vec<MessageId> = taken.concat();
    let distinct: HashSet<&MessageId> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "a message was handed out twice");
    assert_eq!(distinct, posted.iter().collect(), "a message was handed out to nobody");
}

async fn eight_producers_leave_one_cursor_reader_a_stable_prefix(bench: Bench) {
    assert_stable_prefix(&[bench.queue()]).await;
}

async fn producers_on_two_servers_leave_a_reader_a_stable_prefix(bench: Bench) {
    let queue = bench.queue();
    let other = queue.on(&bench.second_server().await);
    assert_stable_prefix(&[queue, other]).await;
}

async fn two_parallel_claims_share_no_message(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(200).await;

    let taken = gather(&[queue], claim_all).await;

    assert_shared_out(&posted, &taken);
}

async fn claims_on_two_servers_share_no_message(bench: Bench) {
    let queue = bench.queue();
    let other = queue.on(&bench.second_server().await);
    let posted = queue.fill(200).await;

    let taken = gather(&[queue, other], claim_all).await;

    assert_shared_out(&posted, &taken);
}

async fn two_parallel_pops_share_no_message(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(200).await;

    let taken = gather(&[queue], pop_all).await;

    assert_shared_out(&posted, &taken);
}

async fn pops_on_two_servers_share_no_message(bench: Bench) {
    let queue = bench.queue();
    let other = queue.on(&bench.second_server().await);
    let posted = queue.fill(200).await;

    let taken = gather(&[queue, other], pop_all).await;

    assert_shared_out(&posted, &taken);
}

async fn what_one_server_stored_another_sees(bench: Bench) {
    let queue = bench.queue();
    let other = queue.on(&bench.second_server().await);

    for round in 0..20 {
        let body = round.to_string();
        queue.post(&[&body]).await;
        assert_eq!(bodies(&other.pop(1, queue.start).await), [body.as_str()]);
        other.post(&[&body]).await;
        assert_eq!(queue.free_bodies(queue.start).await, [body]);
        queue.pop(1, queue.start).await;
    }
}

async fn claims_and_pops_share_no_message(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(200).await;

    let (claimed, popped) = tokio::join!(
        gather(std::slice::from_ref(&queue), claim_all),
        gather(std::slice::from_ref(&queue), pop_all),
    );

    assert_shared_out(&posted, &[claimed, popped].concat());
}

async fn parallel_repeats_of_one_post_store_once(bench: Bench) {
    let queue = bench.queue();
    let post = queue.post_of((0..10).map(|index| message(&index.to_string())).collect());

    let tasks = (0..8).map(|_| {
        let (queue, post) = (queue.clone(), post.clone());
        tokio::spawn(async move { queue.messages().post(post).await })
    });
    for done in join_all(tasks).await {
        done.expect("the task ends").expect("the post is accepted");
    }

    let expected: Vec<_> = post.messages.iter().map(|each| each.id).collect();
    assert_eq!(ids(&queue.all(queue.start).await), expected);
}

async fn parallel_repeats_of_one_claim_are_one_claim(bench: Bench) {
    let queue = bench.queue();
    queue.fill(20).await;
    let command = queue.claim_of(5, queue.start);

    let tasks = (0..8).map(|_| {
        let (queue, command) = (queue.clone(), command.clone());
        tokio::spawn(async move { queue.create_claim(command).await })
    });
    let claims: Vec<_> =
        join_all(tasks).await.into_iter().map(|done| done.expect("the task ends")).collect();

    assert_eq!(claims[0].messages.len(), 5);
    assert!(claims.iter().all(|claim| *claim == claims[0]));
    assert_eq!(queue.free(queue.start).await.len(), 15);
}

async fn parallel_seals_give_each_a_generation(bench: Bench) {
    let queue = bench.queue();

    let tasks = (0..10).map(|_| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.seal().await })
    });
    let mut generations: Vec<u64> =
        join_all(tasks).await.into_iter().map(|done| done.expect("the task ends")).collect();

    generations.sort_unstable();
    assert_eq!(generations, (1..=10).collect::<Vec<_>>());
}

async fn posts_during_a_deletion_are_refused_or_dropped(bench: Bench) {
    let queue = bench.queue();
    let mut producers = JoinSet::new();
    for _ in 0..8 {
        producers.spawn(post_until_refused(queue.clone()));
    }

    queue.post(&["old"]).await;
    let generation = queue.seal().await;
    queue.unseal(generation).await;
    let post = Post { generation, ..queue.post_of(vec![message("new")]) };
    queue.messages().post(post).await.expect("the queue is open");
    while let Some(done) = producers.join_next().await {
        done.expect("the producer learns that the queue was deleted");
    }

    assert_eq!(queue.all_bodies(queue.start).await, ["new"]);
}

async fn post_until_refused(queue: Queue) {
    for _ in 0..FAR_TOO_MANY {
        match queue.messages().post(queue.post_of(vec![message("old")])).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(StorageError::QueueChanged) => return,
            Err(error) => panic!("a post failed: {error}"),
        }
    }
    panic!("a post of an old generation is never refused");
}

async fn of_parallel_releases_and_deletes_none_loses_a_message(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;
    let posted = queue.fill(40).await;

    let taken = gather(std::slice::from_ref(&queue), |queue| async move {
        let mut done = Vec::new();
        loop {
            let claim = queue.claim(2, now).await;
            let Some(first) = claim.messages.first() else { return done };
            queue.delete(first.id, Some(claim.id), now).await.expect("the claim holds it");
            done.push(first.id);
            assert!(done.len() < FAR_TOO_MANY, "the claims do not end");
            let queue_key = queue.key.clone();
            let release = sukkal_storage::DeleteClaim { queue: queue_key, id: claim.id, now };
            queue.claims().delete(release).await.expect("the claim is released");
        }
    })
    .await;

    let left = ids(&queue.free(now).await);
    assert_shared_out(&posted, &[taken, vec![left]].concat());
}

async fn claims_that_end_are_taken_over_by_one(bench: Bench) {
    let queue = bench.queue();
    let posted = queue.fill(100).await;
    queue.claim(100, queue.start).await;
    let later = Queue { start: queue.start + 60_000, ..queue };

    let taken = gather(&[later], claim_all).await;

    assert_shared_out(&posted, &taken);
}

async fn commands_take_effect_in_the_order_they_were_first_polled(bench: Bench) {
    let queue = bench.queue();
    let pop = || PopMessages { queue: queue.key.clone(), limit: 1, now: queue.start };

    for _ in 0..20 {
        let (first, second) = (message("first"), message("second"));
        let delete = DeleteMessage {
            queue: queue.key.clone(),
            id: second.id,
            claim_id: None,
            now: queue.start,
        };
        let (posted, added, deleted, popped, nothing) = futures_util::join!(
            queue.messages().post(queue.post_of(vec![first])),
            queue.messages().post(queue.post_of(vec![second])),
            queue.messages().delete(delete),
            queue.messages().pop(pop()),
            queue.messages().pop(pop()),
        );

        let done: Result<()> = posted.and(added).and(deleted);
        done.expect("every command is done");
        assert_eq!(bodies(&popped.expect("a pop")), ["first"]);
        assert!(nothing.expect("a pop").is_empty());
    }
}

async fn claims_take_their_place_in_the_order_of_commands(bench: Bench) {
    let queue = bench.queue();
    let now = queue.start;

    for _ in 0..20 {
        let posted = message("a");
        let command = queue.claim_of(1, now);
        let delete = DeleteMessage {
            queue: queue.key.clone(),
            id: posted.id,
            claim_id: Some(command.id),
            now,
        };
        let (stored, claim, deleted) = futures_util::join!(
            queue.messages().post(queue.post_of(vec![posted])),
            queue.claims().create(command),
            queue.messages().delete(delete),
        );

        stored.expect("the post is stored");
        assert_eq!(bodies(&claim.expect("the claim is created").messages), ["a"]);
        deleted.expect("the claim holds the message");
    }
    assert!(queue.all(now).await.is_empty());
}
