//! Message stages: code of an operator that stands between the API and the stores.
//!
//! A stage is registered by value ([`Stages`]) and put to work by name: each resource has a pipeline in the
//! configuration. Stages see plaintext: bodies are encrypted after them and decrypted before them. No transport,
//! no status and no driver is known here.

pub mod body_schema;
mod call;
mod list;
mod pipeline;

use async_trait::async_trait;

pub use call::{Answer, Call, Command, Resource};
pub use list::{StageError, Stages};
pub(crate) use pipeline::{CallSite, Pass, Pipelines};

/// One stage of a pipeline. Both hooks do nothing unless they are written.
///
/// - Stages of a pipeline run one after another: `before` in the order of the configuration, `after` in the
///   opposite order.
/// - The first refusal ends the call; later stages and the store do not see it.
/// - A hook that takes longer than 30 seconds is given up, and the caller is told that the service is not
///   available.
/// - Hooks of different calls run at the same time.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The name by which the configuration calls it. Two stages of one name are refused at start.
    fn name(&self) -> &str;

    /// Looks at a command before the store does.
    ///
    /// # Errors
    /// Refuses the call: nothing has happened and nothing will.
    async fn before(&self, _call: &Call<'_>, _command: &mut Command<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Looks at what the store answered before the caller does. It is not called for a call that failed.
    ///
    /// # Errors
    /// Refuses the answer: the caller is told why instead, though what was done stays done.
    async fn after(&self, _call: &Call<'_>, _answer: &mut Answer<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Why a stage ends a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The call is not acceptable; the caller is told that the request is invalid, where, and why.
    #[error("{problem}")]
    Invalid {
        /// The JSON Pointer of the place in the document that was sent, if one place is to blame.
        at: Option<String>,
        /// What is wrong there, for the caller.
        problem: String,
    },
    /// The stage cannot do its work now; the caller is told to try again, and the log why.
    #[error("not available: {reason}")]
    Unavailable {
        /// What happened, without secrets and without bodies.
        reason: String,
    },
}

impl Refusal {
    /// The call as a whole is not acceptable.
    pub fn invalid(problem: impl Into<String>) -> Self {
        Self::Invalid { at: None, problem: problem.into() }
    }

    /// One place of the document is not acceptable.
    pub fn invalid_at(pointer: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { at: Some(pointer.into()), problem: problem.into() }
    }

    /// The stage cannot do its work now.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }
}

#[cfg(test)]
mod tests;
