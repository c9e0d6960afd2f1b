//! Telling subscribers over HTTP: one POST per message.

mod answer;
mod body;
mod carrier;
mod failure;
mod headers;
mod keys;
mod options;
mod signature;

pub use answer::judge;
pub use body::NoBody;
pub use carrier::{TrustTokens, Webhooks};
pub use headers::{HeaderProblem, extra_headers};
pub use keys::{KeyProblem, SharedSecret, SigningKeys};
pub use options::{WebhookOptions, secrets};
pub use signature::signatures;

#[cfg(test)]
mod tests;
