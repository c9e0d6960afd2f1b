//! The texts of mail that asks to confirm.

use lettre::message::Mailbox;

/// A subject and a text, in which `{0}` is the queue or topic, `{1}` the project and `{2}` the URL of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The subject.
    pub topic: String,
    /// The text.
    pub body: String,
    /// The sender, if it is another than that of all mail.
    pub sender: Option<Mailbox>,
}

impl Template {
    /// Asks to confirm.
    pub fn subscription() -> Self {
        Self {
            topic: "Zaqar Notification - Subscription Confirmation".to_owned(),
            body: "Somebody asked that what is posted to {0} of the project {1} is sent to this address.\n\n\
                   To agree, open this page:\n\n{2}\n\n\
                   Otherwise do nothing: nothing else will be sent.\n"
                .to_owned(),
            sender: None,
        }
    }

    /// Tells that nothing more is sent.
    pub fn unsubscription() -> Self {
        Self {
            topic: "Zaqar Notification - Unsubscribe Confirmation".to_owned(),
            body: "What is posted to {0} of the project {1} is no longer sent to this address.\n\n\
                   To have it sent again, open this page:\n\n{2}\n"
                .to_owned(),
            sender: None,
        }
    }

    /// Subject and text with these values. A subject stays one line whatever the values are.
    pub fn fill(&self, values: [&str; 3]) -> (String, String) {
        let subject = filled(&self.topic, values);
        let subject = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        (subject, filled(&self.body, values))
    }
}

/// A text with its placeholders replaced, in one pass: what is put in is not looked at again.
fn filled(text: &str, values: [&str; 3]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let place = ["{0}", "{1}", "{2}"].iter().position(|place| from.starts_with(place));
        match place {
            Some(number) => {
                out.push_str(values[number]);
                rest = &from[3..];
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once_and_other_braces_stay() {
        let template = Template {
            topic: "{0} of {1}".to_owned(),
            body: "{2} {0}{0} {3} {} { {1".to_owned(),
            sender: None,
        };

        let (subject, body) = template.fill(["{2}", "p\r\nBcc: b@example.com", "url"]);

        assert_eq!(subject, "{2} of p  Bcc: b@example.com");
        assert_eq!(body, "url {2}{2} {3} {} { {1");
    }
}
