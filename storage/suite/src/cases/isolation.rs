//! Projects and queues are kept apart, whatever their names look like.

use std::collections::HashSet;

use bytes::Bytes;
use sukkal_storage::{
    CreateQueue, DeleteClaim, DeleteMessages, FinishTransfers, ListQueues, PurgeMessages,
    QueueFilter, SettleTransfers, UpdateClaim,
};

use crate::bench::{Bench, Queue, bodies, message};
use crate::case::{assert_refused, cases};
use crate::snapshot::Snapshot;

cases! {
    [] => {
        projects_with_odd_ids_are_kept_apart,
        a_project_id_may_have_256_characters_of_any_kind,
        queue_records_of_projects_with_odd_ids_are_kept_apart,
        project_and_queue_names_do_not_run_into_each_other,
        reads_of_another_queue_see_nothing,
        posts_to_another_queue_leave_a_queue_alone,
        deletes_from_another_queue_leave_a_queue_alone,
        pops_and_purges_of_another_queue_leave_a_queue_alone,
        sealing_another_queue_leaves_a_queue_alone,
        the_same_message_id_may_be_in_many_queues,
        odd_queue_names_are_kept_apart,
    }
    [crate::case::Need::Has(sukkal_storage::Capability::Claims)] => {
        claims_of_another_queue_leave_a_queue_alone,
        transfers_of_another_queue_leave_a_queue_alone,
        the_same_claim_id_may_be_in_many_queues,
        a_claim_of_another_queue_deletes_nothing,
    }
}

/// Texts that a careless key, pattern, statement or collation would mix up.
const ODD: [&str; 32] = [
    "", " ", "  ", "{}", "{", "}", "{a}", "a}b{c", ":", "::", "a:b", "/", "//", "a/b", "%", "_",
    "\\", "'", "''", "\"", "*", "?", "[a]", "\n", "\t", "\u{0}", "\u{0}a", "A", "a", "é",
    "e\u{301}", "🦀",
];

/// A queue with two messages, one of them claimed, and everybody it could be taken for.
struct Town {
    queue: Queue,
    strangers: Vec<Queue>,
}

impl Town {
    fn of(bench: &Bench) -> Self {
        let project = bench.project.to_string();
        let strangers = [
            (project.clone(), "other"),
            (project.clone(), "town2"),
            (project.clone(), "Town"),
            (project.to_uppercase() + "x", "town"),
            (format!("{project}:"), "town"),
            (format!("{project}:town"), "t"),
            (format!("{project} "), "town"),
        ];
        Self {
            queue: bench.queue_of(&project, "town"),
            strangers: strangers.map(|(project, name)| bench.queue_of(&project, name)).into(),
        }
    }
}

async fn projects_with_odd_ids_are_kept_apart(bench: Bench) {
    let project = |odd: &str| format!("{}{odd}", bench.project);
    let queues: Vec<Queue> = ODD.iter().map(|odd| bench.queue_of(&project(odd), "queue")).collect();

    for (queue, odd) in queues.iter().zip(ODD) {
        queue.post(&[odd]).await;
    }

    for (queue, odd) in queues.iter().zip(ODD) {
        assert_eq!(queue.all_bodies(queue.start).await, [odd]);
        assert_eq!(queue.stats(queue.start).await.free, 1, "{odd:?}");
        assert_eq!(bodies(&queue.pop(5, queue.start).await), [odd]);
    }
}

async fn a_project_id_may_have_256_characters_of_any_kind(bench: Bench) {
    let filled = |with: &str, length: usize| -> String {
        bench.project.chars().chain(with.chars().cycle()).take(length).collect()
    };
    let projects = [
        filled("x", 256),
        filled("x", 255),
        filled("y", 256),
        filled("{}:/ ", 256),
        filled("🦀é", 256),
        filled("🦀é", 255),
    ];
    let queues = projects.each_ref().map(|project| bench.queue_of(project, &"q".repeat(64)));

    for (index, queue) in queues.iter().enumerate() {
        queue.post(&[&index.to_string()]).await;
    }

    for (index, queue) in queues.iter().enumerate() {
        assert_eq!(queue.all_bodies(queue.start).await, [index.to_string()]);
    }
}

