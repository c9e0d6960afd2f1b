//! A queue and a topic of one name have nothing in common.

use bytes::Bytes;
use sukkal_storage::{
    Capability, CreateClaim, CreateQueue, DeleteMessages, DeleteQueue, Kind, ListQueues,
    PopMessages, PurgeMessages, QueueFilter, QueueKey, ReceiveTransfers, SettleTransfers,
    UpdateQueue,
};

use crate::bench::{Bench, Queue, bodies, ids, message};
use crate::case::{Need, assert_refused, cases};
use crate::cases::collect::collect_all;
use crate::pair::Pair;
use crate::snapshot::Snapshot;

cases! {
    [] => {
        records_of_both_kinds_are_kept_apart,
        lists_and_counts_are_of_one_kind,
        a_topic_keeps_messages_as_a_queue_does,
        messages_of_both_kinds_are_kept_apart,
        one_message_id_may_be_in_both_kinds,
        deleting_one_kind_leaves_the_other_alone,
        names_that_look_like_the_other_kind_are_kept_apart,
    }
    [Need::Has(Capability::Claims)] => {
        dead_letters_go_to_the_kind_their_rule_names,
        transfers_name_the_kind_of_their_source_and_target,
        ids_received_by_one_kind_are_new_to_the_other,
    }
    [Need::Collects] => {
        garbage_of_a_topic_is_collected,
    }
    [Need::Reopen, Need::Has(Capability::Durability)] => {
        topics_survive_a_restart,
    }
}

/// A queue and a topic of one name.
fn both(bench: &Bench) -> (Queue, Queue) {
    let queue = bench.queue();
    let key = QueueKey { kind: Kind::Topic, ..queue.key.clone() };
    let topic = Queue { key, ..queue.clone() };
    (queue, topic)
}

async fn create(bench: &Bench, queue: &QueueKey, metadata: &'static str) -> bool {
    let metadata = Bytes::from_static(metadata.as_bytes());
    let (queue, now) = (queue.clone(), bench.start);
    let command = CreateQueue { queue, metadata, generation: 0, pool: None, now };
    bench.store.control.queues().create(command).await.expect("the record is created or there")
}

async fn metadata(bench: &Bench, queue: &QueueKey) -> Option<Bytes> {
    let record = bench.store.control.queues().get(queue).await.expect("the record is read");
    record.map(|record| record.metadata)
}

/// The names of one kind in the project of the case, and how many there are said to be.
async fn names(bench: &Bench, kind: Kind) -> (Vec<String>, u64) {
    let (project, filter) = (bench.project.clone(), QueueFilter::default());
    let query = ListQueues { project, kind, after: None, limit: 1000, filter };
    let queues = bench.store.control.queues();
    let records = queues.list(query).await.expect("the records are read");
    let count = queues.count(&bench.project, kind).await.expect("the records are counted");
    (records.iter().map(|record| record.name.to_string()).collect(), count)
}

async fn records_of_both_kinds_are_kept_apart(bench: Bench) {
    let queue = QueueKey::new(bench.project.clone(), "name");
    let topic = QueueKey::topic(bench.project.clone(), "name");
    let queues = bench.store.control.queues();

    assert!(create(&bench, &queue, "{\"q\":1}").await);
    assert_eq!(metadata(&bench, &topic).await, None);
    assert!(create(&bench, &topic, "{\"t\":1}").await);

    let revision = queues.get(&topic).await.expect("it is read").expect("it is there").revision;
    let change =
        UpdateQueue { queue: topic.clone(), revision, metadata: Bytes::from_static(b"{\"t\":2}") };
    queues.update(change).await.expect("the topic is updated");
    assert_eq!(metadata(&bench, &queue).await.as_deref(), Some(&b"{\"q\":1}"[..]));
    assert_eq!(metadata(&bench, &topic).await.as_deref(), Some(&b"{\"t\":2}"[..]));

    let gone = queues.delete(DeleteQueue { queue: queue.clone(), below: 1, pool: None }).await;
    assert!(gone.expect("the queue is deleted"));
    assert_eq!(metadata(&bench, &queue).await, None);
    assert_eq!(metadata(&bench, &topic).await.as_deref(), Some(&b"{\"t\":2}"[..]));
}

