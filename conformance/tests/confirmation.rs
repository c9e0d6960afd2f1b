//! Asking subscribers to confirm, as they see it: what they are sent opens exactly what it should.

mod matrix;

use std::collections::HashMap;
use std::time::Duration;

use matrix::{Server, manual_clock};
use serde_json::{Value, json};
use sukkal_conformance::client::HttpRequest;
use sukkal_conformance::service::{Service, Transport};
use sukkal_server::clock::Clock;
use sukkal_server::notification::{ConfirmationSettings, Confirmations, Parcel, ParcelMessage};
use sukkal_server::signature::{KeyRing, Secret, Signatures};
use sukkal_spec::{
    QueueShare, SubscriptionConfirm, SubscriptionCreate, SubscriptionDelete, SubscriptionGet,
    SubscriptionGetAttempts, SubscriptionReplay, SubscriptionResend, SubscriptionTest,
    SubscriptionUpdate,
};
use sukkal_storage::{EntryKind, GetSubscription, LeaseWork, OutboxEntry, QueueKey};
use uuid::Uuid;

const HOOK: &str = "http://127.0.0.1:1/hook";
const OTHER: &str = "http://127.0.0.1:1/other";

/// A server and its clock.
struct Bench {
    server: Server,
    clock: Clock,
}

impl std::ops::Deref for Bench {
    type Target = Server;
    fn deref(&self) -> &Server {
        &self.server
    }
}

/// A server that asks everybody to confirm, on the memory driver.
async fn server(changes: &[(&str, &str)]) -> Bench {
    let changes = [
        &[("notification.require_confirmation", "true"), ("notification.enabled", "false")],
        changes,
    ]
    .concat();
    let registry = sukkal_drivers::registry();
    let clock = manual_clock();
    let server = Box::pin(Server::start(&registry, "memory:", clock.clone(), &changes)).await;
    Bench { server, clock }
}

fn services(server: &Bench) -> impl Iterator<Item = Service> {
    Transport::ALL.into_iter().map(|transport| server.service(transport))
}

/// What waits for subscribers of a queue: each kind with the subscription it is for.
async fn waiting(server: &Bench, service: &Service) -> Vec<OutboxEntry> {
    let command = LeaseWork {
        queue: QueueKey::new(service.project(), "jobs"),
        lease: Uuid::new_v4(),
        limit: 100,
        max_bytes: 1 << 20,
        until: i64::MAX,
        now: server.clock.now(),
    };
    server.store.data.outbox().lease_entries(command).await.expect("a lease")
}

fn kinds(entries: &[OutboxEntry]) -> Vec<EntryKind> {
    entries.iter().map(|entry| entry.kind).collect()
}

/// What the server makes requests and links with.
fn confirmations(server: &Bench, only: bool) -> Confirmations {
    let settings = ConfirmationSettings {
        asks_others: true,
        only_subscriber: only,
        public_endpoint: Some("https://q.example.com".to_owned()),
        default_ttl: 3600,
        ..ConfirmationSettings::default()
    };
    let secret_key = Some(Secret::new("for conformance only"));
    let keys = KeyRing { secret_key, ..KeyRing::default() };
    Confirmations::new(settings, Signatures::new(keys, server.clock.clone()))
}

/// An entry on its way to its one subscriber.
async fn parcel(server: &Bench, entry: &OutboxEntry) -> Parcel {
    let id = entry.only.expect("it is for one subscription");
    let now = server.clock.now();
    let query = GetSubscription { queue: entry.queue.clone(), id, now };
    let subscription = server.store.data.subscriptions().get(query).await.expect("it exists");
    Parcel {
        queue: entry.queue.clone(),
        subscription: subscription.into(),
        kind: entry.kind,
        message: ParcelMessage {
            id: entry.messages[0].id,
            ttl: 60,
            delay: None,
            posted_at: entry.posted_at,
            body: entry.messages[0].body.bytes.clone(),
        },
        delivery_id: Uuid::nil(),
        attempt: 1,
        now,
    }
}

/// The document that a webhook would be sent for an entry.
async fn sent(server: &Bench, entry: &OutboxEntry, only: bool) -> Value {
    let parcel = parcel(server, entry).await;
    let request = confirmations(server, only).request(&parcel).expect("a key signs");
    serde_json::from_slice(&request.json()).expect("JSON")
}

/// Calls the link of a mail as mail readers do: without any header of this API. Returns the status.
async fn click(service: &Service, url: &str, method: &str) -> u16 {
    let request = HttpRequest {
        method: method.to_owned(),
        path: url.strip_prefix("https://q.example.com").unwrap_or_default().to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
        body: Some(b"List-Unsubscribe=One-Click".to_vec()),
    };
    service.send_plain(&request).await.status
}

