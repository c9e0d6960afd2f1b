//! Running the stages of one call.

use std::sync::Arc;
use std::time::Duration;

use sukkal_spec::raw::Cursor;
use sukkal_spec::{ApiError, RequestContext};
use sukkal_storage::{Body, BodyFormat, QueueKey, StorageError};

use super::{Answer, Call, Command, Refusal, Resource, Stage};
use crate::error::api_error;
use crate::placement::Placement;

/// How long one hook may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stages of each resource, in order.
#[derive(Clone, Default)]
pub(crate) struct Pipelines {
    pub(super) queue: Vec<Arc<dyn Stage>>,
    pub(super) message: Vec<Arc<dyn Stage>>,
    pub(super) claim: Vec<Arc<dyn Stage>>,
    pub(super) subscription: Vec<Arc<dyn Stage>>,
    pub(super) topic: Vec<Arc<dyn Stage>>,
}

impl Pipelines {
    fn of(&self, resource: Resource) -> &[Arc<dyn Stage>] {
        match resource {
            Resource::Queue => &self.queue,
            Resource::Message => &self.message,
            Resource::Claim => &self.claim,
            Resource::Subscription => &self.subscription,
            Resource::Topic => &self.topic,
        }
    }
}

/// Which call it is.
pub(crate) struct CallSite<'a> {
    pub(crate) operation: &'static str,
    pub(crate) resource: Resource,
    pub(crate) queue: &'a QueueKey,
}

/// One call on its way through a pipeline. Without stages both ways cost a comparison.
pub(crate) struct Pass<'a> {
    stages: &'a [Arc<dyn Stage>],
    call: Call<'a>,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(
        pipelines: &'a Pipelines,
        site: CallSite<'a>,
        context: &'a RequestContext,
        placement: &'a Placement,
    ) -> Self {
        let CallSite { operation, resource, queue } = site;
        let (client_id, request_id) = (&*context.client_id, &*context.request_id);
        let call = Call { resource, operation, queue, client_id, request_id, placement };
        Self { stages: pipelines.of(resource), call }
    }

    /// Shows a command to every stage.
    ///
    /// # Errors
    /// The first refusal; a stage that made a body something else than JSON is an internal error.
    pub(crate) async fn before(&self, mut command: Command<'_>) -> Result<(), ApiError> {
        for stage in self.stages {
            self.settle(stage, stage.before(&self.call, &mut command)).await?;
            if let Command::PostMessages(messages) = &command
                && !messages.iter().all(|message| is_json(&message.body))
            {
                return Err(spoiled(stage));
            }
        }
        Ok(())
    }

    /// Shows an answer to every stage, the last one first.
    ///
    /// # Errors
    /// As for [`before`](Self::before).
    pub(crate) async fn after(&self, mut answer: Answer<'_>) -> Result<(), ApiError> {
        for stage in self.stages.iter().rev() {
            self.settle(stage, stage.after(&self.call, &mut answer)).await?;
            if !answer.messages().iter().all(|message| is_json(&message.body)) {
                return Err(spoiled(stage));
            }
        }
        Ok(())
    }

    async fn settle(
        &self,
        stage: &Arc<dyn Stage>,
        hook: impl Future<Output = Result<(), Refusal>>,
    ) -> Result<(), ApiError> {
        let settled = tokio::time::timeout(PATIENCE, hook).await;
        match settled.unwrap_or_else(|_| Err(Refusal::unavailable("it takes too long"))) {
            Ok(()) => Ok(()),
            Err(Refusal::Invalid { at, problem }) => {
                let problem = match at {
                    Some(pointer) => format!("{pointer}: {problem}"),
                    None => problem,
                };
                Err(ApiError::CallRefused { stage: stage.name().to_owned(), problem })
            }
            Err(Refusal::Unavailable { reason }) => {
                let reason = format!("the stage {:?}: {reason}", stage.name());
                Err(api_error(StorageError::unavailable(reason)))
            }
        }
    }
}

fn is_json(body: &Body) -> bool {
    let read = |mut cursor: Cursor<'_>| cursor.skip().and_then(|()| cursor.end());
    body.format == BodyFormat::Json && Cursor::new(&body.bytes).and_then(read).is_ok()
}

fn spoiled(stage: &Arc<dyn Stage>) -> ApiError {
    tracing::error!(stage = stage.name(), "a stage made a body that is not JSON");
    ApiError::Internal
}
