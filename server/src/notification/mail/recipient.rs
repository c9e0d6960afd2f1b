//! What a `mailto:` URI says.

use lettre::Address;
use percent_encoding::percent_decode_str;

/// The longest address, in bytes.
const LONGEST: usize = 254;

/// Who gets a mail, and under which subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The one address.
    pub address: Address,
    /// The subject that the URI names.
    pub subject: Option<String>,
}

/// Why nobody can be written to at a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRecipient {
    /// It has another scheme, or names no address, more than one, or one that is none.
    #[error("it must name one mail address, of ASCII letters, digits and signs")]
    Address,
    /// A line break or another control character could become a line of the head of a mail.
    #[error("the subject must have no control characters")]
    Subject,
}

impl Recipient {
    /// Reads a URI. Of its parameters only the first `subject` counts, in any case.
    ///
    /// # Errors
    /// As the variants of [`NoRecipient`] say.
    pub fn read(uri: &str) -> Result<Self, NoRecipient> {
        let (scheme, rest) = uri.split_once(':').ok_or(NoRecipient::Address)?;
        if !scheme.eq_ignore_ascii_case("mailto") {
            return Err(NoRecipient::Address);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let address = decoded(path).ok_or(NoRecipient::Address)?;
        let is_plain = address.len() <= LONGEST && address.bytes().all(|b| b.is_ascii_graphic());
        let address: Address =
            address.parse().ok().filter(|_| is_plain).ok_or(NoRecipient::Address)?;
        let subject = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("subject"))
            .map(|(_, value)| decoded(value).filter(|text| is_one_line(text)));
        match subject {
            Some(None) => Err(NoRecipient::Subject),
            subject => Ok(Self { address, subject: subject.flatten() }),
        }
    }
}

/// Whether a text can stand in one line of the head of a mail.
pub fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_subject_are_read() {
        for (uri, address, subject) in [
            ("mailto:a@example.com", "a@example.com", None),
            ("MAILTO:a%2Bb@example.com?cc=x@example.com", "a+b@example.com", None),
            (
                "mailto:a@example.com?Subject=It%20is+here&subject=no",
                "a@example.com",
                Some("It is+here"),
            ),
            ("mailto:a@example.com?body=x&SUBJECT=%C3%A9#part", "a@example.com", Some("é")),
            ("mailto:a@example.com?subject", "a@example.com", None),
        ] {
            let read = Recipient::read(uri).unwrap();
            assert_eq!(
                (read.address.as_ref(), read.subject.as_deref()),
                (address, subject),
                "{uri}"
            );
        }
    }

    #[test]
    fn what_is_not_one_address_is_refused() {
        let long = format!("mailto:{}@example.com", "a".repeat(300));
        for uri in [
            "mailto:",
            "mailto:nobody",
            "mailto:a@example.com,b@example.com",
            "mailto:a@example.com%2Cb@example.com",
            "mailto:a@example.com%0D%0ABcc:b@example.com",
            "mailto:a%00@example.com",
            "mailto:a b@example.com",
            "mailto:%C3%A9@example.com",
            "mailto:%FF@example.com",
            "mailto:%3Ca@example.com%3E",
            "mailto:%22a%20b%22@example.com",
            "http:a@example.com",
            &long,
        ] {
            assert_eq!(Recipient::read(uri), Err(NoRecipient::Address), "{uri}");
        }
    }

    #[test]
    fn a_subject_cannot_become_another_line() {
        for subject in ["a%0D%0ABcc:%20b@example.com", "a%0Ab", "a%0Db", "a%00b", "%FF", "a%C2%85b"]
        {
            let uri = format!("mailto:a@example.com?subject={subject}");
            assert_eq!(Recipient::read(&uri), Err(NoRecipient::Subject), "{uri}");
        }
    }
}
