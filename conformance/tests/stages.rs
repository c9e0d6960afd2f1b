//! Stages of one's own in the real server.

mod matrix;

use async_trait::async_trait;
use matrix::{Server, manual_clock};
use serde_json::json;
use sukkal_conformance::service::{Service, Transport};
use sukkal_server::Stages;
use sukkal_server::stage::{Answer, Call, Command, Refusal, Stage};
use sukkal_spec::{
    ClaimCreate, ClaimGet, MessageDelete, MessageDeleteMany, MessageGet, MessageGetMany,
    MessageList, MessagePop, MessagePost, QueueCreate, QueueDelete, QueueGet, QueueList,
    QueueUpdate, SubscriptionCreate, SubscriptionDelete, SubscriptionGet, SubscriptionList,
    SubscriptionUpdate, TopicCreate, TopicGet, TopicMessageList, TopicMessagePost,
};
use sukkal_storage::Body;

/// Stores bodies the other way round, and refuses what calls itself secret.
struct Mirror;

fn mirrored(body: &Body) -> Body {
    let text: String = serde_json::from_slice(&body.bytes).expect("the tests post texts");
    Body::json(json!(text.chars().rev().collect::<String>()).to_string())
}

#[async_trait]
impl Stage for Mirror {
    fn name(&self) -> &str {
        "mirror"
    }

    async fn before(&self, _: &Call<'_>, command: &mut Command<'_>) -> Result<(), Refusal> {
        let Command::PostMessages(messages) = command else { return Ok(()) };
        for (at, message) in messages.iter_mut().enumerate() {
            if message.body.bytes.starts_with(b"\"secret") {
                let place = format!("/messages/{at}/body");
                return Err(Refusal::invalid_at(place, "secrets are not for queues"));
            }
            message.body = mirrored(&message.body);
        }
        Ok(())
    }

    async fn after(&self, call: &Call<'_>, answer: &mut Answer<'_>) -> Result<(), Refusal> {
        let messages = match answer {
            Answer::Messages(messages) => &mut **messages,
            Answer::Claim(claim) => &mut claim.messages,
            _ => return Ok(()),
        };
        // A reader that knows what it does sees what is stored.
        if call.client_id != "00000000-0000-0000-0000-000000000000" {
            messages.iter_mut().for_each(|message| message.body = mirrored(&message.body));
        }
        Ok(())
    }
}

/// Refuses every call on what is called `forbidden`.
struct Gate;

#[async_trait]
impl Stage for Gate {
    fn name(&self) -> &str {
        "gate"
    }

    async fn before(&self, call: &Call<'_>, _: &mut Command<'_>) -> Result<(), Refusal> {
        match &*call.queue.name {
            "forbidden" => Err(Refusal::invalid(format!("no {} here", call.operation))),
            _ => Ok(()),
        }
    }

    async fn after(&self, _: &Call<'_>, answer: &mut Answer<'_>) -> Result<(), Refusal> {
        if let Answer::Queues(queues) = answer {
            queues.retain(|queue| &*queue.name != "forbidden");
        }
        Ok(())
    }
}

async fn server(changes: &[(&str, &str)]) -> Server {
    let stages = Stages::default().with(Mirror).with(Gate);
    let store = sukkal_storage_memory::open();
    Box::pin(Server::start_on(&store, &stages, manual_clock(), changes)).await
}

fn services(server: &Server) -> impl Iterator<Item = Service> {
    Transport::ALL.into_iter().map(|transport| server.service(transport))
}

#[tokio::test]
async fn a_stage_changes_bodies_on_their_way_in_and_out() {
    let changes = [("storage.message_pipeline", "mirror"), ("storage.claim_pipeline", "mirror")];
    let server = server(&changes).await;

    for service in services(&server) {
        let ids = service.post("jobs", ["abc", "def"]).await;
        let raw = service.as_client("00000000-0000-0000-0000-000000000000");
        let list = json!({ "queue_name": "jobs", "echo": true });
        let get = json!({ "queue_name": "jobs", "message_id": ids[0] });
        let many = json!({ "queue_name": "jobs", "message_ids": ids });
        let one = json!({ "queue_name": "jobs", "limit": 1 });

        let stored = raw.call(MessageList, list.clone()).await.expect_outcome("listed");
        assert_eq!(stored.message_bodies(), ["cba", "fed"]);
        let listed = service.call(MessageList, list).await.expect_outcome("listed");
        assert_eq!(listed.message_bodies(), ["abc", "def"]);
        assert_eq!(service.call(MessageGet, get).await.message_bodies(), ["abc"]);
        assert_eq!(service.call(MessageGetMany, many).await.message_bodies(), ["abc", "def"]);
        let claimed = service.call(ClaimCreate, one).await.expect_outcome("claimed");
        assert_eq!(claimed.message_bodies(), ["abc"]);
        let claim = json!({ "queue_name": "jobs", "claim_id": claimed.claim_id() });
        assert_eq!(service.call(ClaimGet, claim).await.message_bodies(), ["abc"]);
        let popped = service.call(MessagePop, json!({ "queue_name": "jobs", "pop": 2 })).await;
        assert_eq!(popped.expect_outcome("popped").message_bodies(), ["def"]);
    }
}