async fn lists_and_counts_are_of_one_kind(bench: Bench) {
    for name in ["a", "b", "c"] {
        create(&bench, &QueueKey::new(bench.project.clone(), name), "{}").await;
    }
    for name in ["b", "d"] {
        create(&bench, &QueueKey::topic(bench.project.clone(), name), "{}").await;
    }

    assert_eq!(names(&bench, Kind::Queue).await, (["a", "b", "c"].map(String::from).into(), 3));
    assert_eq!(names(&bench, Kind::Topic).await, (["b", "d"].map(String::from).into(), 2));
}

async fn a_topic_keeps_messages_as_a_queue_does(bench: Bench) {
    let (_, topic) = both(&bench);

    let posted = topic.post(&["1", "2", "3"]).await;
    topic.delete(posted[1], None, bench.start).await.expect("the message is deleted");

    assert_eq!(topic.free_bodies(bench.start).await, ["1", "3"]);
    assert_eq!(ids(&topic.get(&posted, bench.start).await), [posted[0], posted[2]]);
    assert_eq!(topic.stats(bench.start).await.free, 2);
}

async fn messages_of_both_kinds_are_kept_apart(bench: Bench) {
    let (queue, topic) = both(&bench);
    let posted = queue.post(&["1", "2", "3"]).await;
    topic.post(&["t"]).await;
    let before = Snapshot::of(&queue, &posted, &[], bench.start).await;

    assert!(topic.get(&posted, bench.start).await.is_empty());
    let (key, now) = (topic.key.clone(), bench.start);
    let delete = DeleteMessages { queue: key.clone(), ids: posted.clone(), claim_ids: None, now };
    topic.messages().delete_many(delete).await.expect("nothing is deleted");
    let popped = topic.messages().pop(PopMessages { queue: key.clone(), limit: 1, now }).await;
    assert_eq!(bodies(&popped.expect("a message is popped")), ["t"]);
    topic.post(&["t"]).await;
    let purge = PurgeMessages { queue: key, limit: 1000, up_to: None, now };
    topic.messages().purge(purge).await.expect("the topic is purged");

    assert!(topic.all(now).await.is_empty());
    assert_eq!(Snapshot::of(&queue, &posted, &[], now).await, before);
}

async fn one_message_id_may_be_in_both_kinds(bench: Bench) {
    let (queue, topic) = both(&bench);
    let mut new = message("queue");
    queue.send(vec![new.clone()]).await;
    new.body = message("topic").body;

    topic.send(vec![new]).await;

    assert_eq!(queue.all_bodies(bench.start).await, ["queue"]);
    assert_eq!(topic.all_bodies(bench.start).await, ["topic"]);
}

async fn deleting_one_kind_leaves_the_other_alone(bench: Bench) {
    let (queue, topic) = both(&bench);
    let posted = queue.post(&["1"]).await;
    topic.post(&["t"]).await;
    let before = Snapshot::of(&queue, &posted, &[], bench.start).await;

    let generation = topic.seal().await;

    assert!(topic.all(bench.start).await.is_empty());
    assert_refused!(topic.messages().post(topic.post_of(vec![message("2")])).await, QueueChanged);
    assert_eq!(Snapshot::of(&queue, &posted, &[], bench.start).await, before);
    queue.post(&["2"]).await;
    topic.unseal(generation).await;
    assert_eq!(queue.all_bodies(bench.start).await, ["1", "2"]);
}

async fn names_that_look_like_the_other_kind_are_kept_apart(bench: Bench) {
    let project = bench.project.clone();
    let names = ["a", "topic a", "topic:a", "/topic a", "topic/a", "1a", "0a", "a1", "@a"];
    let queues: Vec<Queue> = names
        .iter()
        .flat_map(|name| {
            [QueueKey::new(project.clone(), *name), QueueKey::topic(project.clone(), *name)]
        })
        .map(|key| Queue { key, ..bench.queue() })
        .collect();

    for (index, queue) in queues.iter().enumerate() {
        queue.post(&[&index.to_string()]).await;
        create(&bench, &queue.key, "{}").await;
    }

    for (index, queue) in queues.iter().enumerate() {
        assert_eq!(queue.all_bodies(bench.start).await, [index.to_string()], "{}", queue.key);
    }
    assert_eq!(self::names(&bench, Kind::Queue).await.1, names.len() as u64);
    assert_eq!(self::names(&bench, Kind::Topic).await.1, names.len() as u64);
}

