use serde_json::json;
use sukkal_spec::{Home, Operation, Ping};

use crate::case::cases;
use crate::service::{Service, Transport};

cases! { Ping:
    answers_while_the_store_answers,
    needs_nobodys_name_over_a_socket needs WebSocket,
}

async fn answers_while_the_store_answers(service: &Service) {
    let alive = service.call(Ping, json!({})).await.expect_outcome("alive");

    let nothing = if alive.transport() == Transport::Http { json!(null) } else { json!({}) };
    assert_eq!(alive.body(), &nothing);
}

async fn needs_nobodys_name_over_a_socket(service: &Service) {
    for (info, outcome) in [(Ping::INFO, "alive"), (Home::INFO, "described_to_operators")] {
        let mut frame = service.frame_for(info, None);
        frame["headers"] = json!({});
        service.exchange_frame(info, frame.clone()).await.expect_outcome(outcome);

        frame["headers"] = json!(null);
        service.exchange_frame(info, frame).await.expect_error("headers_invalid");
    }
}
