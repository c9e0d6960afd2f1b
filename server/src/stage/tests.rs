use std::sync::{Arc, Mutex};

use bytes::Bytes;
use sukkal_spec::{ApiError, RequestContext, Turn};
use sukkal_storage::{Body, NewMessage, QueueKey, Store};
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::config::PipelinesConfig;
use crate::placement::Placement;
use crate::testing::Fake;

type Log = Arc<Mutex<Vec<String>>>;

/// Writes down when it is called, and does to bodies or refuses what a test wants.
struct Probe {
    name: &'static str,
    log: Log,
    body: Option<&'static str>,
    refusal: Option<Refusal>,
}

impl Probe {
    fn new(name: &'static str, log: &Log) -> Self {
        Self { name, log: Arc::clone(log), body: None, refusal: None }
    }

    fn note(&self, hook: &str, call: &Call<'_>) {
        self.log.lock().unwrap().push(format!("{} {hook} {}", self.name, call.operation));
    }
}

#[async_trait]
impl Stage for Probe {
    fn name(&self) -> &str {
        self.name
    }

    async fn before(&self, call: &Call<'_>, command: &mut Command<'_>) -> Result<(), Refusal> {
        self.note("before", call);
        if let (Command::PostMessages(messages), Some(body)) = (command, self.body) {
            for message in messages.iter_mut() {
                message.body = Body::json(body);
            }
        }
        self.refusal.clone().map_or(Ok(()), Err)
    }

    async fn after(&self, call: &Call<'_>, _answer: &mut Answer<'_>) -> Result<(), Refusal> {
        self.note("after", call);
        Ok(())
    }
}

fn named(names: &[&str]) -> PipelinesConfig {
    let message = names.iter().map(|name| (*name).to_owned()).collect();
    PipelinesConfig { message, ..PipelinesConfig::default() }
}

fn message() -> NewMessage {
    NewMessage {
        id: Uuid::from_u128(1),
        ttl: 60,
        delay_until: None,
        body: Body::json("1"),
        checksum: None,
        attributes: Bytes::new(),
    }
}

/// Runs a post through the pipeline of these stages; both ways, if it is let through.
async fn post(stages: Stages, names: &[&str]) -> Result<Bytes, ApiError> {
    let pipelines = stages.pipelines(&named(names)).unwrap();
    let fake = Arc::new(Fake::default());
    let placement = Placement::new(Store { control: fake.clone(), data: fake }, Clock::manual(0));
    let context = RequestContext {
        project_id: "project".into(),
        client_id: "client".into(),
        user_id: None,
        roles: Default::default(),
        own_address: None,
        grant: None,
        request_id: "request".into(),
        document_bytes: 0,
        turn: Turn::default(),
    };
    let queue = QueueKey::new("project", "jobs");
    let site = CallSite { operation: "message_post", resource: Resource::Message, queue: &queue };
    let pass = Pass::new(&pipelines, site, &context, &placement);
    let mut messages = [message()];
    pass.before(Command::PostMessages(&mut messages)).await?;
    pass.after(Answer::Posted(&[messages[0].id])).await?;
    Ok(messages[0].body.bytes.clone())
}

#[tokio::test]
async fn stages_run_in_order_and_back_in_the_opposite_order() {
    let log = Log::default();
    let stages = Stages::default().with(Probe::new("one", &log)).with(Probe::new("two", &log));

    post(stages, &["two", "one"]).await.unwrap();

    let wanted = [
        "two before message_post",
        "one before message_post",
        "one after message_post",
        "two after message_post",
    ];
    assert_eq!(*log.lock().unwrap(), wanted);
}

#[tokio::test]
async fn a_stage_that_is_not_named_is_not_called() {
    let log = Log::default();
    let stages = Stages::default().with(Probe::new("one", &log)).with(Probe::new("two", &log));

    post(stages, &["two"]).await.unwrap();

    assert!(log.lock().unwrap().iter().all(|line| line.starts_with("two")));
}

#[tokio::test]
async fn a_refusal_ends_the_call_and_says_where_and_why() {
    let log = Log::default();
    let refusal = Some(Refusal::invalid_at("/messages/0/body", "is too blue"));
    let first = Probe { refusal, ..Probe::new("one", &log) };
    let stages = Stages::default().with(first).with(Probe::new("two", &log));

    let refused = post(stages, &["one", "two"]).await.unwrap_err();

    let problem = "/messages/0/body: is too blue".to_owned();
    assert_eq!(refused, ApiError::CallRefused { stage: "one".to_owned(), problem });
    assert_eq!(*log.lock().unwrap(), ["one before message_post"]);
}

#[tokio::test]
async fn a_stage_that_cannot_work_makes_the_service_unavailable() {
    let refusal = Some(Refusal::unavailable("its scanner is away"));
    let stages = Stages::default().with(Probe { refusal, ..Probe::new("one", &Log::default()) });

    let refused = post(stages, &["one"]).await.unwrap_err();

    assert!(matches!(refused, ApiError::StorageUnavailable { .. }));
}

#[tokio::test]
async fn a_body_may_become_other_json_but_nothing_else() {
    let with_body = |body| {
        Stages::default().with(Probe { body: Some(body), ..Probe::new("one", &Log::default()) })
    };

    assert_eq!(post(with_body("{\"a\": 1}"), &["one"]).await.unwrap(), "{\"a\": 1}");
    for spoiled in ["", "{", "1 2", "1e400"] {
        assert_eq!(post(with_body(spoiled), &["one"]).await, Err(ApiError::Internal));
    }
}

#[tokio::test]
async fn the_notifier_of_the_service_we_match_may_be_named_and_does_nothing() {
    let log = Log::default();
    let stages = Stages::default().with(Probe::new("one", &log));

    post(stages, &["zaqar.notification.notifier", "one"]).await.unwrap();

    assert_eq!(*log.lock().unwrap(), ["one before message_post", "one after message_post"]);
}

#[test]
fn a_name_that_is_not_registered_is_refused_with_the_nearest() {
    let stages = Stages::default().with(Probe::new("uppercase", &Log::default()));

    let unknown = stages.check(&named(&["upercase"])).unwrap_err().to_string();
    let twice = stages.check(&named(&["uppercase", "uppercase"])).unwrap_err().to_string();
    let again = stages.with(Probe::new("uppercase", &Log::default()));

    assert_eq!(
        unknown,
        "storage.message_pipeline: no stage is called \"upercase\"; the nearest is \"uppercase\""
    );
    assert_eq!(twice, "storage.message_pipeline: the stage \"uppercase\" is named twice");
    let again = again.check(&named(&[])).unwrap_err().to_string();
    assert_eq!(again, "two stages are called \"uppercase\"");
}
