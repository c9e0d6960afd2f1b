//! From an action name to an operation: accept, admit, run.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sukkal_spec::binding::{Misfit, WebSocketBinding};
use sukkal_spec::decode::{Carried, Document};
use sukkal_spec::explain::explain;
use sukkal_spec::limit::TooLarge;
use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, Call, OperationInfo, Turn, WEBSOCKET_REFUSALS};

use super::codec::Encoding;
use super::envelope::{Envelope, Headers, has_member, headers};
use super::grant;
use super::reply::{Reply, error, reply};
use crate::metrics::{Carrier, Stopwatch};
use crate::request_id::RequestId;
use crate::transport::{
    Asked, CallFacts, Caller, NotAccepted, Service, accept, admit, check_project, permit,
};

/// A future reply.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// Runs one operation over the WebSocket.
pub(crate) type Run<A> = fn(Arc<Service<A>>, Incoming) -> Answer;

/// What an action does.
pub(crate) enum Action<A: 'static> {
    /// One operation.
    One(&'static OperationInfo, Run<A>),
    /// The one operation whose member is there; otherwise the texts for none and for several.
    Choice(Vec<(&'static str, &'static OperationInfo, Run<A>)>, Option<(Misfit, Misfit)>),
}

impl<A> Action<A> {
    /// What is known of its operations.
    fn infos(&self) -> impl Iterator<Item = &'static OperationInfo> {
        let (one, several) = match self {
            Self::One(info, _) => (Some(*info), &[][..]),
            Self::Choice(choices, _) => (None, choices.as_slice()),
        };
        one.into_iter().chain(several.iter().map(|(_, info, _)| *info))
    }
}

/// A call that arrived in a frame.
pub(crate) struct Incoming {
    /// The frame.
    pub envelope: Envelope,
    /// Its encoding, and that of the reply.
    pub encoding: Encoding,
    /// Its place among the calls of the connection.
    pub turn: Turn,
    /// The address of the connection.
    pub address: Arc<str>,
}

/// A call with the operation it leads to.
pub(crate) struct Started {
    /// The reply to come.
    pub answer: Answer,
    /// Whether the next call may be taken in before this one is answered.
    pub pipelined: bool,
}

include!(concat!(env!("OUT_DIR"), "/websocket_actions.rs"));

/// Finds the operation of a frame; an error is a reply that is ready.
pub(crate) fn start<A: sukkal_spec::Api + 'static>(
    service: &Arc<Service<A>>,
    incoming: Incoming,
) -> Result<Started, Box<Reply>> {
    let name = incoming.envelope.action.clone();
    let exists = |found: &Action<A>| {
        found.infos().all(|info| service.rules.switches.all(info.available_with))
    };
    let Some(found) = name.as_deref().and_then(action::<A>).filter(exists) else {
        let given = incoming.envelope.action_text.as_ref();
        let action = name.unwrap_or_else(|| spelled(given));
        return Err(refused(&incoming, None, &ApiError::ActionUnknown { action }));
    };
    let (info, run) = choose(&found, &incoming)?;
    Ok(Started { answer: run(Arc::clone(service), incoming), pipelined: info.pipelined })
}

/// A missing or null action is told by the word the service has always used.
fn spelled(given: Option<&Raw>) -> String {
    match given.map(|raw| String::from_utf8_lossy(raw.bytes()).into_owned()) {
        None => "None".to_owned(),
        Some(text) if text == "null" => "None".to_owned(),
        Some(text) => text.chars().take(100).collect(),
    }
}

fn refused(incoming: &Incoming, info: Option<&OperationInfo>, cause: &ApiError) -> Box<Reply> {
    Box::new(error(Some(&incoming.envelope), incoming.encoding, info, cause))
}

fn choose<A>(
    found: &Action<A>,
    incoming: &Incoming,
) -> Result<(&'static OperationInfo, Run<A>), Box<Reply>> {
    let (choices, texts) = match found {
        Action::One(info, run) => return Ok((*info, *run)),
        Action::Choice(choices, texts) => (choices, texts),
    };
    let body = incoming.envelope.body.as_ref();
    let mut fitting = choices.iter().filter(|(member, ..)| has_member(body, member));
    match (fitting.next(), fitting.next(), texts) {
        (Some((_, info, run)), None, _) | (Some((_, info, run)), _, None) => Ok((*info, *run)),
        (first, _, texts) => {
            let info = choices.first().map(|(_, info, _)| *info);
            let cause = match (texts, first) {
                (Some((none, _)), None) => ApiError::CallMisfit(*none),
                (Some((_, several)), Some(_)) => ApiError::CallMisfit(*several),
                (None, _) => ApiError::HeadersInvalid,
            };
            Err(refused(incoming, info, &cause))
        }
    }
}