#[tokio::test]
async fn a_refused_post_says_where_and_why_and_stores_nothing() {
    let server = server(&[("storage.message_pipeline", "mirror")]).await;

    for service in services(&server) {
        let messages = json!([{ "body": "a" }, { "body": "secret plan" }]);
        let input = json!({ "queue_name": "jobs", "messages": messages });

        let refused = service.call(MessagePost, input).await.expect_error("call_refused");

        refused.saying("/messages/1/body: secrets are not for queues");
        let list = json!({ "queue_name": "jobs", "echo": true });
        let listed = service.call(MessageList, list).await.expect_outcome("listed");
        assert!(listed.messages().is_empty());
    }
}

#[tokio::test]
async fn each_pipeline_sees_the_calls_of_its_resource() {
    let server = server(&[("storage.queue_pipeline", "gate")]).await;

    for service in services(&server) {
        service.create_queue("jobs", json!({})).await;
        service.post("forbidden", ["posts are no calls on queues"]).await;
        let queue = json!({ "queue_name": "forbidden" });
        let create = json!({ "queue_name": "forbidden", "metadata": {} });

        let refused = service.call(QueueCreate, create).await.expect_error("call_refused");
        refused.saying("no queue_create here");
        service.call(QueueGet, queue.clone()).await.expect_error("call_refused");
        service.call(QueueDelete, queue.clone()).await.expect_error("call_refused");
        let changes = json!([{ "op": "add", "path": "/metadata/a", "value": 1 }]);
        let update = json!({ "queue_name": "forbidden", "changes": changes });
        service.call(QueueUpdate, update).await.expect_error("call_refused");
        let listed = service.call(QueueList, json!({})).await.expect_outcome("listed");
        assert_eq!(listed.queue_names(), ["jobs"]);
    }
}

#[tokio::test]
async fn messages_are_kept_from_a_stage_that_refuses() {
    let server = server(&[("storage.message_pipeline", "gate")]).await;

    for service in services(&server) {
        let id = "01890000-0000-7000-8000-000000000000";
        let queue = json!({ "queue_name": "forbidden" });
        let one = json!({ "queue_name": "forbidden", "message_id": id });
        let many = json!({ "queue_name": "forbidden", "message_ids": [id] });
        let pop = json!({ "queue_name": "forbidden", "pop": 1 });

        service.call(MessageList, queue).await.expect_error("call_refused");
        service.call(MessageGet, one.clone()).await.expect_error("call_refused");
        service.call(MessageDelete, one).await.expect_error("call_refused");
        service.call(MessageDeleteMany, many).await.expect_error("call_refused");
        service.call(MessagePop, pop).await.expect_error("call_refused");
    }
}

#[tokio::test]
async fn subscriptions_pass_their_own_pipeline() {
    let server = server(&[("storage.subscription_pipeline", "gate")]).await;

    for service in services(&server) {
        service.post("forbidden", ["posts are no calls on subscriptions"]).await;
        let id = "01890000-0000-7000-8000-000000000000";
        let queue = json!({ "queue_name": "forbidden" });
        let one = json!({ "queue_name": "forbidden", "subscription_id": id });
        let create = json!({ "queue_name": "forbidden", "subscriber": "http://127.0.0.1:9/" });
        let update = json!({ "queue_name": "forbidden", "subscription_id": id, "ttl": 100 });

        service.call(SubscriptionCreate, create).await.expect_error("call_refused");
        service.call(SubscriptionList, queue).await.expect_error("call_refused");
        service.call(SubscriptionGet, one.clone()).await.expect_error("call_refused");
        service.call(SubscriptionUpdate, update).await.expect_error("call_refused");
        service.call(SubscriptionDelete, one).await.expect_error("call_refused");
    }
}

#[tokio::test]
async fn topics_pass_their_own_pipeline_and_their_messages_that_of_messages() {
    let changes = [("storage.topic_pipeline", "gate"), ("storage.message_pipeline", "mirror")];
    let server = server(&changes).await;

    for service in services(&server) {
        let topic = json!({ "topic_name": "forbidden" });
        let create = json!({ "topic_name": "forbidden", "metadata": {} });
        let post = json!({ "topic_name": "news", "messages": [{ "body": "abc" }] });
        let list = json!({ "topic_name": "news", "echo": true });

        service.call(TopicCreate, create).await.expect_error("call_refused");
        service.call(TopicGet, topic).await.expect_error("call_refused");
        service.call(TopicMessagePost, post).await.expect_outcome("posted");
        let raw = service.as_client("00000000-0000-0000-0000-000000000000");
        let stored = raw.call(TopicMessageList, list.clone()).await.expect_outcome("listed");
        assert_eq!(stored.message_bodies(), ["cba"]);
        let listed = service.call(TopicMessageList, list).await.expect_outcome("listed");
        assert_eq!(listed.message_bodies(), ["abc"]);
    }
}
