//! Dates of grants: read in many spellings, signed in one.

use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// Seconds since the epoch.
pub type Seconds = i64;

/// Why a text is no date of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDate {
    /// It is a number.
    #[error("is a number")]
    Number,
    /// It is not ISO 8601.
    #[error("is not a date in ISO 8601")]
    Unreadable,
}

/// Reads a date in ISO 8601, with a blank or `T` before the time: without a zone it is UTC, without a time midnight.
/// Fractions of a second are dropped.
///
/// # Errors
/// As the variants of [`NoDate`] say.
pub fn read(text: &str) -> Result<Seconds, NoDate> {
    if is_number(text) {
        return Err(NoDate::Number);
    }
    let spelled = match text.as_bytes().get(10) {
        Some(b' ') => format!("{}T{}", &text[..10], &text[11..]),
        _ => text.to_owned(),
    };
    let format = &Iso8601::PARSING;
    let at = OffsetDateTime::parse(&spelled, format)
        .or_else(|_| PrimitiveDateTime::parse(&spelled, format).map(PrimitiveDateTime::assume_utc))
        .or_else(|_| Date::parse(&spelled, format).map(|date| date.midnight().assume_utc()))
        .map_err(|_| NoDate::Unreadable)?;
    // A year that the signed spelling has no room for cannot be signed.
    if spell(at.unix_timestamp()).len() == SPELLED {
        Ok(at.unix_timestamp())
    } else {
        Err(NoDate::Unreadable)
    }
}

/// The length of a signed date.
const SPELLED: usize = "2016-01-01T00:00:00".len();

/// The spelling that is signed: UTC, without zone and fraction.
pub fn spell(at: Seconds) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// An integer other than zero, as the service has always told numbers from dates.
fn is_number(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['+', '-']);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_becomes_one() {
        for (text, wanted) in [
            ("2100-01-01T00:00:00+02:00", "2099-12-31T22:00:00"),
            ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00"),
            ("2100-01-01 00:00:00", "2100-01-01T00:00:00"),
            ("2100-01-01", "2100-01-01T00:00:00"),
            ("2026-11-21T20:29:12.123456", "2026-11-21T20:29:12"),
            ("2026-11-21 20:29:12.999+00:00", "2026-11-21T20:29:12"),
            ("20261121T202912", "2026-11-21T20:29:12"),
            ("2026-11-21T20:29", "2026-11-21T20:29:00"),
            ("9999-12-31T23:59:59", "9999-12-31T23:59:59"),
        ] {
            assert_eq!(read(text).map(spell), Ok(wanted.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_number_is_no_date() {
        for text in ["12345", "+5", "-1", " 3600 ", "1_000", "20160101"] {
            assert_eq!(read(text), Err(NoDate::Number), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "0",
            "tomorrow",
            "2016-13-01T00:00:00",
            "2016-02-30",
            "2016-01-01T25:00:00",
            "2016-01-01T00:00:00 junk",
            "2016-01-01U00:00:00",
            "ä016-01-01T00:00:00",
            "2016-01-0é 00:00:00",
            "+12016-01-01T00:00:00Z",
        ] {
            assert_eq!(read(text), Err(NoDate::Unreadable), "{text:?}");
        }
    }
}
