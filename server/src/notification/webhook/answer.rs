//! What the answer of a subscriber means.

use std::time::{Duration, UNIX_EPOCH};

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use sukkal_storage::Millis;

use super::super::Outcome;

/// How long a subscriber may ask to be left alone.
const LONGEST: Duration = Duration::from_secs(3600);

/// The outcome of an attempt that was answered with this status.
pub fn judge(status: StatusCode, headers: &HeaderMap, now: Millis) -> Outcome {
    match status.as_u16() {
        200..=299 => Outcome::Delivered,
        408 | 429 | 503 => Outcome::Failed { retry_after: retry_after(headers, now) },
        410 => Outcome::Gone,
        400..=499 => Outcome::Refused,
        // Nobody was told where a redirect points, and nobody follows it.
        _ => Outcome::Failed { retry_after: None },
    }
}

/// How long the subscriber wants to be left alone: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wanted = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now).ok()?);
            date.duration_since(now).ok()?
        }
    };
    Some(wanted.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T20:00:00Z.
    const NOW: Millis = 1_795_291_200_000;

    fn of(status: u16, retry_after: Option<&'static str>) -> Outcome {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, http::HeaderValue::from_static(value));
        }
        judge(StatusCode::from_u16(status).unwrap(), &headers, NOW)
    }

    #[test]
    fn statuses_decide() {
        let failed = Outcome::Failed { retry_after: None };
        for (statuses, wanted) in [
            (&[200, 201, 202, 204, 226, 299][..], Outcome::Delivered),
            (&[300, 301, 302, 303, 304, 307, 308, 399], failed),
            (&[400, 401, 403, 404, 405, 409, 413, 418, 422, 451, 499], Outcome::Refused),
            (&[408, 429, 500, 501, 502, 503, 504, 599, 600, 999], failed),
            (&[410], Outcome::Gone),
        ] {
            for status in statuses {
                assert_eq!(of(*status, None), wanted, "{status}");
            }
        }
    }

    #[test]
    fn a_subscriber_may_ask_for_time() {
        let seconds = |seconds| Outcome::Failed { retry_after: Some(Duration::from_secs(seconds)) };
        let none = Outcome::Failed { retry_after: None };
        for (text, wanted) in [
            ("0", seconds(0)),
            ("120", seconds(120)),
            ("7200", seconds(3600)),
            ("18446744073709551615", seconds(3600)),
            ("Sat, 21 Nov 2026 20:02:00 GMT", seconds(120)),
            ("Sat, 21 Nov 2099 20:02:00 GMT", seconds(3600)),
            ("Sat, 21 Nov 2026 19:59:59 GMT", none),
            ("-1", none),
            ("1.5", none),
            ("soon", none),
            ("18446744073709551616", none),
        ] {
            for status in [408, 429, 503] {
                assert_eq!(of(status, Some(text)), wanted, "{text}");
            }
        }
        assert_eq!(of(500, Some("60")), none);
        assert_eq!(of(404, Some("60")), Outcome::Refused);
    }
}
