//! Signing grants of access to a part of a queue.

use std::collections::BTreeSet;

use serde_json::Value;
use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, QueueShareInput, QueueShareOutcome, RequestContext};

use super::Controller;
use crate::json;
use crate::signature::{NoDate, NotSigned, Seconds, Wanted, read_date};

/// The parts of a queue that can be shared.
const PARTS: [&str; 3] = ["messages", "subscriptions", "claims"];
/// The most characters of a value that an answer repeats.
const REPEATED: usize = 100;

impl Controller {
    /// Signs what a call asks for.
    pub(super) fn share(
        &self,
        context: &RequestContext,
        input: QueueShareInput,
    ) -> Result<QueueShareOutcome, ApiError> {
        let paths = paths(&input)?;
        let methods = input.methods.filter(|methods| !methods.is_empty());
        let wanted = Wanted {
            paths,
            methods: methods.unwrap_or_else(|| vec!["GET".to_owned()]),
            project: context.project_id.to_string(),
            expires: input.expires.as_ref().map(expires).transpose()?.flatten(),
            key_id: input.key_id.clone(),
        };
        let key_id = input.key_id;
        let signed = self.signatures.sign(wanted).map_err(|cause| refused(cause, &key_id))?;
        Ok(QueueShareOutcome::Signed {
            paths: signed.paths,
            methods: signed.methods,
            project: context.project_id.to_string(),
            expires: signed.expires,
            signature: signed.signature,
            key_id,
            issued: signed.issued,
        })
    }
}

fn paths(input: &QueueShareInput) -> Result<Vec<String>, ApiError> {
    let parts = input.paths.as_deref().unwrap_or_default();
    let parts: BTreeSet<&str> = parts.iter().map(String::as_str).collect();
    let unknown = parts.iter().filter(|part| !PARTS.contains(part));
    let unknown: Vec<String> = unknown.take(10).map(|part| format!("'{}'", short(part))).collect();
    if !unknown.is_empty() {
        return Err(ApiError::SharedPathsUnknown { names: format!("{{{}}}", unknown.join(", ")) });
    }
    let parts = if parts.is_empty() { BTreeSet::from(["messages"]) } else { parts };
    Ok(parts.into_iter().map(|part| format!("/v2/queues/{}/{part}", input.queue_name)).collect())
}

/// When the grant is to end; `None` for a null.
fn expires(raw: &Raw) -> Result<Option<Seconds>, ApiError> {
    let text = match json::read::<Value>(raw.bytes()).map_err(|_| ApiError::Internal)? {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        value @ (Value::Number(_) | Value::Bool(_)) => {
            return Err(ApiError::ExpiryNotADate { value: value.to_string() });
        }
        other => return Err(ApiError::ExpiryUnreadable { text: short(&other.to_string()) }),
    };
    match read_date(&text) {
        Ok(at) => Ok(Some(at)),
        Err(NoDate::Number) => Err(ApiError::ExpiryNotADate { value: short(&text) }),
        Err(NoDate::Unreadable) => Err(ApiError::ExpiryUnreadable { text: short(&text) }),
    }
}

fn short(text: &str) -> String {
    text.chars().take(REPEATED).collect()
}

fn refused(cause: NotSigned, key_id: &Option<String>) -> ApiError {
    match cause {
        NotSigned::NoKey => ApiError::SigningKeyMissing,
        NotSigned::KeyUnknown => {
            let key_id = short(key_id.as_deref().unwrap_or_default());
            ApiError::SigningKeyUnknown { key_id }
        }
        NotSigned::Past => ApiError::ExpiryInThePast,
        NotSigned::TooFar(maximum) => ApiError::ExpiryTooFar { maximum },
        NotSigned::Ambiguous => ApiError::GrantAmbiguous,
    }
}