/// Answers as a subscriber does who only knows the document it was sent. Returns the status.
async fn answer(service: &Service, document: &Value, body: &str) -> u16 {
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let mut headers: Vec<(String, String)> =
        ["URL-Signature", "URL-Methods", "URL-Paths", "X-Project-ID", "URL-Expires"]
            .map(|name| (name.to_owned(), text(name)))
            .to_vec();
    headers.push(("Client-ID".to_owned(), Uuid::new_v4().to_string()));
    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    let request = HttpRequest {
        method: "PUT".to_owned(),
        path: text("URL-Paths"),
        headers,
        body: Some(document[body].to_string().into_bytes()),
    };
    service.send_plain(&request).await.status
}

async fn subscribe(service: &Service, subscriber: &str) -> String {
    let input = json!({ "queue_name": "jobs", "subscriber": subscriber, "ttl": 600 });
    let reply = service.call(SubscriptionCreate, input).await;
    reply.body()["subscription_id"].as_str().unwrap_or_default().to_owned()
}

async fn is_confirmed(service: &Service, id: &str) -> Value {
    let input = json!({ "queue_name": "jobs", "subscription_id": id });
    let reply = service.call(SubscriptionGet, input).await.expect_outcome("shown");
    reply.body()["confirmed"].clone()
}

async fn say(service: &Service, id: &str, confirmed: bool) -> sukkal_conformance::service::Reply {
    let input = json!({ "queue_name": "jobs", "subscription_id": id, "confirmed": confirmed });
    service.call(SubscriptionConfirm, input).await
}

#[tokio::test]
async fn a_subscriber_agrees_and_disagrees_with_what_it_was_sent() {
    let server = server(&[]).await;

    for service in services(&server) {
        let id = subscribe(&service, HOOK).await;
        let entries = waiting(&server, &service).await;
        let document = sent(&server, &entries[0], false).await;

        assert_eq!(kinds(&entries), [EntryKind::Confirm]);
        for _ in 0..2 {
            assert_eq!(answer(&service, &document, "SubscribeBody").await, 204);
            assert_eq!(is_confirmed(&service, &id).await, true);
        }
        assert_eq!(answer(&service, &document, "UnsubscribeBody").await, 204);
        assert_eq!(is_confirmed(&service, &id).await, false);

        let entries = waiting(&server, &service).await;
        assert_eq!(kinds(&entries), [EntryKind::Unsubscribe]);
        let document = sent(&server, &entries[0], false).await;
        assert_eq!(document["Message_Type"], "UnsubscribeConfirmation");
        assert_eq!(answer(&service, &document, "SubscribeBody").await, 204);
        assert_eq!(is_confirmed(&service, &id).await, true);
    }
}

#[tokio::test]
async fn what_was_sent_opens_nothing_else() {
    let server = server(&[]).await;
    let service = server.service(Transport::Http);
    let (mine, other) = (subscribe(&service, HOOK).await, subscribe(&service, OTHER).await);
    let entries = waiting(&server, &service).await;
    let document = sent(&server, &entries[0], false).await;

    let changes: HashMap<&str, String> = HashMap::from([
        ("URL-Paths", document["URL-Paths"].to_string().replace('"', "").replace(&mine, &other)),
        ("X-Project-ID", "another".to_owned()),
        ("URL-Expires", "2100-01-01T00:00:00".to_owned()),
        ("URL-Signature", "0".repeat(64)),
    ]);
    for (name, value) in changes {
        let mut changed = document.clone();
        changed[name] = json!(value);
        assert_eq!(answer(&service, &changed, "SubscribeBody").await, 404, "{name}");
    }
    server.clock.advance(Duration::from_secs(600));
    assert_eq!(answer(&service, &document, "SubscribeBody").await, 404);
}

#[tokio::test]
async fn who_is_subscribed_again_or_instead_is_asked_again() {
    let server = server(&[]).await;

    for service in services(&server) {
        let id = subscribe(&service, HOOK).await;
        subscribe(&service, HOOK).await;
        assert_eq!(waiting(&server, &service).await.len(), 2);
        say(&service, &id, true).await.expect_outcome("confirmed");
        subscribe(&service, HOOK).await;
        assert!(waiting(&server, &service).await.is_empty());

        let change = json!({ "queue_name": "jobs", "subscription_id": id, "subscriber": OTHER });
        service.call(SubscriptionUpdate, change).await.expect_outcome("updated");

        assert_eq!(is_confirmed(&service, &id).await, false);
        assert_eq!(kinds(&waiting(&server, &service).await), [EntryKind::Confirm]);
    }
}

