//! The one path from what arrived to an outcome: `admit`, `accept`, `run`.
//!
//! HTTP does admit, accept, run; the WebSocket accept, admit, run. Each order stands in one function of its
//! transport, because clients can observe it.

pub mod http;
pub mod websocket;

use std::sync::Arc;

use sukkal_spec::decode::{Carried, Refused};
use sukkal_spec::limit::OutOfRange;
use sukkal_spec::{ApiError, Call, Limits, Operation, RequestContext, Turn};
use uuid::Uuid;

use crate::config::{ClientIdRule, Config};
use crate::cors::Cors;
use crate::metrics::CallMetrics;
use crate::shutdown::Shutdown;

/// The longest project id, in characters.
const MAX_PROJECT_ID: usize = 256;

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
}

/// What a transport knows about who calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// The project, if one was named.
    pub project_id: Option<&'a str>,
    /// The client, if one was named.
    pub client_id: Option<&'a str>,
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
}

/// Why an input was not accepted.
#[derive(Clone, Copy, Debug)]
pub enum NotAccepted {
    /// It does not fit the schema.
    Refused(Refused),
    /// It breaks a bound.
    OutOfRange(OutOfRange),
}

/// Who is calling, once known to be allowed.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The project in force.
    pub project_id: Arc<str>,
    /// The client, in the spelling that is compared.
    pub client_id: Arc<str>,
}

impl Admitted {
    /// The caller of an operation that asks nobody who they are.
    pub fn nobody() -> Self {
        Self { project_id: "".into(), client_id: "".into() }
    }

    /// The context of a call of this caller.
    pub fn context(self, facts: CallFacts) -> RequestContext {
        RequestContext {
            project_id: self.project_id,
            client_id: self.client_id,
            request_id: facts.request_id,
            document_bytes: facts.document_bytes,
            turn: facts.turn,
        }
    }
}

/// Who calls, in which project, and may they?
///
/// Without authentication the caller is who it says it is. Client first, then project.
///
/// # Errors
/// What is missing or malformed.
pub fn admit(rules: &Rules, caller: Caller<'_>, checks_client: bool) -> Result<Admitted, ApiError> {
    let client_id = caller.client_id.ok_or(ApiError::ClientIdMissing)?;
    let client_id = if checks_client { client(rules, client_id)? } else { client_id.into() };
    let project_id = caller.project_id.ok_or(ApiError::ProjectMissing)?;
    if project_id.is_empty() {
        return Err(ApiError::ProjectEmpty);
    }
    Ok(Admitted { project_id: project_id.into(), client_id })
}

/// Whether a project id is short enough to own a queue.
///
/// # Errors
/// [`ApiError::ProjectTooLong`].
pub fn check_project(project_id: &str) -> Result<(), ApiError> {
    if project_id.len() > MAX_PROJECT_ID && project_id.chars().count() > MAX_PROJECT_ID {
        return Err(ApiError::ProjectTooLong);
    }
    Ok(())
}

/// The one spelling of a client id: any spelling of a UUID gives the same text.
fn client(rules: &Rules, text: &str) -> Result<Arc<str>, ApiError> {
    let uuid = parse_uuid(text);
    match (rules.client_id, uuid) {
        (_, Some(uuid)) if matches!(rules.client_id, ClientIdRule::Uuid) => Ok(spell(uuid)),
        (ClientIdRule::Uuid, _) => Err(ApiError::ClientIdMalformed),
        (ClientIdRule::Length { minimum, maximum }, uuid) => {
            if !(minimum..=maximum).contains(&text.chars().count()) {
                return Err(ApiError::ClientIdMalformed);
            }
            Ok(uuid.map_or_else(|| text.into(), spell))
        }
    }
}

fn spell(uuid: Uuid) -> Arc<str> {
    (&*uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())).into()
}

/// A UUID in any spelling that leaves 32 hexadecimal digits once `urn:`, `uuid:`, braces and hyphens are gone.
fn parse_uuid(text: &str) -> Option<Uuid> {
    if let Ok(uuid) = Uuid::try_parse(text) {
        return Some(uuid);
    }
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let bare: String =
        bare.trim_matches(['{', '}']).chars().filter(|letter| *letter != '-').collect();
    (bare.len() == 32).then(|| Uuid::try_parse(&bare).ok()).flatten()
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
