//! What the service does: one controller per resource, the same for every transport.
//!
//! No transport, no status and no driver is known here.

mod checksum;
mod claim;
mod message;
mod metadata;
mod node;
mod patch;
mod present;
mod queue;
mod retry_policy;
mod subscriber;
mod subscribing;
mod subscription;

use std::sync::Arc;

use sukkal_spec::{ApiError, Limits, RequestContext};
use sukkal_storage::{DataDriver, QueueKey};

use crate::background::Leases;
use crate::error::api_error;
use crate::placement::Placement;

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
    /// Makes the ids of subscriptions.
    pub subscription_ids: SubscriptionIds,
    /// Keeps the subscriptions of connections.
    pub leases: Leases,
}

impl Controller {
    fn key(&self, context: &RequestContext, queue_name: &str) -> QueueKey {
        QueueKey::new(Arc::clone(&context.project_id), queue_name)
    }

    /// The store that holds a queue, whether the queue exists or not.
    async fn data(&self, key: &QueueKey) -> Result<Arc<dyn DataDriver>, ApiError> {
        self.placement.data(key).await.map_err(api_error)
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
