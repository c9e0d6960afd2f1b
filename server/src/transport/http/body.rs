//! Reading the document of a call, within its bounds.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use sukkal_spec::binding::{HttpBinding, MaxBody};
use sukkal_spec::limit::TooLarge;
use sukkal_spec::{ApiError, Limits, kinds};

use crate::config::HttpConfig;
use crate::listener::{BodyError, read_body};

/// What came as the document.
pub(crate) enum Read {
    /// The request announces no body.
    Missing,
    /// The body is there, and empty.
    Empty,
    /// The text.
    Text(Bytes),
}

/// The largest document of a route without a bound of its own is the largest of all routes.
static ANY: MaxBody = MaxBody {
    limit: |limits| limits.max_messages_post_size.max(limits.max_queue_metadata),
    kind: kinds::INVALID_REQUEST,
    text: "Request body is too large. Max size {maximum}",
};

/// Reads the document of a call: size first, then media type, then the text.
///
/// # Errors
/// Too large, too slow, broken off, or of another media type than the route insists on.
pub(crate) async fn read(
    binding: &HttpBinding,
    limits: &Limits,
    config: &HttpConfig,
    headers: &HeaderMap,
    body: Body,
) -> Result<Read, ApiError> {
    let bound = binding.max_body.as_ref().unwrap_or(&ANY);
    let maximum = (bound.limit)(limits);
    let too_large =
        || ApiError::DocumentTooLarge(TooLarge { kind: bound.kind, text: bound.text, maximum });
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    if announced.is_some_and(|length| length > maximum) {
        return Err(too_large());
    }
    if let Some(wanted) = binding.media_type
        && headers.get(CONTENT_TYPE).is_none_or(|given| given.as_bytes() != wanted.as_bytes())
    {
        return Err(ApiError::MediaTypeUnsupported { accepted: wanted.to_owned() });
    }
    if announced.is_none() && !headers.contains_key(TRANSFER_ENCODING) {
        return Ok(Read::Missing);
    }
    let room = usize::try_from(maximum).unwrap_or(0);
    match read_body(body, room, config.body_read_timeout).await {
        Ok(text) if text.is_empty() => Ok(Read::Empty),
        Ok(text) => Ok(Read::Text(text)),
        Err(BodyError::TooLarge) => Err(too_large()),
        Err(BodyError::TimedOut | BodyError::BrokeOff) => Err(ApiError::BodyTooSlow),
    }
}
