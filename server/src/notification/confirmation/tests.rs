use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sukkal_storage::{Millis, SubscriptionState};
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::notification::ParcelMessage;
use crate::signature::{KeyRing, Secret, Shown};

/// 2026-01-31T12:00:00Z.
const NOW: Millis = 1_769_860_800_000;
const PATH: &str = "/v2/queues/jobs/subscriptions/00000000-0000-0000-0000-000000000007/confirm";

pub(in crate::notification) fn signatures(keys: KeyRing) -> Signatures {
    Signatures::new(keys, Clock::manual(NOW))
}

pub(in crate::notification) fn plain() -> KeyRing {
    KeyRing { secret_key: Some(Secret::new("sekret")), ..KeyRing::default() }
}

pub(in crate::notification) fn parcel(
    queue: QueueKey,
    kind: EntryKind,
    subscriber: &str,
) -> Parcel {
    let subscription = Subscription {
        id: Uuid::from_u128(7),
        subscriber: subscriber.to_owned(),
        ttl: 600,
        options: Bytes::from_static(b"{}"),
        is_confirmed: false,
        is_follower: false,
        state: SubscriptionState::Active,
        created_at: NOW,
        expires_at: NOW + 600_000,
    };
    Parcel {
        queue,
        subscription: Arc::new(subscription),
        kind,
        message: ParcelMessage {
            id: Uuid::from_u128(1),
            ttl: 600,
            delay: None,
            posted_at: NOW,
            body: Bytes::from_static(b"null"),
        },
        delivery_id: Uuid::from_u128(9),
        attempt: 1,
        now: NOW,
    }
}

fn jobs(kind: EntryKind) -> Parcel {
    parcel(QueueKey::new("p 1", "jobs"), kind, "http://127.0.0.1:1/hook")
}

pub(in crate::notification) fn settings() -> ConfirmationSettings {
    ConfirmationSettings { default_ttl: 3600, ..ConfirmationSettings::default() }
}

fn confirmations(settings: ConfirmationSettings) -> Confirmations {
    Confirmations::new(settings, signatures(plain()))
}

fn members(json: &Bytes) -> Vec<(String, Value)> {
    let document: serde_json::Map<String, Value> = serde_json::from_slice(json).unwrap();
    document.into_iter().collect()
}

