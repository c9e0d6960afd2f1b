use serde_json::{Value, json};
use sukkal_spec::{Operation, TopicDelete, TopicGet, TopicList, TopicMessageList, TopicUpdate};

use super::{call, create, on_news, post};
use crate::case::cases;
use crate::service::Service;

cases! {
    TopicCreate:
        keeps_its_metadata,
        leaves_an_existing_topic_as_it_is,
        refuses_metadata_that_breaks_the_rules,
        refuses_names_that_break_the_rules,
        refuses_names_in_paths_with_words_of_its_own needs Http;
    TopicGet:
        shows_what_means_something_to_a_topic needs Http,
        shows_a_topic_that_was_never_created;
    TopicList:
        lists_in_the_order_of_names,
        pages_through_all_of_them,
        shows_metadata_on_demand,
        filters_by_metadata_and_name needs Http,
        takes_a_count_for_a_filter needs Http,
        refuses_limits_out_of_bounds;
    TopicUpdate:
        applies_changes,
        knows_the_reserved_attributes_of_topics,
        refuses_a_topic_that_does_not_exist;
    TopicDelete:
        removes_topic_and_messages,
        is_no_error_for_a_topic_that_does_not_exist,
}

fn names(body: &Value) -> Vec<&str> {
    let topics = body["topics"].as_array().map_or(&[][..], Vec::as_slice);
    topics.iter().filter_map(|topic| topic["name"].as_str()).collect()
}

async fn keeps_its_metadata(service: &Service) {
    create(service, "news", json!({ "color": "red" })).await.expect_outcome("created");

    let shown = call(service, TopicGet, json!({})).await.expect_outcome("shown");

    assert_eq!(shown.body()["color"], "red");
}

async fn leaves_an_existing_topic_as_it_is(service: &Service) {
    create(service, "news", json!({ "color": "red" })).await.expect_outcome("created");

    create(service, "news", json!({ "color": "blue" })).await.expect_outcome("already_exists");

    let shown = call(service, TopicGet, json!({})).await;
    assert_eq!(shown.body()["color"], "red");
}

async fn refuses_metadata_that_breaks_the_rules(service: &Service) {
    for (metadata, error) in [
        (json!({ "_default_message_ttl": 59 }), "default_ttl_out_of_range"),
        (json!({ "_default_message_ttl": "x" }), "attribute_not_an_integer"),
        (json!({ "_max_messages_post_size": 0 }), "post_size_out_of_range"),
        (json!({ "x": "a".repeat(70_000) }), "metadata_too_large"),
        (json!([1]), "input_invalid"),
    ] {
        let error = if error == "metadata_too_large"
            && service.transport() == crate::service::Transport::Http
        {
            "document_too_large"
        } else {
            error
        };
        create(service, "news", metadata).await.expect_error(error);
    }
}

async fn refuses_names_that_break_the_rules(service: &Service) {
    let http = service.transport() == crate::service::Transport::Http;
    let error = if http { "topic_name_invalid" } else { "input_invalid" };
    for name in ["a".repeat(65), "a b".to_owned(), "é".to_owned(), "a/b".to_owned()] {
        // A slash makes another path, which is another error.
        if http && name.contains('/') {
            continue;
        }
        create(service, &name, json!({})).await.expect_error(error);
    }
    create(service, &"a.-_9".repeat(10), json!({})).await.expect_outcome("created");
}

async fn refuses_names_in_paths_with_words_of_its_own(service: &Service) {
    let reply = create(service, "a b", json!({})).await.expect_error("topic_name_invalid");

    assert_eq!(reply.body()["title"], "Invalid topic identification");
}

async fn shows_what_means_something_to_a_topic(service: &Service) {
    create(service, "news", json!({ "_default_message_ttl": 120 })).await;

    let shown = call(service, TopicGet, json!({})).await.expect_outcome("shown");

    let wanted = json!({
        "_default_message_ttl": 120,
        "_max_messages_post_size": 262_144,
        "_default_message_delay": 0,
    });
    assert_eq!(shown.body(), &wanted);
}

async fn shows_a_topic_that_was_never_created(service: &Service) {
    call(service, TopicGet, json!({})).await.expect_outcome("shown");

    let listed = service.call(TopicList, json!({})).await;
    assert!(names(listed.body()).is_empty());
}

async fn lists_in_the_order_of_names(service: &Service) {
    for name in ["b", "a", "c.d", "A"] {
        create(service, name, json!({})).await.expect_outcome("created");
    }

    let listed = service.call(TopicList, json!({})).await.expect_outcome("listed");

    assert_eq!(names(listed.body()), ["A", "a", "b", "c.d"]);
}

