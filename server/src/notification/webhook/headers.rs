//! The headers that a subscription adds.

use http::{HeaderMap, HeaderName, HeaderValue};

/// How many headers a subscription may add.
const MOST: usize = 64;
/// How long they may be altogether, in bytes.
const LONGEST: usize = 16 << 10;
/// What belongs to the connection, to the length of the request, or to the service.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// How names begin that only the service sets.
const OWN: &str = "webhook-";

/// Why a header cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// The name is none.
    #[error("an object whose names are names of headers")]
    Name,
    /// The value cannot stand in a header.
    #[error("an object whose values have no control characters, and none beyond Latin-1")]
    Value,
    /// The service or its connection decides.
    #[error("an object without {0}, which the service sets")]
    Reserved(String),
    /// There are too many, or they are too long.
    #[error("an object of at most {MOST} headers with at most {LONGEST} bytes")]
    TooMany,
}

/// The headers that a subscription adds; of one name, in any case, the last counts.
///
/// # Errors
/// The first that cannot be sent.
pub fn extra_headers<'a>(
    given: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<HeaderMap, HeaderProblem> {
    let mut headers = HeaderMap::new();
    let mut length = 0;
    for (at, (name, value)) in given.into_iter().enumerate() {
        length += name.len() + value.len();
        if at == MOST || length > LONGEST {
            return Err(HeaderProblem::TooMany);
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderProblem::Name)?;
        if RESERVED.contains(&name.as_str()) || name.as_str().starts_with(OWN) {
            return Err(HeaderProblem::Reserved(name.to_string()));
        }
        headers.insert(name, latin(value).ok_or(HeaderProblem::Value)?);
    }
    Ok(headers)
}

/// A value as HTTP/1.1 writes it: Latin-1.
fn latin(value: &str) -> Option<HeaderValue> {
    let bytes: Vec<u8> =
        value.chars().map(|each| u8::try_from(u32::from(each))).collect::<Result<_, _>>().ok()?;
    HeaderValue::from_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_name_in_any_case_the_last_counts() {
        let given = [("X-A", "1"), ("content-type", "text/plain"), ("x-a", "é")];

        let headers = extra_headers(given).unwrap();

        assert_eq!(headers["X-A"].as_bytes(), b"\xe9");
        assert_eq!(headers["Content-Type"], "text/plain");
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn nothing_is_smuggled_in() {
        for name in ["", "a b", "a:", "a\r\nb", "é", "a\0"] {
            assert_eq!(extra_headers([(name, "v")]), Err(HeaderProblem::Name), "{name:?}");
        }
        for value in ["a\r\nX-Auth-Token: t", "a\n b", "\0", "\u{7f}", "→"] {
            assert_eq!(extra_headers([("X-A", value)]), Err(HeaderProblem::Value), "{value:?}");
        }
        for name in
            ["Host", "Content-Length", "TRANSFER-ENCODING", "connection", "Webhook-Signature"]
        {
            let wanted = HeaderProblem::Reserved(name.to_ascii_lowercase());
            assert_eq!(extra_headers([(name, "v")]), Err(wanted));
        }
    }

    #[test]
    fn there_is_a_bound() {
        let names: Vec<String> = (0..65).map(|at| format!("x-{at}")).collect();
        let pairs = |count| names.iter().take(count).map(|name| (name.as_str(), "v"));

        assert!(extra_headers(pairs(64)).is_ok());
        assert_eq!(extra_headers(pairs(65)), Err(HeaderProblem::TooMany));
        let long = "v".repeat(LONGEST);
        assert_eq!(extra_headers([("x", long.as_str())]), Err(HeaderProblem::TooMany));
    }
}
