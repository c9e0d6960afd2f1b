//! Encryption at rest, on every driver: what lies in the store, and what servers with other keys make of it.

mod matrix;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};
use matrix::{Matrix, Server, ignored};
use serde_json::{Value, json};
use sukkal_conformance::service::{Service, Transport};
use sukkal_server::Stages;
use sukkal_server::clock::Clock;
use sukkal_spec::{
    ClaimCreate, ClaimGet, MessageGet, MessageGetMany, MessageList, MessagePop, MessagePost,
    QueueGetStats, TopicCreate, TopicGetStats, TopicMessageList, TopicMessagePost,
};
use sukkal_storage::{BodyFormat, ListMessages, Message, QueueKey};

const SECRET: &str = "4111-1111";
/// Two keys: that of the profile, and another one.
const TESTS: &str = "encryption.keys.tests";
const OTHER: &str = "9d1f04c7b26e83a5f0574cde18a96b3275e0c2df4168b9a37bd20e5f9c8461ea";

type Running<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;
type Case = (&'static str, fn(&Server) -> Running<'_>);

const CASES: [Case; 7] = [
    ("the_store_holds_nothing_readable", |server| Box::pin(nothing_readable(server))),
    ("every_way_of_reading_shows_plaintext", |server| Box::pin(plaintext(server))),
    ("old_keys_read_and_the_active_one_writes", |server| Box::pin(rotation(server))),
    ("a_missing_key_hides_only_its_messages", |server| Box::pin(missing_key(server))),
    ("popping_without_the_key_loses_nothing", |server| Box::pin(pop_without_key(server))),
    ("topics_encrypt_as_well", |server| Box::pin(topics(server))),
    ("without_a_key_nothing_is_stored", |server| Box::pin(no_key(server))),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let matrix = Arc::new(Matrix::start(Clock::system));
    let mut trials = Vec::new();
    for at in 0..matrix.drivers.len() {
        let name = matrix.drivers[at].name;
        for (case, run) in CASES {
            let shared = Arc::clone(&matrix);
            let trial = Trial::ignorable_test(format!("encryption::{case}"), move || {
                match &shared.drivers[at].server {
                    Ok(server) => shared.runtime.block_on(run(server)),
                    Err(reason) => return ignored(reason),
                }
                Ok(Completion::Completed)
            });
            trials.push(trial.with_kind(name));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(matrix) = Arc::into_inner(matrix) {
        matrix.stop();
    }
    conclusion.exit_code()
}

/// A queue that encrypts, of a new project.
async fn vault(server: &Server) -> Service {
    let service = server.service(Transport::Http);
    service.create_queue("vault", json!({ "_enable_encrypt_messages": true })).await;
    service
}

/// A server with other settings on the same store.
async fn beside(server: &Server, changes: &[(&str, &str)]) -> Server {
    let stages = Stages::default();
    Box::pin(Server::start_on(&server.store, &stages, Clock::system(), changes)).await
}

/// A server that reads with a key of the same id as that of the profile, which is not that key.
async fn with_other_key(server: &Server) -> Server {
    beside(server, &[(TESTS, OTHER)]).await
}

fn as_seen_by(other: &Server, service: &Service) -> Service {
    other.service(Transport::Http).in_project(service.project())
}

/// What lies in the store.
async fn stored(server: &Server, service: &Service, queue: &str) -> Vec<Message> {
    stored_in(server, QueueKey::new(service.project(), queue)).await
}

async fn stored_in(server: &Server, queue: QueueKey) -> Vec<Message> {
    let query = ListMessages {
        queue,
        after: None,
        limit: 100,
        include_claimed: true,
        include_delayed: true,
        exclude_client: None,
        now: Clock::system().now(),
    };
    server.store.data.messages().list(query).await.expect("the store answers")
}

async fn bodies(service: &Service, queue: &str) -> Vec<Value> {
    let input = json!({ "queue_name": queue, "echo": true, "include_claimed": true });
    service.call(MessageList, input).await.expect_outcome("listed").message_bodies()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn nothing_readable(server: &Server) {
    for transport in Transport::ALL {
        let service = vault(server).await;
        let over = server.service(transport).in_project(service.project());
        over.post_messages("vault", json!([{ "body": SECRET }, { "body": { "n": SECRET } }])).await;
        over.post("open", [SECRET]).await;

        let vault = stored(server, &service, "vault").await;
        let open = stored(server, &service, "open").await;

        assert_eq!(vault.len(), 2);
        for message in vault {
            assert_eq!(message.body.format, BodyFormat::Encrypted);
            assert!(!contains(&message.body.bytes, SECRET));
        }
        assert!(contains(&open[0].body.bytes, SECRET));
    }
}

async fn plaintext(server: &Server) {
    let sum = beside(server, &[("enable_checksum", "true")]).await;
    let service = as_seen_by(&sum, &vault(server).await);
    let messages = json!([{ "body": "str" }, { "body": { "b": 1, "a": "é" } }, { "body": "" }]);
    let ids = service.post_messages("vault", messages).await;
    let bodies = [json!("str"), json!({ "b": 1, "a": "é" }), json!("")];
    let queue = |more: Value| {
        let mut input = json!({ "queue_name": "vault" });
        for (name, value) in more.as_object().expect("further fields") {
            input[name] = value.clone();
        }
        input
    };

    let listed = service.call(MessageList, queue(json!({ "echo": true }))).await;
    let one = service.call(MessageGet, queue(json!({ "message_id": ids[1] }))).await;
    let many = service.call(MessageGetMany, queue(json!({ "message_ids": ids }))).await;
    let stats = service.call(QueueGetStats, queue(json!({}))).await;
    let claimed = service.call(ClaimCreate, queue(json!({ "limit": 2 }))).await;
    let claim = service.call(ClaimGet, queue(json!({ "claim_id": claimed.claim_id() }))).await;
    let popped = service.call(MessagePop, queue(json!({ "pop": 1 }))).await;

    assert_eq!(listed.message_bodies(), bodies);
    assert_eq!(listed.messages()[0]["checksum"], "MD5:767e2d7912ebefdfe18495ed53635fc8");
    assert_eq!(listed.messages()[1]["checksum"], "MD5:b9622a81c98224c56eb3afdd8f51b202");
    assert_eq!(one.message_bodies(), bodies[1..2]);
    assert_eq!(many.message_bodies(), bodies);
    assert_eq!(stats.body()["messages"]["oldest"]["body"], bodies[0]);
    assert_eq!(stats.body()["messages"]["newest"]["body"], bodies[2]);
    assert_eq!(claimed.message_bodies(), bodies[..2]);
    assert_eq!(claim.message_bodies(), bodies[..2]);
    assert_eq!(popped.message_bodies(), bodies[2..]);
    assert!(stored(server, &service, "vault").await.iter().all(|each| each.checksum.is_none()));
}

async fn rotation(server: &Server) {
    let service = vault(server).await;
    let changes = [("encryption.keys.new", OTHER), ("encryption.active_key", "new")];
    let rotated = as_seen_by(&beside(server, &changes).await, &service);
    service.post("vault", ["old"]).await;
    rotated.post("vault", ["new"]).await;

    assert_eq!(bodies(&rotated, "vault").await, ["old", "new"]);
    assert_eq!(bodies(&service, "vault").await, ["old"]);
}

async fn missing_key(server: &Server) {
    let service = vault(server).await;
    let other = as_seen_by(&with_other_key(server).await, &service);
    let mine = service.post("vault", ["mine"]).await.remove(0);

    let get = json!({ "queue_name": "vault", "message_id": mine });
    other.call(MessageGet, get).await.expect_error("message_unreadable");
    let list = json!({ "queue_name": "vault", "echo": true });
    let alone = other.call(MessageList, list).await.expect_error("message_unreadable");
    assert_eq!(alone.header("retry-after").as_deref(), Some("60"));
    let stats = other.call(QueueGetStats, json!({ "queue_name": "vault" })).await;
    assert_eq!(stats.expect_outcome("counted").counts(), [Some(0), Some(1), Some(1)]);

    other.post("vault", ["theirs"]).await;
    assert_eq!(bodies(&other, "vault").await, ["theirs"]);
    let claimed = other.call(ClaimCreate, json!({ "queue_name": "vault" })).await;
    assert_eq!(claimed.expect_outcome("claimed").message_bodies(), ["theirs"]);
    assert_eq!(bodies(&service, "vault").await, ["mine"]);
}

async fn pop_without_key(server: &Server) {
    let service = vault(server).await;
    let other = as_seen_by(&with_other_key(server).await, &service);
    let ids = service.post("vault", ["a", "b"]).await;
    let pop = json!({ "queue_name": "vault", "pop": 2 });

    other.call(MessagePop, pop.clone()).await.expect_error("message_unreadable");

    let many = json!({ "queue_name": "vault", "message_ids": ids });
    let kept = service.call(MessageGetMany, many).await.expect_outcome("shown");
    assert_eq!(kept.message_bodies(), ["a", "b"]);
    other.post("vault", ["c"]).await;
    let some = other.call(MessagePop, json!({ "queue_name": "vault", "pop": 3 })).await;
    assert_eq!(some.expect_outcome("popped").message_bodies(), ["c"]);
    let popped = service.call(MessagePop, pop).await.expect_outcome("popped");
    assert_eq!(popped.message_bodies(), ["a", "b"]);
}

async fn topics(server: &Server) {
    for transport in Transport::ALL {
        let service = server.service(transport);
        let metadata = json!({ "_enable_encrypt_messages": true });
        let create = json!({ "topic_name": "news", "metadata": metadata });
        service.call(TopicCreate, create).await.expect_outcome("created");
        let post = json!({ "topic_name": "news", "messages": [{ "body": SECRET }] });
        service.call(TopicMessagePost, post).await.expect_outcome("posted");

        let lying = stored_in(server, QueueKey::topic(service.project(), "news")).await;
        let list = json!({ "topic_name": "news", "echo": true });
        let listed = service.call(TopicMessageList, list).await.expect_outcome("listed");
        let stats = service.call(TopicGetStats, json!({ "topic_name": "news" })).await;

        assert_eq!(lying[0].body.format, BodyFormat::Encrypted);
        assert!(!contains(&lying[0].body.bytes, SECRET));
        assert_eq!(listed.message_bodies(), [SECRET]);
        assert_eq!(stats.body()["messages"]["newest"]["body"], SECRET);
    }
}

async fn no_key(server: &Server) {
    let none = Box::pin(Server::start_bare(&server.store, Clock::system())).await;
    let service = none.service(Transport::Http);
    service.create_queue("vault", json!({ "_enable_encrypt_messages": true })).await;

    for transport in Transport::ALL {
        let over = none.service(transport).in_project(service.project());
        let post = json!({ "queue_name": "vault", "messages": [{ "body": SECRET }] });
        over.call(MessagePost, post).await.expect_error("encryption_key_missing");
    }
    service.post("open", ["still works"]).await;

    assert!(stored(server, &service, "vault").await.is_empty());
}
