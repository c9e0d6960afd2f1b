use serde_json::json;
use sukkal_spec::{ClaimCreate, ClaimDelete, MessageList};

use crate::case::cases;
use crate::service::Service;

cases! { ClaimCreate:
    hands_out_the_oldest_first,
    releases_messages_when_the_ttl_runs_out needs Clock,
}

async fn hands_out_the_oldest_first(service: &Service) {
    let queue = service.queue_with(["a", "b", "c"]).await;

    let input = json!({ "queue_name": queue, "limit": 2 });
    let reply = service.call(ClaimCreate, input).await.expect_outcome("claimed");

    assert_eq!(reply.message_bodies(), ["a", "b"]);
}

async fn releases_messages_when_the_ttl_runs_out(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let input = json!({ "queue_name": queue, "ttl": 60 });
    service.call(ClaimCreate, input).await.expect_outcome("claimed");

    service.advance_clock(61);

    let again = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    assert_eq!(again.expect_outcome("claimed").message_bodies(), ["a"]);
}