async fn queue_records_of_projects_with_odd_ids_are_kept_apart(bench: Bench) {
    let records = bench.store.control.queues();
    let projects = ODD.map(|odd| format!("{}{odd}", bench.project));

    for (index, project) in projects.iter().enumerate() {
        for name in ["same".to_owned(), format!("own-{index}")] {
            let queue = bench.queue_of(project, &name).key;
            let metadata = Bytes::from(format!("{{\"index\":{index}}}"));
            let command =
                CreateQueue { queue, metadata, generation: 0, pool: None, now: bench.start };
            assert!(records.create(command).await.expect("the record is created"), "{project:?}");
        }
    }

    for (index, project) in projects.iter().enumerate() {
        let (project_id, filter) = (project.as_str().into(), QueueFilter::default());
        let query = ListQueues {
            project: project_id,
            kind: sukkal_storage::Kind::Queue,
            after: None,
            limit: 10,
            filter,
        };
        let listed = records.list(query).await.expect("the records are read");
        let names: Vec<_> = listed.iter().map(|record| record.name.to_string()).collect();
        assert_eq!(names, [format!("own-{index}"), "same".to_owned()], "{project:?}");
        assert_eq!(listed[1].metadata, format!("{{\"index\":{index}}}"));
        assert_eq!(
            records
                .count(project, sukkal_storage::Kind::Queue)
                .await
                .expect("the records are counted"),
            2
        );
    }
}

async fn project_and_queue_names_do_not_run_into_each_other(bench: Bench) {
    let project = &bench.project;
    let pairs = [
        (format!("{project}a"), "b:c".to_owned()),
        (format!("{project}a:b"), "c".to_owned()),
        (format!("{project}a/b"), "c".to_owned()),
        (format!("{project}a"), "b/c".to_owned()),
        (format!("{project}ab"), "c".to_owned()),
        (format!("{project}a"), "bc".to_owned()),
        (format!("{project}a\u{0}b"), "c".to_owned()),
        (format!("{project}a"), "b\u{0}c".to_owned()),
        (format!("{project}{{a}}"), "b".to_owned()),
        (format!("{project}a"), "{b}".to_owned()),
    ];
    let queues = pairs.each_ref().map(|(project, name)| bench.queue_of(project, name));

    for (index, queue) in queues.iter().enumerate() {
        queue.post(&[&index.to_string()]).await;
    }

    for (index, queue) in queues.iter().enumerate() {
        assert_eq!(queue.all_bodies(queue.start).await, [index.to_string()], "{}", queue.key);
    }
}

async fn odd_queue_names_are_kept_apart(bench: Bench) {
    let pair = |odd: &&str| {
        let (by_name, by_project) = ((&*bench.project, *odd), (*odd, &*bench.project));
        [by_name, by_project].map(|(project, name)| bench.queue_of(project, name))
    };
    let queues: Vec<Queue> = ODD.iter().filter(|odd| !odd.is_empty()).flat_map(pair).collect();

    for (index, queue) in queues.iter().enumerate() {
        queue.post(&[&index.to_string()]).await;
    }

    for (index, queue) in queues.iter().enumerate() {
        assert_eq!(queue.all_bodies(bench.start).await, [index.to_string()], "{}", queue.key);
    }
}

async fn reads_of_another_queue_see_nothing(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let posted = queue.post(&["a", "b"]).await;
    queue.seal().await;
    queue.unseal(1).await;
    let post = sukkal_storage::Post { generation: 1, ..queue.post_of(vec![message("c")]) };
    queue.messages().post(post).await.expect("the post is stored");

    for stranger in &strangers {
        let seen = Snapshot::of(stranger, &posted, &[], stranger.start).await;
        let nothing = Snapshot::of(&bench.queue(), &[], &[], stranger.start).await;
        assert_eq!(seen, nothing, "{}", stranger.key);
    }
}

async fn posts_to_another_queue_leave_a_queue_alone(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let posted = queue.post(&["a", "b"]).await;
    let before = Snapshot::of(&queue, &posted, &[], queue.start).await;

    for stranger in &strangers {
        stranger.fill(3).await;
    }

    assert_eq!(Snapshot::of(&queue, &posted, &[], queue.start).await, before);
}

async fn deletes_from_another_queue_leave_a_queue_alone(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let posted = queue.post(&["a", "b"]).await;
    let before = Snapshot::of(&queue, &posted, &[], queue.start).await;

    for stranger in &strangers {
        let (key, now) = (stranger.key.clone(), stranger.start);
        let ids = posted.clone();
        let many = DeleteMessages { queue: key, ids, claim_ids: None, now };
        stranger.delete(posted[0], None, now).await.expect("nothing is there");
        stranger.messages().delete_many(many).await.expect("nothing is there");
    }

    assert_eq!(Snapshot::of(&queue, &posted, &[], queue.start).await, before);
}

async fn pops_and_purges_of_another_queue_leave_a_queue_alone(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let posted = queue.post(&["a", "b"]).await;
    let before = Snapshot::of(&queue, &posted, &[], queue.start).await;

    for stranger in &strangers {
        stranger.post(&["x"]).await;
        assert_eq!(bodies(&stranger.pop(5, stranger.start).await), ["x"]);
        let (key, now) = (stranger.key.clone(), stranger.start);
        let purge = PurgeMessages { queue: key, limit: 10, up_to: None, now };
        stranger.messages().purge(purge).await.expect("the queue is purged");
    }

    assert_eq!(Snapshot::of(&queue, &posted, &[], queue.start).await, before);
}