async fn pages_through_all_of_them(service: &Service) {
    for number in 0..5 {
        create(service, &format!("t{number}"), json!({})).await;
    }

    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let mut input = json!({ "limit": 2 });
        if let Some(marker) = &marker {
            input["marker"] = json!(marker);
        }
        let page = service.call(TopicList, input).await.expect_outcome("listed");
        let found = names(page.body());
        let Some(last) = found.last() else { break };
        marker = Some((*last).to_owned());
        seen.extend(found.into_iter().map(str::to_owned));
    }

    assert_eq!(seen, ["t0", "t1", "t2", "t3", "t4"]);
}

async fn shows_metadata_on_demand(service: &Service) {
    create(service, "news", json!({ "color": "red" })).await;

    let plain = service.call(TopicList, json!({})).await;
    let detailed = service.call(TopicList, json!({ "detailed": true })).await;

    assert_eq!(plain.body()["topics"][0].get("metadata"), None);
    assert_eq!(detailed.body()["topics"][0]["metadata"]["color"], "red");
}

async fn filters_by_metadata_and_name(service: &Service) {
    create(service, "news", json!({ "node": 34 })).await;
    create(service, "newspaper", json!({ "node": 35 })).await;
    create(service, "other", json!({ "node": 34 })).await;

    let by_node = service.call(TopicList, json!({ "filters": { "node": 34 } })).await;
    let by_name = service.call(TopicList, json!({ "name": "new" })).await;

    assert_eq!(names(by_node.body()), ["news", "other"]);
    assert_eq!(names(by_name.body()), ["news", "newspaper"]);
}

async fn takes_a_count_for_a_filter(service: &Service) {
    create(service, "news", json!({})).await;
    let mut request = service.request(TopicList, &json!({}));
    request.path.push_str("?with_count=true");

    let listed = service.send(TopicList::INFO, request).await.expect_outcome("listed");

    assert!(names(listed.body()).is_empty());
    assert_eq!(listed.body().get("count"), None);
}

async fn refuses_limits_out_of_bounds(service: &Service) {
    for limit in [0, -1, 21] {
        let reply = service.call(TopicList, json!({ "limit": limit })).await;
        reply.expect_error("limit_exceeded");
    }
}

async fn applies_changes(service: &Service) {
    create(service, "news", json!({ "a": 1, "b": 2 })).await;

    let changes = json!([
        { "op": "replace", "path": "/metadata/a", "value": 3 },
        { "op": "remove", "path": "/metadata/b" },
    ]);
    let updated = call(service, TopicUpdate, json!({ "changes": changes })).await;

    let updated = updated.expect_outcome("updated");
    assert_eq!((&updated.body()["a"], updated.body().get("b")), (&json!(3), None));
}

async fn knows_the_reserved_attributes_of_topics(service: &Service) {
    create(service, "news", json!({})).await;
    let remove = |name: &str| {
        let path = format!("/metadata/{name}");
        json!({ "changes": [{ "op": "remove", "path": path }] })
    };

    for name in ["_max_messages_post_size", "_default_message_ttl", "_default_message_delay"] {
        call(service, TopicUpdate, remove(name)).await.expect_outcome("updated");
    }
    for name in ["_max_claim_count", "_dead_letter_queue"] {
        call(service, TopicUpdate, remove(name)).await.expect_error("patch_key_absent");
    }
}

async fn refuses_a_topic_that_does_not_exist(service: &Service) {
    let changes = json!([{ "op": "add", "path": "/metadata/a", "value": 1 }]);

    let reply = service.call(TopicUpdate, on_news(json!({ "changes": changes }))).await;

    reply.expect_error("topic_does_not_exist").saying("Topic news does not exist");
}

async fn removes_topic_and_messages(service: &Service) {
    post(service, json!(["a", "b"])).await;

    call(service, TopicDelete, json!({})).await.expect_outcome("deleted");

    let listed = service.call(TopicList, json!({})).await;
    assert!(names(listed.body()).is_empty());
    let messages = call(service, TopicMessageList, json!({ "echo": true })).await;
    assert!(messages.expect_outcome("listed").messages().is_empty());
}

async fn is_no_error_for_a_topic_that_does_not_exist(service: &Service) {
    for _ in 0..2 {
        call(service, TopicDelete, json!({})).await.expect_outcome("deleted");
    }
}
