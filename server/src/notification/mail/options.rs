//! What the options of a subscription say about mail.

use lettre::message::Mailbox;
use serde::Deserialize;

use super::recipient::is_one_line;

/// The options that have a meaning for mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailOptions {
    /// Whom mail is from.
    pub from: Option<Mailbox>,
    /// The subject, where the URI of the subscriber has none.
    pub subject: Option<String>,
}

#[derive(Default, Deserialize)]
struct Written {
    from: Option<String>,
    subject: Option<String>,
}

impl MailOptions {
    /// Reads options: the text of a JSON object. Empty texts count as absent.
    ///
    /// # Errors
    /// The name of an option that cannot stand in a mail.
    pub fn read(options: &[u8]) -> Result<Self, &'static str> {
        let written: Written = crate::json::read(options).unwrap_or_default();
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let from = given(written.from).map(|text| mailbox(&text).ok_or("from")).transpose()?;
        let subject = given(written.subject);
        match subject {
            Some(text) if !is_one_line(&text) => Err("subject"),
            subject => Ok(Self { from, subject }),
        }
    }
}

/// A sender such as `Jobs <jobs@example.com>`, with an address of ASCII characters.
pub fn mailbox(text: &str) -> Option<Mailbox> {
    let mailbox: Mailbox = text.parse().ok().filter(|_| is_one_line(text))?;
    let address: &str = mailbox.email.as_ref();
    address.bytes().all(|byte| byte.is_ascii_graphic()).then_some(mailbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_and_subjects_are_read() {
        let options =
            MailOptions::read(br#"{"from": "Jobs <jobs@example.com>", "subject": "New"}"#).unwrap();

        assert_eq!(options.from, mailbox("Jobs <jobs@example.com>"));
        assert_eq!(options.subject.as_deref(), Some("New"));
        assert_eq!(
            MailOptions::read(br#"{"from": "", "subject": null}"#),
            Ok(MailOptions::default())
        );
    }

    #[test]
    fn nothing_becomes_a_line_of_the_head() {
        for from in [
            "nobody",
            "a@example.com\\r\\nBcc: b@example.com",
            "a@example.com, b@example.com",
            "\\u0000",
        ] {
            let options = format!(r#"{{"from": "{from}"}}"#);
            assert_eq!(MailOptions::read(options.as_bytes()), Err("from"), "{from}");
        }
        let subject = br#"{"subject": "a\r\nBcc: b@example.com"}"#;
        assert_eq!(MailOptions::read(subject), Err("subject"));
    }
}
