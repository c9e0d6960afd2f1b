use serde_json::{Value, json};
use sukkal_spec::{MessageDelete, MessageList};

use crate::case::cases;
use crate::service::Service;

cases! { MessageList:
    pages_reach_every_message_once,
    a_message_id_is_a_marker,
    a_marker_outlives_its_message,
    a_marker_that_means_nothing_gives_no_messages,
    the_next_link_keeps_what_was_asked needs Http,
    the_last_page_names_no_next_one needs Http,
}

async fn number_of(service: &Service, count: usize) -> Vec<String> {
    let messages: Vec<Value> = (0..count).map(|number| json!({ "body": number })).collect();
    service.post_messages("jobs", json!(messages)).await
}

async fn pages_reach_every_message_once(service: &Service) {
    let posted = number_of(service, 23).await;

    let mut seen = Vec::new();
    let mut input = json!({ "queue_name": "jobs", "echo": true, "limit": 5 });
    for _ in 0..10 {
        let page = service.call(MessageList, input.clone()).await.expect_outcome("listed");
        let Some(marker) = page.next_marker() else { break };
        assert!(page.message_ids().len() <= 5);
        seen.extend(page.message_ids());
        input["marker"] = marker.into();
    }

    assert_eq!(seen, posted);
}

async fn a_message_id_is_a_marker(service: &Service) {
    let ids = number_of(service, 4).await;

    let input = json!({ "queue_name": "jobs", "echo": true, "marker": ids[1] });
    let page = service.call(MessageList, input).await.expect_outcome("listed");

    assert_eq!(page.message_ids(), ids[2..]);
}

async fn a_marker_outlives_its_message(service: &Service) {
    let ids = number_of(service, 3).await;
    let input = json!({ "queue_name": "jobs", "echo": true, "limit": 2 });
    let page = service.over_http().call(MessageList, input).await.expect_outcome("listed");
    let input = json!({ "queue_name": "jobs", "message_id": ids[1] });
    service.call(MessageDelete, input).await.expect_outcome("deleted");

    let marker = page.next_marker();
    let input = json!({ "queue_name": "jobs", "echo": true, "marker": marker });
    let rest = service.call(MessageList, input).await.expect_outcome("listed");

    assert_eq!(rest.message_ids(), ids[2..]);
}

async fn a_marker_that_means_nothing_gives_no_messages(service: &Service) {
    number_of(service, 1).await;
    for marker in ["nonsense", "99999999", "00000000-0000-4000-8000-000000000000"] {
        let input = json!({ "queue_name": "jobs", "echo": true, "marker": marker });
        let page = service.call(MessageList, input).await.expect_outcome("listed");
        assert!(page.messages().is_empty(), "{marker}");
    }
}

async fn the_next_link_keeps_what_was_asked(service: &Service) {
    number_of(service, 3).await;

    let input = json!({ "queue_name": "jobs", "echo": true, "limit": 2 });
    let page = service.call(MessageList, input).await.expect_outcome("listed");

    let link = &page.body()["links"][0];
    assert_eq!(link["rel"], "next");
    let wanted = "/v2/queues/jobs/messages?limit=2&echo=true&include_delayed=true&marker=";
    assert!(link["href"].as_str().unwrap().starts_with(wanted), "{link}");
}

async fn the_last_page_names_no_next_one(service: &Service) {
    let input = json!({ "queue_name": "jobs", "echo": true });
    let page = service.call(MessageList, input).await.expect_outcome("listed");

    assert_eq!(page.body(), &json!({ "messages": [], "links": [] }));
}