async fn dead_letters_go_to_the_kind_their_rule_names(bench: Bench) {
    for same_store in [true, false] {
        let (queue, topic) = both(&bench);
        let pair = Pair { source: bench.queue(), target: topic };
        let rule = pair.rule(same_store);
        pair.source.post(&["1"]).await;
        pair.wear_out(&rule, bench.start).await;

        pair.claim(10, &rule, bench.start).await;

        assert_eq!(pair.target.all_bodies(bench.start).await, ["1"]);
        assert!(queue.all(bench.start).await.is_empty());
    }
}

async fn transfers_name_the_kind_of_their_source_and_target(bench: Bench) {
    let (queue, topic) = both(&bench);
    for (source, target) in [(&queue, &topic), (&topic, &queue)] {
        let rule = target.dead_letter(false);
        let rule = sukkal_storage::DeadLetter { max_claim_count: 0, ..rule };
        source.post(&["1"]).await;
        let claim = CreateClaim { dead_letter: Some(rule), ..source.claim_of(1, bench.start) };
        assert_eq!(source.create_claim(claim).await.transferred, 1);

        let pending = source.transfers().pending(Some(&source.key), 10).await;
        let elsewhere = source.transfers().pending(Some(&target.key), 10).await;

        let pending = pending.expect("the pending transfers are read");
        assert_eq!(pending.len(), 1);
        assert_eq!((&pending[0].source, &pending[0].target), (&source.key, &target.key));
        assert!(elsewhere.expect("the pending transfers are read").is_empty());
        let any = source.transfers().pending(None, 1000).await.expect("they are read");
        assert!(any.iter().all(|each| each.source != target.key));
        source.deliver(bench.start).await;
        assert_eq!(target.pop(1, bench.start).await.len(), 1);
    }
}

async fn ids_received_by_one_kind_are_new_to_the_other(bench: Bench) {
    let (queue, topic) = both(&bench);
    queue.post(&["1"]).await;
    let messages = queue.pop(1, bench.start).await;
    let id = messages[0].id;
    let receive = async |at: &Queue| {
        let (target, messages) = (at.key.clone(), messages.clone());
        let command = ReceiveTransfers { target, generation: 0, messages, now: bench.start };
        at.transfers().receive(command).await.expect("the transfer is received");
        at.pop(1, bench.start).await.len()
    };

    assert_eq!([receive(&queue).await, receive(&topic).await], [1, 1]);
    let settle = SettleTransfers { target: topic.key.clone(), ids: vec![id] };
    topic.transfers().settle(settle).await.expect("the transfer is settled");

    assert_eq!([receive(&queue).await, receive(&topic).await], [0, 1]);
}

async fn garbage_of_a_topic_is_collected(bench: Bench) {
    let (queue, topic) = both(&bench);
    topic.send(vec![sukkal_storage::NewMessage { ttl: 1, ..message("1") }]).await;
    let kept = queue.post(&["kept"]).await;

    let removed = collect_all(&topic, bench.start + 1000, 1000).await;

    assert!(removed >= 1);
    // What is not there cannot come back, even for a reader whose clock is behind.
    assert!(topic.all(bench.start).await.is_empty());
    assert_eq!(ids(&queue.all(bench.start).await), kept);
}

async fn topics_survive_a_restart(bench: Bench) {
    let key = format!("{}-topics", bench.project);
    let (queue, topic) = both(&bench);
    let store = bench.store_for(&key).await;
    queue.on(&store).post(&["queue"]).await;
    topic.on(&store).post(&["topic"]).await;
    store.data.close().await;
    store.control.close().await;

    let store = bench.store_for(&key).await;

    assert_eq!(queue.on(&store).all_bodies(bench.start).await, ["queue"]);
    assert_eq!(topic.on(&store).all_bodies(bench.start).await, ["topic"]);
    topic.on(&store).seal().await;
    assert_eq!(queue.on(&store).all_bodies(bench.start).await, ["queue"]);
}
