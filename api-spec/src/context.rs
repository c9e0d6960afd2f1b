//! Who calls: transport facts as data.

use std::sync::Arc;

use crate::order::Turn;

/// What a controller knows about the caller of one call.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The project in force.
    pub project_id: Arc<str>,
    /// The client, in the one spelling that is compared; empty if the operation needs none.
    pub client_id: Arc<str>,
    /// Names this call in logs and answers.
    pub request_id: Arc<str>,
    /// The size of the document that was sent, in bytes.
    pub document_bytes: usize,
    /// The place of this call among those of its connection.
    pub turn: Turn,
}
