use serde_json::{Value, json};
use sukkal_spec::{Health, QueueList};

use crate::case::cases;
use crate::service::Service;

cases! { Health:
    tries_every_operation,
    leaves_nothing_behind,
    is_for_administrators,
    compares_roles_without_case,
    needs_nobodys_name_over_a_socket needs WebSocket,
}

const OPERATIONS: [&str; 8] = [
    "create_queue",
    "post_messages",
    "claim_messages",
    "list_messages",
    "delete_messages",
    "delete_claim",
    "bulk_delete_messages",
    "delete_queue",
];

async fn tries_every_operation(service: &Service) {
    let report = service.call(Health, json!({})).await.expect_outcome("reported");

    assert_eq!(report.body()["storage_reachable"], true);
    let status = &report.body()["operation_status"];
    for operation in OPERATIONS {
        let went = &status[operation];
        assert_eq!(went["succeeded"], true, "{operation}: {went}");
        assert!(went["seconds"].is_f64(), "{operation}: {went}");
        assert_eq!(went.get("ref"), Some(&Value::Null), "{operation}: {went}");
    }
}

async fn leaves_nothing_behind(service: &Service) {
    service.call(Health, json!({})).await.expect_outcome("reported");

    let queues = service.call(QueueList, json!({ "with_count": true })).await;
    assert!(queues.expect_outcome("listed").queue_names().is_empty());
}

async fn is_for_administrators(service: &Service) {
    for roles in ["", "member", "administrator", "admin-not", "not admin"] {
        let refused = service.with_roles(roles).call(Health, json!({})).await;
        refused.expect_error("not_authorized");
    }
}

async fn compares_roles_without_case(service: &Service) {
    for roles in ["Admin", "member, ADMIN", " admin ,"] {
        let report = service.with_roles(roles).call(Health, json!({})).await;
        report.expect_outcome("reported");
    }
}

async fn needs_nobodys_name_over_a_socket(service: &Service) {
    let info = <Health as sukkal_spec::Operation>::INFO;
    let mut frame = service.frame_for(info, None);
    frame["headers"] = json!({ "X-Roles": "admin" });
    service.exchange_frame(info, frame.clone()).await.expect_outcome("reported");

    frame["headers"] = json!({});
    service.exchange_frame(info, frame).await.expect_error("not_authorized");
}