/// Runs the operation of a frame and presents how it ended.
fn run<O: Call<A>, A: Send + Sync + 'static>(
    service: Arc<Service<A>>,
    incoming: Incoming,
) -> Answer {
    Box::pin(async move {
        let begun = Stopwatch::start();
        let request_id = RequestId::new();
        let Incoming { mut envelope, encoding, turn, address } = incoming;
        let place = Place { turn: turn.clone(), own_address: Some(address), request_id };
        let outcome = call::<O, A>(&service, &envelope, place).await;
        turn.pass();
        if O::INFO.needs_token {
            envelope.forget();
        }
        let reply = match outcome {
            Ok(outcome) => {
                reply(Some(&envelope), encoding, |out| O::websocket_reply(&outcome, out))
            }
            Err(cause) => {
                if matches!(cause, ApiError::Internal) {
                    tracing::error!(%request_id, operation = O::INFO.name, "unexpected failure");
                }
                error(Some(&envelope), encoding, Some(O::INFO), &cause)
            }
        };
        service.metrics.count(Carrier::WebSocket, O::INFO.name, reply.status, begun.elapsed());
        tracing::debug!(%request_id, operation = O::INFO.name, status = reply.status, "answered");
        reply
    })
}

/// The place of a call: on which connection, and where among its calls.
struct Place {
    turn: Turn,
    own_address: Option<Arc<str>>,
    request_id: RequestId,
}

async fn call<O: Call<A>, A: Send + Sync>(
    service: &Service<A>,
    envelope: &Envelope,
    place: Place,
) -> Result<O::Outcome, ApiError> {
    let binding = O::INFO.websocket.ok_or(ApiError::Internal)?;
    let headers = headers(envelope.headers.as_ref()).ok_or(ApiError::HeadersInvalid)?;
    let asked = asked(O::INFO, binding);
    let mut caller = present(O::INFO, asked, &headers)?;
    let input = {
        let document = document(service, binding, envelope)?;
        let carried = Carried { values: Vec::new(), document };
        accept::<O>(&service.rules, &carried)
            .map_err(|no| refusal(O::INFO, binding, &carried, no))?
    };
    let grant = headers.grant.as_ref().map(|grant| grant.shown(caller.project_id));
    if let Some(grant) = &grant {
        if !grant::admits(&service.rules.signatures, grant, O::INFO, envelope) {
            return Err(ApiError::NotAuthentified);
        }
        caller = caller.holding(grant);
    }
    let admitted = admit(&service.rules, caller, asked).map_err(as_header_error)?;
    let admitted = admitted.by(grant.as_ref());
    permit(O::INFO, &admitted.roles)?;
    if ["queue_name", "topic_name"].iter().any(|name| O::INFO.fields.contains(name)) {
        check_project(&admitted.project_id)?;
    }
    let document_bytes = envelope.body.as_ref().map_or(0, |body| body.bytes().len());
    let Place { turn, own_address, request_id } = place;
    let request_id = request_id.as_str().into();
    let facts = CallFacts { request_id, document_bytes, turn, own_address };
    crate::transport::run::<O, A>(&service.api, &admitted.context(facts), input).await
}

fn asked(info: &OperationInfo, binding: &WebSocketBinding) -> Asked {
    Asked {
        client: info.needs_client && !binding.anonymous,
        project: info.needs_project && !binding.anonymous,
        client_form: info.checks_client,
    }
}

/// The headers an operation needs; one that is missing is a fault of the frame.
fn present<'a>(
    info: &OperationInfo,
    asked: Asked,
    headers: &'a Headers,
) -> Result<Caller<'a>, ApiError> {
    let missing = (asked.client && headers.client_id.is_none())
        || (asked.project && headers.project_id.is_none())
        || (info.needs_token && !headers.has_token);
    if missing {
        return Err(ApiError::HeadersInvalid);
    }
    Ok(Caller {
        project_id: headers.project_id.as_deref(),
        client_id: headers.client_id.as_deref(),
        user_id: headers.user_id.as_deref(),
        roles: headers.roles.as_deref(),
    })
}

fn as_header_error(cause: ApiError) -> ApiError {
    match cause {
        ApiError::ClientIdMissing | ApiError::ProjectMissing => ApiError::HeadersInvalid,
        other => other,
    }
}

fn document<'a, A>(
    service: &Service<A>,
    binding: &'static WebSocketBinding,
    envelope: &'a Envelope,
) -> Result<Document<'a>, ApiError> {
    let Some(body) = &envelope.body else {
        return if binding.body_optional {
            Ok(Document::Absent)
        } else {
            Err(ApiError::HeadersInvalid)
        };
    };
    if let Some(bound) = &binding.max_body {
        let maximum = (bound.limit)(&service.rules.limits);
        if i64::try_from(body.bytes().len()).unwrap_or(i64::MAX) > maximum {
            let large = TooLarge { kind: bound.kind, text: bound.text, maximum };
            return Err(ApiError::DocumentTooLarge(large));
        }
    }
    Ok(Document::Members { source: body.bytes(), only: Some(binding.fields), requires: &[] })
}

fn refusal(
    info: &'static OperationInfo,
    binding: &'static WebSocketBinding,
    carried: &Carried<'_>,
    refused: NotAccepted,
) -> ApiError {
    match refused {
        NotAccepted::OutOfRange(range) => ApiError::LimitExceeded(range),
        NotAccepted::Refused(refused) => {
            let rules = [binding.refusals, WEBSOCKET_REFUSALS];
            ApiError::InputInvalid(Box::new(explain(info, &rules, carried, refused)))
        }
    }
}
