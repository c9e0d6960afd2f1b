use serde_json::json;
use sukkal_spec::{Authenticate, Operation, QueueList};

use crate::case::cases;
use crate::service::Service;

cases! { Authenticate:
    takes_any_token_where_nobody_is_authenticated needs WebSocket,
    repeats_no_token needs WebSocket,
    asks_for_a_token_and_a_project needs WebSocket,
}

async fn takes_any_token_where_nobody_is_authenticated(service: &Service) {
    let taken = service.call(Authenticate, json!({})).await.expect_outcome("authenticated");

    assert_eq!(taken.body(), &json!({ "message": "Authentified." }));
    service.call(QueueList, json!({})).await.expect_outcome("listed");
    service.call(Authenticate, json!({})).await.expect_outcome("authenticated");
}

async fn repeats_no_token(service: &Service) {
    let taken = service.call(Authenticate, json!({ "secret": 1 })).await;

    let request = json!({ "action": "authenticate", "body": {}, "headers": {}, "api": "v2" });
    assert_eq!(taken.expect_outcome("authenticated").request(), Some(&request));
}

async fn asks_for_a_token_and_a_project(service: &Service) {
    for header in ["X-Auth-Token", "X-Project-ID"] {
        let mut frame = service.frame(Authenticate, json!({}));
        if let Some(headers) = frame["headers"].as_object_mut() {
            headers.shift_remove(header);
        }
        let refused = service.exchange_frame(Authenticate::INFO, frame).await;
        refused.expect_error("headers_invalid");
    }
}
