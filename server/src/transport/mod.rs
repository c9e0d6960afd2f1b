//! The one path from what arrived to an outcome: `admit`, `accept`, `run`.
//!
//! HTTP does admit, accept, run; the WebSocket accept, admit, run. Each order stands in one function of its
//! transport, because clients can observe it.

mod caller;
pub mod http;
pub mod websocket;

use std::sync::Arc;

use sukkal_spec::decode::{Carried, Refused};
use sukkal_spec::limit::OutOfRange;
use sukkal_spec::{ApiError, Call, Limits, Operation, RequestContext, Turn};

pub use caller::{Admitted, Asked, Caller, admit, check_project, permit};

use crate::config::{ClientIdRule, Config, Switches};
use crate::cors::Cors;
use crate::metrics::CallMetrics;
use crate::notification::follow::Followers;
use crate::shutdown::Shutdown;
use crate::signature::Signatures;

/// What both transports share: the API and the rules of calling it.
pub struct Service<A> {
    /// The controllers.
    pub api: A,
    /// The rules.
    pub rules: Rules,
    /// Who may call from a browser.
    pub cors: Option<Cors>,
    /// The configuration.
    pub config: Config,
    /// Keeps the subscriptions of sockets.
    pub followers: Followers,
    /// Tells open connections that it is over.
    pub shutdown: Shutdown,
    /// Counts calls.
    pub metrics: CallMetrics,
}

/// What decides whether a call is accepted.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The bounds in force.
    pub limits: Limits,
    /// Which client ids are taken.
    pub client_id: ClientIdRule,
    /// What exists beyond the operations that always do.
    pub switches: Switches,
    /// What tells genuine grants from others.
    pub signatures: Signatures,
}

/// Facts about one call that every transport brings.
#[derive(Clone, Debug)]
pub struct CallFacts {
    /// Names the call in logs.
    pub request_id: Arc<str>,
    /// The size of the document, in bytes.
    pub document_bytes: usize,
    /// The place among the calls of the connection.
    pub turn: Turn,
    /// The address of the connection, if it can carry messages to the caller.
    pub own_address: Option<Arc<str>>,
}

/// Why an input was not accepted.
#[derive(Clone, Copy, Debug)]
pub enum NotAccepted {
    /// It does not fit the schema.
    Refused(Refused),
    /// It breaks a bound.
    OutOfRange(OutOfRange),
}

/// Turns what arrived into a checked, completed input: shape, defaults, limits.
///
/// # Errors
/// What was refused; the transport explains it.
pub fn accept<O: Operation>(rules: &Rules, carried: &Carried<'_>) -> Result<O::Input, NotAccepted> {
    let input = O::decode(carried, &rules.limits).map_err(NotAccepted::Refused)?;
    O::check(&input, &rules.limits).map_err(NotAccepted::OutOfRange)?;
    Ok(input)
}

/// Runs one accepted call. Both transports end here.
///
/// # Errors
/// What the controller says.
pub async fn run<O: Call<A>, A>(
    api: &A,
    context: &RequestContext,
    input: O::Input,
) -> Result<O::Outcome, ApiError> {
    O::run(api, context, input).await
}