#[tokio::test]
async fn where_only_subscribers_confirm_owners_cannot() {
    let server = server(&[("notification.only_subscriber_confirms", "true")]).await;

    for service in services(&server) {
        let id = subscribe(&service, HOOK).await;
        let first = waiting(&server, &service).await;
        let first = sent(&server, &first[0], true).await;
        say(&service, &id, true).await.expect_error("confirmation_needs_link");
        let share = json!({ "queue_name": "jobs", "paths": ["subscriptions"], "methods": ["PUT"] });
        let signed = service.call(QueueShare, share).await.expect_outcome("signed");
        let grant = sukkal_conformance::service::Grant::read(signed.body());
        say(&service.holding(&grant), &id, true).await.expect_error("confirmation_needs_link");

        assert_eq!(answer(&service, &first, "SubscribeBody").await, 204);
        assert_eq!(is_confirmed(&service, &id).await, true);
        say(&service, &id, false).await.expect_outcome("confirmed");

        let change = json!({ "queue_name": "jobs", "subscription_id": id, "subscriber": OTHER });
        service.call(SubscriptionUpdate, change).await.expect_outcome("updated");
        assert_eq!(answer(&service, &first, "SubscribeBody").await, 403);
        assert_eq!(is_confirmed(&service, &id).await, false);
    }
}

#[tokio::test]
async fn nobody_is_asked_without_a_key_or_unless_the_configuration_says_so() {
    let without_key = server(&[("signed_url.secret_key", "")]).await;
    let mail_only = server(&[("notification.require_confirmation", "false")]).await;
    let nobody =
        [("notification.require_confirmation", "false"), ("notification.confirm_mail", "false")];
    let nobody = server(&nobody).await;

    for (server, subscriber, asked) in [
        (&without_key, HOOK, 0),
        (&mail_only, HOOK, 0),
        (&mail_only, "mailto:a@example.com", 1),
        (&nobody, "mailto:a@example.com", 0),
    ] {
        let service = server.service(Transport::Http);
        let id = subscribe(&service, subscriber).await;
        say(&service, &id, false).await.expect_outcome("confirmed");
        assert_eq!(waiting(server, &service).await.len(), asked * 2, "{subscriber}");
    }
}

#[tokio::test]
async fn one_click_in_a_mail_ends_it_and_looking_at_the_link_does_not() {
    let asking = server(&[]).await;
    let nobody =
        [("notification.require_confirmation", "false"), ("notification.confirm_mail", "false")];
    let not_asking = server(&nobody).await;

    for (server, state) in [(&asking, "active"), (&not_asking, "disabled")] {
        let service = server.service(Transport::Http);
        let id = subscribe(&service, "mailto:a@example.com").await;
        let test = json!({ "queue_name": "jobs", "subscription_id": id });
        say(&service, &id, true).await.expect_outcome("confirmed");
        service.call(SubscriptionTest, test.clone()).await.expect_outcome("accepted");
        let entries = waiting(server, &service).await;
        let parcel = parcel(server, &entries[0]).await;
        let link = confirmations(server, false).unsubscribe_url(&parcel).expect("a link");

        assert_eq!(click(&service, &link, "GET").await, 405);
        assert_eq!(click(&service, &link.replace("jobs", "other"), "POST").await, 404);
        assert_eq!(is_confirmed(&service, &id).await, true);
        for _ in 0..2 {
            assert_eq!(click(&service, &link, "POST").await, 204);
            assert_eq!(is_confirmed(&service, &id).await, false);
        }
        let told = service.call(SubscriptionGetAttempts, test.clone()).await;
        assert_eq!(told.expect_outcome("listed").body()["state"], state);

        service.call(SubscriptionDelete, test).await.expect_outcome("deleted");
        assert_eq!(click(&service, &link, "POST").await, 204);
        server.clock.advance(Duration::from_secs(600));
        assert_eq!(click(&service, &link, "POST").await, 404);
    }
}

#[tokio::test]
async fn who_has_not_agreed_is_sent_no_test_and_nothing_once_more() {
    let server = server(&[]).await;

    for service in services(&server) {
        let message = service.post("jobs", ["a"]).await.remove(0);
        let id = subscribe(&service, HOOK).await;
        let mut input = json!({ "queue_name": "jobs", "subscription_id": id });
        let test = service.call(SubscriptionTest, input.clone()).await;
        input["message_id"] = json!(message);
        let resent = service.call(SubscriptionResend, input.clone()).await;
        input["since"] = json!("2026-01-01");
        let replayed = service.call(SubscriptionReplay, input).await;

        for refused in [test, resent, replayed] {
            refused.expect_error("subscriber_not_confirmed");
        }
        assert_eq!(kinds(&waiting(&server, &service).await), [EntryKind::Confirm]);
    }
}
