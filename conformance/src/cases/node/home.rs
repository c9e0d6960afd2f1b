use serde_json::json;
use sukkal_spec::Home;

use crate::case::cases;
use crate::service::Service;

cases! { Home:
    describes_every_resource_of_queues_messages_and_claims,
    is_a_document_of_its_own_type needs Http,
}

async fn describes_every_resource_of_queues_messages_and_claims(service: &Service) {
    let home = service.call(Home, json!({})).await.expect_outcome("described_to_operators");

    let resources = &home.body()["resources"];
    for name in [
        "queue_share",
        "subscriptions_get",
        "health",
        "queues",
        "queue",
        "messages",
        "post_messages",
        "claim",
        "post_claim",
        "ping",
    ] {
        let resource = &resources[format!("rel/{name}")];
        let template = resource["href-template"].as_str().or(resource["href"].as_str());
        assert!(template.is_some_and(|path| path.starts_with("/v2/")), "{name}: {resource}");
    }
}

async fn is_a_document_of_its_own_type(service: &Service) {
    let home = service.call(Home, json!({})).await.expect_outcome("described_to_operators");

    assert_eq!(home.header("content-type").as_deref(), Some("application/json-home"));
    assert_eq!(home.header("cache-control").as_deref(), Some("max-age=86400"));
}
