use serde_json::json;
use sukkal_spec::WebhookKeys;

use crate::case::cases;
use crate::service::Service;

cases! { WebhookKeys:
    lists_public_keys_and_nothing_private needs Http,
    needs_nobodys_name needs Http,
}

async fn lists_public_keys_and_nothing_private(service: &Service) {
    let listed = service.call(WebhookKeys, json!({})).await.expect_outcome("listed");

    for key in listed.body()["keys"].as_array().unwrap() {
        assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")), "{key}");
        assert!(key.get("d").is_none(), "{key}");
    }
}

async fn needs_nobodys_name(service: &Service) {
    let mut request = service.request(WebhookKeys, &json!({}));
    request.headers.clear();

    let listed = service.send(<WebhookKeys as sukkal_spec::Operation>::INFO, request).await;

    listed.expect_outcome("listed");
}
