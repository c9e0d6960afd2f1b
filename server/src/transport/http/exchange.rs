//! One call over HTTP: admit has happened; read, accept, run, present.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use sukkal_spec::binding::{BodyShape, HttpBinding, Misfit};
use sukkal_spec::decode::{Carried, CarriedValue, Document};
use sukkal_spec::explain::{explain, explain_absence};
use sukkal_spec::present::HttpCall;
use sukkal_spec::{ApiError, Call, HTTP_REFUSALS, Turn};

use super::body::{Read, read};
use super::present::{self, HttpResponse};
use super::query::{Query, Typed};
use super::routes::Answer;
use crate::json;
use crate::metrics::{Carrier, Stopwatch};
use crate::request_id::RequestId;
use crate::transport::{Admitted, CallFacts, NotAccepted, Service, accept, permit, run};

/// Where a request led.
pub(crate) struct Found<'a> {
    /// The decoded path.
    pub path: &'a str,
    /// The variables of the path.
    pub captures: &'a [(&'static str, &'a str)],
    /// The query string.
    pub query: &'a Query<'a>,
}

/// A request that led to an operation.
pub(crate) struct Exchange<'a, A> {
    /// The service.
    pub service: &'a Service<A>,
    /// The head of the request.
    pub parts: &'a Parts,
    /// Its body, unread.
    pub body: Body,
    /// Where it led.
    pub found: Found<'a>,
    /// Who calls; `None` where nobody needs to say.
    pub admitted: Option<Admitted>,
    /// The id of the request.
    pub request_id: RequestId,
}

/// Runs the operation of a request and presents how it ended.
pub(crate) fn handle<'a, O: Call<A>, A: Send + Sync>(exchange: Exchange<'a, A>) -> Answer<'a> {
    Box::pin(async move {
        let begun = Stopwatch::start();
        let service = exchange.service;
        let captures = exchange.found.captures;
        let request_id = exchange.request_id;
        let response = match call::<O, A>(exchange).await {
            Ok(response) => response,
            Err(error) => {
                if matches!(error, ApiError::Internal) {
                    tracing::error!(%request_id, operation = O::INFO.name, "unexpected failure");
                }
                let lookup = |name: &str| {
                    captures
                        .iter()
                        .find(|(each, _)| *each == name)
                        .map(|(_, value)| (*value).to_owned())
                };
                present::error(Some(O::INFO), &error, &lookup)
            }
        };
        let took = begun.elapsed();
        let status = response.status().as_u16();
        service.metrics.count(Carrier::Http, O::INFO.name, status, took);
        tracing::debug!(%request_id, operation = O::INFO.name, status, "answered");
        response
    })
}

async fn call<O: Call<A>, A: Send + Sync>(
    exchange: Exchange<'_, A>,
) -> Result<HttpResponse, ApiError> {
    let binding = O::INFO.http.ok_or(ApiError::Internal)?;
    let Exchange { service, parts, body, found, admitted, request_id } = exchange;
    let admitted = admitted.unwrap_or_else(Admitted::nobody);
    permit(O::INFO, &admitted.roles)?;
    let Typed { mut values, spelled } = found.query.typed(binding)?;
    for (name, value) in found.captures {
        values.push((name, CarriedValue::Text((*value).into())));
    }
    let document = match binding.body {
        BodyShape::None => None,
        _ => {
            let read =
                read(binding, &service.rules.limits, &service.config.http, &parts.headers, body)
                    .await?;
            text(binding, read)?
        }
    };
    check_members(binding, document.as_ref())?;
    let carried = Carried { values, document: shape(binding, document.as_ref()) };
    let input = accept::<O>(&service.rules, &carried)
        .map_err(|refused| refusal(O::INFO, binding, &carried, refused))?;
    check_allowed(binding, document.as_ref())?;
    let facts = CallFacts {
        request_id: request_id.as_str().into(),
        document_bytes: document.as_ref().map_or(0, Bytes::len),
        turn: Turn::free(),
        own_address: None,
    };
    let outcome = run::<O, A>(&service.api, &admitted.context(facts), input).await?;
    let call = HttpCall { path: found.path, captures: found.captures, query: &spelled };
    Ok(present::response(O::http_reply(&outcome, &call)))
}

/// The document, if there is one; a route may insist on it.
fn text(binding: &HttpBinding, read: Read) -> Result<Option<Bytes>, ApiError> {
    let (keyword, text) = match read {
        Read::Text(text) if !is_hollow(&text) => return Ok(Some(text)),
        Read::Text(text) => ("nothing", Some(text)),
        Read::Missing => ("missing", None),
        Read::Empty => ("empty", None),
    };
    match explain_absence(binding.refusals, keyword) {
        Some(explained) => Err(ApiError::InputInvalid(Box::new(explained))),
        None => Ok(text),
    }
}

/// Whether a document has no members: `{}` or `[]`.
fn is_hollow(text: &[u8]) -> bool {
    let mut letters = text.iter().filter(|letter| !letter.is_ascii_whitespace());
    let brackets = (letters.next(), letters.next(), letters.next());
    matches!(brackets, (Some(b'{'), Some(b'}'), None) | (Some(b'['), Some(b']'), None))
}

fn shape<'a>(binding: &HttpBinding, text: Option<&'a Bytes>) -> Document<'a> {
    match (text, binding.body) {
        (Some(source), BodyShape::Members(only)) => {
            Document::Members { source, only: Some(only), requires: binding.body_requires }
        }
        (Some(source), BodyShape::Payload(field)) => Document::Payload { source, field },
        _ => Document::Absent,
    }
}

fn refusal(
    info: &'static sukkal_spec::OperationInfo,
    binding: &'static HttpBinding,
    carried: &Carried<'_>,
    refused: NotAccepted,
) -> ApiError {
    match refused {
        NotAccepted::OutOfRange(range) => ApiError::LimitExceeded(range),
        NotAccepted::Refused(refused) => {
            let rules = [binding.refusals, HTTP_REFUSALS];
            ApiError::InputInvalid(Box::new(explain(info, &rules, carried, refused)))
        }
    }
}

/// Refuses members that are no fields, where the route does not ignore them.
fn check_members(binding: &HttpBinding, text: Option<&Bytes>) -> Result<(), ApiError> {
    let (true, Some(text), BodyShape::Members(known)) = (binding.closed, text, binding.body) else {
        return Ok(());
    };
    // A document that cannot be read is refused with the words of its own.
    let document: serde_json::Map<String, serde_json::Value> = json::read(text).unwrap_or_default();
    let unknown: Vec<String> = document
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| format!("'{}'", name.chars().take(100).collect::<String>()))
        .take(10)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(ApiError::MembersUnknown { names: format!("{{{}}}", unknown.join(", ")) })
}

/// Refuses strings that a list must not hold on this transport.
fn check_allowed(binding: &HttpBinding, text: Option<&Bytes>) -> Result<(), ApiError> {
    let Some(text) = text.filter(|_| !binding.allowed.is_empty()) else { return Ok(()) };
    let document: serde_json::Value = json::read(text).unwrap_or_default();
    for rule in binding.allowed {
        let given = document.get(rule.field).and_then(serde_json::Value::as_array);
        let fits = |value: &serde_json::Value| {
            value.as_str().is_some_and(|text| rule.values.contains(&text))
        };
        if !given.into_iter().flatten().all(fits) {
            return Err(ApiError::ValueNotAllowed(Misfit { kind: rule.kind, text: rule.text }));
        }
    }
    Ok(())
}
