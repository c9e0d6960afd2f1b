//! What other settings than those of the profile change.

mod matrix;

use matrix::{Server, manual_clock};
use serde_json::json;
use sukkal_conformance::service::{Grant, Service, Transport};
use sukkal_spec::{
    ClaimCreate, Health, Home, MessageDeleteMany, MessageGet, MessageList, MessagePop, QueueList,
    QueueShare,
};

/// A server with these settings, on the memory driver.
async fn server(changes: &[(&str, &str)]) -> Server {
    let registry = sukkal_drivers::registry();
    Box::pin(Server::start(&registry, "memory:", manual_clock(), changes)).await
}

fn services(server: &Server) -> impl Iterator<Item = Service> {
    Transport::ALL.into_iter().map(|transport| server.service(transport))
}

#[tokio::test]
async fn a_page_that_nobody_bounds_is_no_larger_than_the_largest() {
    let changes = [
        ("transport.max_queues_per_page", "3"),
        ("transport.max_messages_per_page", "2"),
        ("transport.max_messages_per_claim_or_pop", "1"),
    ];
    let server = server(&changes).await;

    for service in services(&server) {
        for name in ["a", "b", "c", "d"] {
            service.create_queue(name, json!({})).await;
        }
        service.post("a", ["1", "2", "3"]).await;
        let queues = service.call(QueueList, json!({})).await.expect_outcome("listed");
        let input = json!({ "queue_name": "a", "echo": true });
        let messages = service.call(MessageList, input).await.expect_outcome("listed");
        let claimed = service.call(ClaimCreate, json!({ "queue_name": "a" })).await;

        assert_eq!(queues.queue_names(), ["a", "b", "c"]);
        assert_eq!(messages.message_bodies(), ["1", "2"]);
        assert_eq!(claimed.expect_outcome("claimed").message_bodies(), ["1"]);
        let more = json!({ "queue_name": "a", "limit": 3 });
        service.call(MessageList, more).await.expect_error("limit_exceeded");
    }
}

#[tokio::test]
async fn deleting_asks_for_claim_ids_where_configured() {
    let server = server(&[("transport.message_delete_with_claim_id", "true")]).await;

    for service in services(&server) {
        let queue = service.queue_with(["a", "b"]).await;
        let input = json!({ "queue_name": queue, "limit": 1 });
        let claimed = service.call(ClaimCreate, input).await.expect_outcome("claimed");
        let (claim, ids) = (claimed.claim_id(), claimed.message_ids());

        let input = json!({ "queue_name": queue, "message_ids": ids });
        service.call(MessageDeleteMany, input).await.expect_error("claim_ids_required");
        let input = json!({ "queue_name": queue, "message_ids": ids, "claim_ids": [claim] });
        service.call(MessageDeleteMany, input).await.expect_outcome("deleted");

        let gone = json!({ "queue_name": queue, "message_id": ids[0] });
        service.call(MessageGet, gone).await.expect_error("message_does_not_exist");
        let input = json!({ "queue_name": queue, "pop": 1 });
        let popped = service.call(MessagePop, input).await.expect_outcome("popped");
        assert_eq!(popped.message_bodies(), ["b"]);
    }
}

#[tokio::test]
async fn client_ids_may_be_other_than_uuids_where_configured() {
    let changes = [
        ("transport.client_id_uuid_safe", "off"),
        ("transport.min_length_client_id", "5"),
        ("transport.max_length_client_id", "10"),
    ];
    let server = server(&changes).await;

    for service in services(&server) {
        let (mine, theirs) = (service.as_client("worker-1"), service.as_client("worker-2"));
        mine.post("jobs", ["a"]).await;

        let input = json!({ "queue_name": "jobs" });
        let own = mine.call(MessageList, input.clone()).await.expect_outcome("listed");
        let other = theirs.call(MessageList, input.clone()).await.expect_outcome("listed");

        assert!(own.messages().is_empty());
        assert_eq!(other.message_bodies(), ["a"]);
        for client in ["four", "eleven-----"] {
            let wrong = service.as_client(client);
            wrong.call(MessageList, input.clone()).await.expect_error("client_id_malformed");
        }
    }
}

#[tokio::test]
async fn nothing_is_shared_without_a_secret() {
    let server = server(&[("signed_url.secret_key", "")]).await;

    for service in services(&server) {
        let refused = service.call(QueueShare, json!({ "queue_name": "jobs" })).await;
        refused.expect_error("signing_key_missing");
    }
}

#[tokio::test]
async fn grants_last_no_longer_than_configured() {
    let server = server(&[("signed_url.max_lifetime", "600")]).await;

    for service in services(&server) {
        let far = json!({ "queue_name": "jobs", "expires": "2100-01-01T00:00:00" });
        service.call(QueueShare, far).await.expect_error("expiry_too_far");
        let signed = service.call(QueueShare, json!({ "queue_name": "jobs" })).await;
        let grant = Grant::read(signed.expect_outcome("signed").body());
        let list = json!({ "queue_name": "jobs" });
        service.holding(&grant).call(MessageList, list).await.expect_outcome("listed");
    }
}

#[tokio::test]
async fn keys_of_the_ring_sign_by_their_id() {
    let changes =
        [("signed_url.keys.2026", "a secret for tests"), ("signed_url.revoked_keys", "old")];
    let keys = [("signed_url.keys.old", "another secret for tests")];
    let server = server(&[changes.as_slice(), &keys].concat()).await;

    for service in services(&server) {
        let input = json!({ "queue_name": "jobs", "key_id": "2026" });
        let signed = service.call(QueueShare, input).await.expect_outcome("signed");
        let grant = Grant::read(signed.body());
        let list = json!({ "queue_name": "jobs" });

        assert_eq!(grant.key_id.as_deref(), Some("2026"));
        service.holding(&grant).call(MessageList, list.clone()).await.expect_outcome("listed");
        for key_id in [None, Some("old".to_owned())] {
            let wrong = Grant { key_id, ..grant.clone() };
            service.holding(&wrong).call(MessageList, list.clone()).await.expect_grant_refused();
        }
        let revoked = json!({ "queue_name": "jobs", "key_id": "old" });
        service.call(QueueShare, revoked).await.expect_error("signing_key_unknown");
    }
}

#[tokio::test]
async fn what_is_for_operators_does_not_exist_outside_admin_mode() {
    let server = server(&[("admin_mode", "false")]).await;

    for service in services(&server) {
        let told = service.call(Health, json!({})).await;
        let http = service.transport() == Transport::Http;
        told.expect_error(if http { "route_unknown" } else { "action_unknown" });
        let home = service.call(Home, json!({})).await.expect_outcome("described");
        assert!(home.body()["resources"]["rel/health"].is_null());
    }
}
