//! An operation as a type, and the path from a decoded input to an outcome.

use std::future::Future;

use crate::binding::OperationInfo;
use crate::context::RequestContext;
use crate::decode::{Carried, Refused};
use crate::limit::OutOfRange;
use crate::present::{HttpCall, HttpReply, JsonText};
use crate::{ApiError, Limits};

/// One operation: what it takes, how it ends, and how its outcomes look.
pub trait Operation: Send + Sync + 'static {
    /// The checked, completed input.
    type Input: Send;
    /// The named outcomes.
    type Outcome: Send;

    /// What is known before a call.
    const INFO: &'static OperationInfo;

    /// Reads an input, filling defaults.
    ///
    /// # Errors
    /// Says no without saying why; [`explain`](crate::explain::explain) does that.
    fn decode(carried: &Carried<'_>, limits: &Limits) -> Result<Self::Input, Refused>;

    /// Checks the bounds that configuration sets.
    ///
    /// # Errors
    /// The first bound that is broken, in the order of the fields.
    fn check(input: &Self::Input, limits: &Limits) -> Result<(), OutOfRange>;

    /// How an outcome looks over HTTP.
    fn http_reply(outcome: &Self::Outcome, call: &HttpCall<'_>) -> HttpReply;

    /// Writes the body of an outcome for the WebSocket; returns its status.
    fn websocket_reply(outcome: &Self::Outcome, out: &mut JsonText) -> u16;
}

/// An operation that an API can run.
pub trait Call<A>: Operation {
    /// Runs one accepted call.
    fn run(
        api: &A,
        context: &RequestContext,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Outcome, ApiError>> + Send;
}
