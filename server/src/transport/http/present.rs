//! Replies of the API as HTTP responses.

use axum::body::Body;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use sukkal_spec::present::HttpReply;
use sukkal_spec::reply::{Lookup, http_error};
use sukkal_spec::{ApiError, OperationInfo};

/// A response of the API listener.
pub(crate) type HttpResponse = Response<Body>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How long to wait, in seconds, where an operator has to bring a key first.
const KEY_WAIT: i64 = 60;

/// A reply as a response.
pub(crate) fn response(reply: HttpReply) -> HttpResponse {
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(place) = reply.location.and_then(|place| HeaderValue::try_from(place).ok()) {
        headers.insert(LOCATION, place);
    }
    for (name, value) in reply.headers {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(body) = reply.body {
        let media = reply.media_type.map_or(JSON, HeaderValue::from_static);
        headers.insert(CONTENT_TYPE, media);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = Body::from(Bytes::from(body));
    }
    response
}

/// An error as a response.
pub(crate) fn error(
    info: Option<&OperationInfo>,
    error: &ApiError,
    lookup: Lookup<'_>,
) -> HttpResponse {
    let mut response = response(http_error(info, error, lookup));
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    let wait = match error {
        ApiError::StorageUnavailable { retry_after } => Some((*retry_after).max(1)),
        ApiError::EncryptionKeyMissing | ApiError::MessageUnreadable => Some(KEY_WAIT),
        _ => None,
    };
    if let Some(seconds) = wait {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(error, ApiError::BodyTooSlow | ApiError::DocumentTooLarge(_)) {
        headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The answer to a method that a path does not have; `allow` lists those that it has.
pub(crate) fn method_not_allowed(allow: &str) -> HttpResponse {
    let mut response = error(None, &ApiError::MethodNotAllowed, &|_| None);
    response.headers_mut().insert(ALLOW, methods(&format!("{allow}, OPTIONS")));
    response
}

/// The answer to `OPTIONS` on a path that exists.
pub(crate) fn options(allow: &str) -> HttpResponse {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(ALLOW, methods(allow));
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    response
}

fn methods(names: &str) -> HeaderValue {
    HeaderValue::from_str(names).expect("names of methods are letters")
}

/// The answer to `OPTIONS` that could not be given otherwise: it never fails.
pub(crate) fn bare_options() -> HttpResponse {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
    response
}

/// Adds headers to a response.
pub(crate) fn add(response: &mut HttpResponse, headers: HeaderMap) {
    response.headers_mut().extend(headers);
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use sha2::{Digest, Sha256};
    use sukkal_spec::present::HttpCall;
    use sukkal_spec::{Home, HomeOutcome, Operation};

    fn shown(outcome: &HomeOutcome) -> (usize, String) {
        let call = HttpCall { path: "/v2/", captures: &[], query: &[] };
        let body = Home::http_reply(outcome, &call).body.unwrap_or_default();
        (body.len(), HEXLOWER.encode(&Sha256::digest(&body)))
    }

    #[test]
    fn the_home_document_is_that_of_the_service_that_is_matched_byte_for_byte() {
        let public = "5e2498c598cf4a36b159246674f44e773d37084e265c0783231cbd03e4ba3679";
        let operators = "22b360dcb4debb5c4021dec38360cb405734a8d78bce7ca6288d47f72725531e";

        assert_eq!(shown(&HomeOutcome::Described {}), (9305, public.to_owned()));
        assert_eq!(shown(&HomeOutcome::DescribedToOperators {}), (11457, operators.to_owned()));
    }
}