async fn sealing_another_queue_leaves_a_queue_alone(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let posted = queue.post(&["a", "b"]).await;
    let before = Snapshot::of(&queue, &posted, &[], queue.start).await;

    for stranger in &strangers {
        stranger.post(&["x"]).await;
        assert_eq!(stranger.seal().await, 1);
    }

    assert_eq!(Snapshot::of(&queue, &posted, &[], queue.start).await, before);
    queue.post(&["c"]).await;
}

async fn the_same_message_id_may_be_in_many_queues(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let first = message("mine");
    queue.send(vec![first.clone()]).await;

    for stranger in &strangers {
        let mut same = message("theirs");
        same.id = first.id;
        stranger.send(vec![same]).await;
    }
    strangers[0].delete(first.id, None, queue.start).await.expect("the message is deleted");

    assert_eq!(bodies(&queue.get(&[first.id], queue.start).await), ["mine"]);
    assert!(strangers[0].all(queue.start).await.is_empty());
    for stranger in &strangers[1..] {
        assert_eq!(stranger.all_bodies(queue.start).await, ["theirs"]);
    }
}

async fn claims_of_another_queue_leave_a_queue_alone(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let now = queue.start;
    let posted = queue.post(&["a", "b"]).await;
    let claim = queue.claim(1, now).await.id;
    let before = Snapshot::of(&queue, &posted, &[claim], now).await;

    for stranger in &strangers {
        let key = stranger.key.clone();
        let update = UpdateClaim { queue: key.clone(), id: claim, ttl: 600, grace: 60, now };
        assert_refused!(stranger.get_claim(claim, now).await, ClaimDoesNotExist);
        assert_refused!(stranger.claims().update(update).await, ClaimDoesNotExist);
        let release = DeleteClaim { queue: key, id: claim, now };
        stranger.claims().delete(release).await.expect("nothing is there");
        assert!(stranger.claim(5, now).await.messages.is_empty());
    }

    assert_eq!(Snapshot::of(&queue, &posted, &[claim], now).await, before);
}

async fn transfers_of_another_queue_leave_a_queue_alone(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let now = queue.start;
    let posted = queue.post(&["a", "b"]).await;
    let mut rule = bench.queue().dead_letter(false);
    rule.max_claim_count = 0;
    let mut command = queue.claim_of(5, now);
    command.dead_letter = Some(rule);
    queue.create_claim(command).await;
    let before = Snapshot::of(&queue, &[], &[], now).await;

    for stranger in &strangers {
        let (source, target) = (stranger.key.clone(), stranger.key.clone());
        let finish = FinishTransfers { source: source.clone(), ids: posted.clone() };
        let settle = SettleTransfers { target, ids: posted.clone() };
        stranger.transfers().finish(finish).await.expect("nothing is there");
        stranger.transfers().settle(settle).await.expect("nothing is there");
        assert!(stranger.transfers().pending(Some(&source), 9).await.expect("a read").is_empty());
    }

    assert_eq!(Snapshot::of(&queue, &[], &[], now).await, before);
}

async fn the_same_claim_id_may_be_in_many_queues(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let now = queue.start;
    queue.post(&["mine"]).await;
    let id = queue.claim(1, now).await.id;

    for stranger in &strangers {
        stranger.post(&["theirs"]).await;
        let mut command = stranger.claim_of(1, now);
        command.id = id;
        assert_eq!(bodies(&stranger.create_claim(command).await.messages), ["theirs"]);
    }
    let release = DeleteClaim { queue: strangers[0].key.clone(), id, now };
    queue.claims().delete(release).await.expect("the claim is released");

    let held = queue.get_claim(id, now).await.expect("the claim lives");
    assert_eq!(bodies(&held.messages), ["mine"]);
    assert_eq!(strangers[0].free_bodies(now).await, ["theirs"]);
    assert!(strangers[1].free(now).await.is_empty());
}

async fn a_claim_of_another_queue_deletes_nothing(bench: Bench) {
    let Town { queue, strangers } = Town::of(&bench);
    let now = queue.start;
    let posted = queue.post(&["a", "b"]).await;
    queue.claim(1, now).await;

    for stranger in &strangers {
        stranger.post(&["x"]).await;
        let foreign = stranger.claim(1, now).await.id;
        assert_refused!(queue.delete(posted[0], Some(foreign), now).await, ClaimDoesNotExist);
        assert_refused!(queue.delete(posted[1], Some(foreign), now).await, MessageNotClaimed(_));
    }

    let left: HashSet<_> = queue.all_bodies(now).await.into_iter().collect();
    assert_eq!(left.len(), 2);
}
