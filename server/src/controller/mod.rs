//! What the service does: one controller per resource, the same for every transport.
//!
//! No transport, no status and no driver is known here.

mod body;
mod checksum;
mod claim;
mod confirming;
mod flavor;
mod log;
mod message;
mod metadata;
mod node;
mod patch;
mod pool;
mod present;
mod queue;
mod records;
mod replay;
mod retry_policy;
mod share;
mod signing_secret;
mod subscriber;
mod subscribing;
mod subscription;
mod telling;
mod topic;
mod topic_message;
mod topic_subscription;
mod unsubscribing;

use std::sync::Arc;

use sukkal_spec::{ApiError, Limits, Operation, RequestContext};
use sukkal_storage::{DataDriver, Kind, QueueKey};

use crate::egress::Egress;
use crate::encryption::KeyRing;
use crate::error::api_error;
use crate::notification::Confirmations;
use crate::notification::follow::Followers;
use crate::notification::webhook::SigningKeys;
use crate::placement::Placement;
use crate::signature::Signatures;
use crate::stage::{CallSite, Pass, Pipelines, Resource};

pub use subscribing::SubscriptionIds;

/// The controllers, with what they work on.
pub struct Controller {
    /// Which store holds a queue.
    pub placement: Placement,
    /// The bounds in force.
    pub limits: Limits,
    /// Whether messages carry a checksum.
    pub checksums: bool,
    /// Whether deleting several messages demands the ids of their claims.
    pub claim_ids_required: bool,
    /// The schemes that subscribers may have.
    pub subscriber_types: Vec<String>,
    /// Which URLs subscribers may have.
    pub egress: Arc<Egress>,
    /// The keys that sign webhooks.
    pub webhook_keys: SigningKeys,
    /// Makes the ids of subscriptions.
    pub subscription_ids: SubscriptionIds,
    /// Keeps the subscriptions of sockets.
    pub followers: Followers,
    /// The keys of queues that encrypt.
    pub keys: Arc<KeyRing>,
    /// The stages that calls pass on their way to the stores.
    pub(crate) pipelines: Pipelines,
    /// Whether the operations meant for operators are offered.
    pub admin_mode: bool,
    /// Who must confirm, and what they are asked with.
    pub confirmations: Confirmations,
    /// Signs grants of access.
    pub signatures: Signatures,
}

impl Controller {
    fn key(&self, context: &RequestContext, queue_name: &str) -> QueueKey {
        QueueKey::new(Arc::clone(&context.project_id), queue_name)
    }

    fn topic_key(&self, context: &RequestContext, topic_name: &str) -> QueueKey {
        QueueKey::topic(Arc::clone(&context.project_id), topic_name)
    }

    /// The store that holds a queue, whether the queue exists or not.
    async fn data(&self, key: &QueueKey) -> Result<Arc<dyn DataDriver>, ApiError> {
        self.placement.data(key).await.map_err(api_error)
    }

    /// The way of a call through the stages of a resource.
    fn stages<'a, O: Operation>(
        &'a self,
        resource: Resource,
        context: &'a RequestContext,
        key: &'a QueueKey,
    ) -> Pass<'a> {
        let call = CallSite { operation: O::INFO.name, resource, queue: key };
        Pass::new(&self.pipelines, call, context, &self.placement)
    }

    /// The way of a call on messages through its stages.
    fn message_stages<'a, O: Operation>(
        &'a self,
        context: &'a RequestContext,
        key: &'a QueueKey,
    ) -> Pass<'a> {
        self.stages::<O>(Resource::Message, context, key)
    }

    /// The way of a call on claims through its stages.
    fn claim_stages<'a, O: Operation>(
        &'a self,
        context: &'a RequestContext,
        key: &'a QueueKey,
    ) -> Pass<'a> {
        self.stages::<O>(Resource::Claim, context, key)
    }

    /// The way of a call on subscriptions through its stages.
    fn subscription_stages<'a, O: Operation>(
        &'a self,
        context: &'a RequestContext,
        key: &'a QueueKey,
    ) -> Pass<'a> {
        self.stages::<O>(Resource::Subscription, context, key)
    }

    /// The way of a call on a queue, or on a topic, through its stages.
    fn queue_stages<'a, O: Operation>(
        &'a self,
        context: &'a RequestContext,
        key: &'a QueueKey,
    ) -> Pass<'a> {
        let resource = match key.kind {
            Kind::Queue => Resource::Queue,
            Kind::Topic => Resource::Topic,
        };
        self.stages::<O>(resource, context, key)
    }
}

fn claim_does_not_exist(key: &QueueKey, claim_id: &str) -> ApiError {
    ApiError::ClaimDoesNotExist {
        claim_id: claim_id.to_owned(),
        queue_name: key.name.to_string(),
        project_id: key.project.to_string(),
    }
}

/// An id in the one spelling the service hands out; any other text is an unknown id.
fn parse_id(text: &str) -> Option<uuid::Uuid> {
    if text.len() == 36 { uuid::Uuid::try_parse(text).ok() } else { None }
}
