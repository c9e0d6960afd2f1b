//! Reading the body of a request, bounded in size and time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

/// Why a body was not read to its end. The connection cannot be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// The connection broke, or the body was not framed as announced.
    #[error("the body broke off")]
    BrokeOff,
}

/// Reads a whole body of at most `max` bytes within `timeout`.
///
/// - A body that announces more is refused before it is read.
/// - A body that arrives in one piece is not copied.
///
/// # Errors
/// As the variants say; the answer to such a request should close the connection.
pub async fn read_body<B>(body: B, max: usize, timeout: Duration) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > max as u64 {
        return Err(BodyError::TooLarge);
    }
    tokio::time::timeout(timeout, collect(body, max)).await.unwrap_or(Err(BodyError::TimedOut))
}

async fn collect<B>(mut body: B, max: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| BodyError::BrokeOff)?.into_data() else { continue };
        if first.len().max(whole.len()) + piece.len() > max {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && whole.is_empty() {
            first = piece;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&piece);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}