#[test]
fn a_request_has_the_members_clients_know_in_their_order() {
    let request = confirmations(settings()).request(&jobs(EntryKind::Confirm)).unwrap();

    let wanted = [
        ("Message_Type", json!("SubscriptionConfirmation")),
        ("Message", json!("You have chosen to subscribe to the queue: jobs")),
        ("URL-Signature", json!(request.signature)),
        ("URL-Methods", json!("PUT")),
        ("URL-Paths", json!(PATH)),
        ("X-Project-ID", json!("p 1")),
        ("URL-Expires", json!("2026-01-31T12:10:00")),
        ("SubscribeBody", json!({ "confirmed": true })),
        ("UnsubscribeBody", json!({ "confirmed": false })),
        ("queue_name", json!("jobs")),
    ];
    assert_eq!(members(&request.json()), wanted.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn configured_endpoints_are_joined_with_the_path() {
    let settings = ConfirmationSettings {
        public_endpoint: Some("https://queues.example.com/base/".to_owned()),
        public_websocket_endpoint: Some("wss://queues.example.com".to_owned()),
        ..settings()
    };
    let request = confirmations(settings).request(&jobs(EntryKind::Confirm)).unwrap();

    let members = members(&request.json());
    let urls = [
        ("WSGISubscribeURL", "https://queues.example.com/base"),
        ("WebSocketSubscribeURL", "wss://queues.example.com"),
    ];
    for (at, (name, base)) in urls.into_iter().enumerate() {
        assert_eq!(members[at], (name.to_owned(), json!(format!("{base}{PATH}"))));
    }
}

#[test]
fn who_unsubscribed_is_told_how_to_come_back() {
    let topic = QueueKey::topic("p", "news");
    let parcel = parcel(topic, EntryKind::Unsubscribe, "http://127.0.0.1:1/hook");
    let request = confirmations(settings()).request(&parcel).unwrap();

    let members: BTreeMap<String, Value> = members(&request.json()).into_iter().collect();
    assert_eq!(members["Message_Type"], "UnsubscribeConfirmation");
    assert_eq!(
        members["Message"],
        "You have unsubscribed successfully to the topic: news, you can resubscribe it by using confirmed=True."
    );
    assert_eq!(members["URL-Expires"], "2026-01-31T13:00:00");
    assert!(members["URL-Paths"].as_str().is_some_and(|path| path.starts_with("/v2/topics/news/")));
}

#[test]
fn the_grant_admits_confirming_this_subscription_and_nothing_else() {
    let request = confirmations(settings()).request(&jobs(EntryKind::Confirm)).unwrap();
    let shown = Shown {
        signature: &request.signature,
        expires: Some(&request.expires),
        methods: vec![&request.methods],
        paths: vec![&request.path],
        project: Some("p 1"),
        ..Shown::default()
    };
    let signatures = signatures(plain());

    assert!(signatures.admits(&shown, "PUT", PATH));
    assert!(!signatures.admits(&shown, "GET", PATH));
    let other = PATH.replace("07/", "08/");
    assert!(!signatures.admits(&shown, "PUT", &other));
    assert!(!signatures.admits(&Shown { project: Some("p"), ..shown.clone() }, "PUT", PATH));
    let later = Signatures::new(plain(), Clock::manual(NOW + 600_000));
    assert!(!later.admits(&shown, "PUT", PATH));
}

#[test]
fn keys_of_the_ring_sign_where_there_is_no_other_and_bounds_hold() {
    let keys = KeyRing {
        keys: [("2025", "a"), ("2026", "b"), ("2027", "c")]
            .map(|(id, text)| (id.to_owned(), Secret::new(text)))
            .into(),
        revoked_keys: ["2027".to_owned()].into(),
        max_lifetime: Some(60),
        ..KeyRing::default()
    };
    let confirmations = Confirmations::new(settings(), signatures(keys));
    let request = confirmations.request(&jobs(EntryKind::Confirm)).unwrap();

    let members: BTreeMap<String, Value> = members(&request.json()).into_iter().collect();
    assert_eq!(members["URL-Key-Id"], "2026");
    assert_eq!(members["URL-Issued"], "2026-01-31T12:00:00");
    assert_eq!(members["URL-Expires"], "2026-01-31T12:01:00");
    assert!(request.page_url("https://a").ends_with("&Key-Id=2026&Issued=2026-01-31T12%3A00%3A00"));
}

#[test]
fn nothing_is_asked_without_a_key() {
    let confirmations = Confirmations::new(settings(), signatures(KeyRing::default()));

    assert!(!confirmations.can_sign());
    let told = confirmations.request(&jobs(EntryKind::Confirm)).map(|_| ());
    assert_eq!(told, Err(NotSigned::NoKey));
}

#[test]
fn a_grant_is_bound_to_its_subscriber_where_only_that_confirms() {
    let settings = ConfirmationSettings { only_subscriber: true, ..settings() };
    let request = confirmations(settings).request(&jobs(EntryKind::Confirm)).unwrap();

    let methods: Vec<String> = request.methods.split(',').map(str::to_owned).collect();
    assert!(methods.contains(&"PUT".to_owned()));
    assert!(is_of("http://127.0.0.1:1/hook", &methods));
    assert!(!is_of("http://127.0.0.1:1/other", &methods));
}

#[test]
fn the_url_of_a_page_carries_everything_encoded() {
    let settings = ConfirmationSettings {
        public_endpoint: Some("https://q.example.com".to_owned()),
        ..settings()
    };
    let request = confirmations(settings).request(&jobs(EntryKind::Confirm)).unwrap();

    let path = PATH.replace('/', "%2F");
    let wanted = format!(
        "https://page.example.com/?a=b&Signature={}&Methods=PUT&Paths={path}&Project=p%201&Expires=2026-01-31T12%3A10%3A00&Url=https%3A%2F%2Fq.example.com{path}&Queue=jobs",
        request.signature
    );
    assert_eq!(request.page_url("https://page.example.com/?a=b"), wanted);
    assert!(request.page_url("https://p").starts_with("https://p?Signature="));
}

#[test]
fn the_link_of_a_mail_ends_its_subscription_and_nothing_else() {
    let with = |public_endpoint: Option<&str>| {
        let public_endpoint = public_endpoint.map(str::to_owned);
        confirmations(ConfirmationSettings { public_endpoint, ..settings() })
    };
    let parcel = jobs(EntryKind::Post);

    let url = with(Some("https://q.example.com/")).unsubscribe_url(&parcel).unwrap();

    let path = PATH.replace("confirm", "unsubscribe");
    let start = format!(
        "https://q.example.com{path}?project=p%201&expires=2026-01-31T12%3A10%3A00&signature="
    );
    let signature = url.strip_prefix(&start).unwrap();
    let shown = |methods| Shown {
        signature,
        expires: Some("2026-01-31T12:10:00"),
        methods,
        paths: vec![&path],
        project: Some("p 1"),
        ..Shown::default()
    };
    assert!(signatures(plain()).admits(&shown(vec!["POST"]), "POST", &path));
    assert!(!signatures(plain()).admits(&shown(vec!["PUT"]), "PUT", &path));
    assert_eq!(with(None).unsubscribe_url(&parcel), None);
    assert_eq!(with(Some("http://q.example.com")).unsubscribe_url(&parcel), None);
}

#[test]
fn who_must_agree_depends_on_the_scheme() {
    let ask = |asks_others, asks_mail| {
        confirmations(ConfirmationSettings { asks_others, asks_mail, ..settings() })
    };

    assert!(ask(false, true).asks("MailTo:a@example.com"));
    assert!(!ask(true, false).asks("mailto:a@example.com"));
    assert!(ask(true, false).asks("trust+http://a"));
    let subscription = |is_confirmed| {
        let parcel = jobs(EntryKind::Post);
        Subscription { is_confirmed, ..(*parcel.subscription).clone() }
    };
    assert!(ask(true, true).holds_back(&subscription(false)));
    assert!(!ask(true, true).holds_back(&subscription(true)));
    assert!(!ask(false, true).holds_back(&subscription(false)));
}
