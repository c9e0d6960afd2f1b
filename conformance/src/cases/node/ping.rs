use serde_json::json;
use sukkal_spec::Ping;

use crate::case::cases;
use crate::service::Service;

cases! { Ping:
    answers_while_the_store_answers,
}

async fn answers_while_the_store_answers(service: &Service) {
    let alive = service.call(Ping, json!({})).await.expect_outcome("alive");

    assert!(alive.body().is_null());
}
