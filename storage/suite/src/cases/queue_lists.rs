//! Lists of queue records: order, pages and filters.

use bytes::Bytes;
use sukkal_storage::{CreateQueue, DeleteQueue, FilterValue, ListQueues, QueueFilter, QueueKey};

use crate::bench::Bench;
use crate::case::cases;

cases! {
    [] => {
        a_project_without_queues_lists_none,
        queues_are_listed_in_the_order_of_the_bytes_of_their_names,
        pages_show_every_queue_once,
        a_name_that_is_gone_keeps_its_place_in_after,
        a_name_filter_is_taken_literally,
        a_metadata_filter_compares_integers_and_strings,
        filters_must_all_pass,
        pages_are_cut_after_filtering,
        a_list_returns_whole_records,
        deleted_queues_are_not_listed,
    }
}

async fn create(bench: &Bench, name: &str, metadata: &str) {
    let command = CreateQueue {
        queue: QueueKey::new(bench.project.clone(), name),
        metadata: Bytes::from(metadata.to_owned()),
        generation: 0,
        pool: None,
        now: bench.start,
    };
    bench.store.control.queues().create(command).await.expect("the record is created");
}

async fn create_all(bench: &Bench, names: &[&str]) {
    for name in names {
        create(bench, name, "{}").await;
    }
}

fn query(bench: &Bench) -> ListQueues {
    let filter = QueueFilter::default();
    ListQueues {
        project: bench.project.clone(),
        kind: sukkal_storage::Kind::Queue,
        after: None,
        limit: 1000,
        filter,
    }
}

async fn names(bench: &Bench, query: ListQueues) -> Vec<String> {
    let records = bench.store.control.queues().list(query).await.expect("the records are read");
    records.iter().map(|record| record.name.to_string()).collect()
}

fn name_filter(part: &str) -> QueueFilter {
    QueueFilter { name_contains: Some(part.to_owned()), metadata: Vec::new() }
}

fn metadata_filter(members: &[(&str, FilterValue)]) -> QueueFilter {
    let metadata = members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    QueueFilter { name_contains: None, metadata }
}

async fn a_project_without_queues_lists_none(bench: Bench) {
    assert!(names(&bench, query(&bench)).await.is_empty());
}

async fn queues_are_listed_in_the_order_of_the_bytes_of_their_names(bench: Bench) {
    create_all(&bench, &["b", "a", "Z", "a-b", "_", "10", "9", "aa", "a_b", "Ab"]).await;

    let listed = names(&bench, query(&bench)).await;

    assert_eq!(listed, ["10", "9", "Ab", "Z", "_", "a", "a-b", "a_b", "aa", "b"]);
}

async fn pages_show_every_queue_once(bench: Bench) {
    let mut expected: Vec<String> = (0..23).map(|index| format!("queue-{index}")).collect();
    create_all(&bench, &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    expected.sort();

    for limit in [1, 5, 23, 24] {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page =
                names(&bench, ListQueues { after: seen.last().cloned(), limit, ..query(&bench) })
                    .await;
            assert!(page.len() <= limit);
            if page.is_empty() || seen.len() > 23 {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
}

async fn a_name_that_is_gone_keeps_its_place_in_after(bench: Bench) {
    create_all(&bench, &["a", "c", "d"]).await;

    for (after, expected) in [("", "a"), ("b", "c"), ("c", "d")] {
        let query = ListQueues { after: Some(after.to_owned()), limit: 1, ..query(&bench) };
        assert_eq!(names(&bench, query).await, [expected], "after {after:?}");
    }
    let query = ListQueues { after: Some("d".to_owned()), ..query(&bench) };
    assert!(names(&bench, query).await.is_empty());
}

async fn a_name_filter_is_taken_literally(bench: Bench) {
    create_all(&bench, &["orders", "Orders", "old-orders", "or_ers", "or%ers", "o.*s"]).await;
    let filtered =
        async |part| names(&bench, ListQueues { filter: name_filter(part), ..query(&bench) }).await;

    assert_eq!(filtered("orders").await, ["old-orders", "orders"]);
    assert_eq!(filtered("or_ers").await, ["or_ers"]);
    assert_eq!(filtered("%").await, ["or%ers"]);
    assert_eq!(filtered(".*").await, ["o.*s"]);
    assert_eq!(filtered("").await.len(), 6);
    assert!(filtered("nothing").await.is_empty());
}

async fn a_metadata_filter_compares_integers_and_strings(bench: Bench) {
    create(&bench, "integer", "{\"a\": 1}").await;
    create(&bench, "text", "{\"a\": \"1\"}").await;
    create(&bench, "other", "{\"a\": 2, \"b\": 1}").await;
    create(&bench, "nested", "{\"b\": {\"a\": 1}}").await;
    let filtered = async |value| {
        let filter = metadata_filter(&[("a", value)]);
        names(&bench, ListQueues { filter, ..query(&bench) }).await
    };

    assert_eq!(filtered(FilterValue::Integer(1)).await, ["integer"]);
    assert_eq!(filtered(FilterValue::Text("1".to_owned())).await, ["text"]);
    assert_eq!(filtered(FilterValue::Integer(2)).await, ["other"]);
    assert!(filtered(FilterValue::Integer(3)).await.is_empty());
}

async fn filters_must_all_pass(bench: Bench) {
    create(&bench, "one", "{\"a\": 1, \"b\": \"x\"}").await;
    create(&bench, "two", "{\"a\": 1, \"b\": \"y\"}").await;
    create(&bench, "three", "{\"a\": 1, \"b\": \"x\"}").await;
    let members = [("a", FilterValue::Integer(1)), ("b", FilterValue::Text("x".to_owned()))];

    let by_metadata = metadata_filter(&members);
    let by_both = QueueFilter { name_contains: Some("o".to_owned()), ..by_metadata.clone() };

    let filtered = async |filter| names(&bench, ListQueues { filter, ..query(&bench) }).await;
    assert_eq!(filtered(by_metadata).await, ["one", "three"]);
    assert_eq!(filtered(by_both).await, ["one"]);
}

async fn pages_are_cut_after_filtering(bench: Bench) {
    for index in 0..60 {
        create(&bench, &format!("a-{index:02}"), "{}").await;
    }
    create_all(&bench, &["b-1", "b-2", "b-3"]).await;

    let query = ListQueues { limit: 2, filter: name_filter("b-"), ..query(&bench) };
    let next = ListQueues { after: Some("b-2".to_owned()), ..query.clone() };

    assert_eq!(names(&bench, query).await, ["b-1", "b-2"]);
    assert_eq!(names(&bench, next).await, ["b-3"]);
}

async fn a_list_returns_whole_records(bench: Bench) {
    create(&bench, "a", "{\"x\": [1, 2]}").await;
    let records = bench.store.control.queues();

    let listed = records.list(query(&bench)).await.expect("the records are read");

    let key = QueueKey::new(bench.project.clone(), "a");
    assert_eq!(listed, [records.get(&key).await.expect("a read").expect("the record is there")]);
}

async fn deleted_queues_are_not_listed(bench: Bench) {
    create_all(&bench, &["a", "b", "c"]).await;
    let queue = QueueKey::new(bench.project.clone(), "b");

    let delete = DeleteQueue { queue, below: 1, pool: None };
    bench.store.control.queues().delete(delete).await.expect("the record is deleted");

    assert_eq!(names(&bench, query(&bench)).await, ["a", "c"]);
}
