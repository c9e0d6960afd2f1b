//! The id that every answer carries and every log line of a request names.

use std::fmt;

use http::{HeaderName, HeaderValue};
use uuid::Uuid;

const PREFIX: &[u8; 4] = b"req-";

/// The header that carries the id.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-openstack-request-id");

/// A request id: `req-` and a random UUID. Kept without allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 40]);

impl RequestId {
    /// Makes a new, random id.
    pub fn new() -> Self {
        let mut text = [0; 40];
        text[..4].copy_from_slice(PREFIX);
        Uuid::new_v4().hyphenated().encode_lower(&mut text[4..]);
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a prefix and hexadecimal digits are ASCII")
    }

    /// The id as the value of [`REQUEST_ID_HEADER`].
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0)
            .expect("a prefix and hexadecimal digits are a header value")
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_prefix_and_a_random_uuid() {
        let (id, other) = (RequestId::new(), RequestId::new());

        let uuid: Uuid = id.as_str().strip_prefix("req-").unwrap().parse().unwrap();
        assert_eq!(uuid.get_version_num(), 4);
        assert_eq!(id.header_value().to_str().unwrap(), id.to_string());
        assert_ne!(id, other);
    }
}
