use serde_json::json;
use sukkal_spec::{Operation, Versions};

use crate::case::cases;
use crate::service::Service;

cases! { Versions:
    needs_no_header_at_all,
}

async fn needs_no_header_at_all(service: &Service) {
    let mut request = service.request(Versions, &json!({}));
    request.headers.clear();

    let listed = service.send(Versions::INFO, request).await.expect_outcome("listed");

    assert_eq!(listed.body()["versions"][0]["id"], "2");
    assert_eq!(listed.body()["versions"][0]["links"][0]["href"], "/v2/");
}
