//! The options of the section `notification` about mail.

use std::collections::BTreeMap;
use std::time::Duration;

use super::load::Settings;
use super::option::{Fallback, Kind, OptionDef};
use super::options::{number, option, text};
use super::problem::{ConfigError, Problem};
use super::value::Value;
use crate::notification::mail::{
    MailSettings, MailWay, SmtpSecurity, SmtpSettings, Template, is_one_line, mailbox,
};
use crate::signature::Secret;

/// The options.
pub(super) const OPTIONS: &[OptionDef] = &[
    text(
        "notification",
        "smtp_mode",
        Kind::Choice(&["third_part", "self_local"]),
        "third_part",
        "Who takes mail: `third_part`, the program `smtp_command`, or `self_local`, the mail server `smtp_host`.",
    ),
    text(
        "notification",
        "smtp_command",
        Kind::Text,
        "/usr/sbin/sendmail -t -oi",
        "The program that takes mail, head included, on its standard input; its arguments are split at blanks. Its environment is empty but for a search path.",
    ),
    text("notification", "smtp_host", Kind::Text, "", "The name of the mail server."),
    number(
        "notification",
        "smtp_port",
        (0, 0, 65_535),
        "port",
        "The port of the mail server; 0 is the usual one: 465 with `tls`, 587 with `starttls`, 25 with `none`.",
    ),
    text(
        "notification",
        "smtp_security",
        Kind::Choice(&["tls", "starttls", "none"]),
        "tls",
        "How the connection to the mail server is protected: TLS at once, TLS after a greeting, or not at all.",
    ),
    text(
        "notification",
        "smtp_user_name",
        Kind::Text,
        "",
        "The user of the mail server; empty for one without login.",
    ),
    OptionDef {
        secret: true,
        ..text("notification", "smtp_user_password", Kind::Text, "", "The password of that user.")
    },
    number(
        "notification",
        "smtp_connections",
        (4, 0, 1000),
        "connections",
        "How many connections to the mail server wait for more mail, for half a minute at most.",
    ),
    text(
        "notification",
        "smtp_ca_file",
        Kind::Text,
        "",
        "A file of a certificate in PEM: an authority that is trusted for the mail server beside those of the system.",
    ),
    number(
        "notification",
        "mail_timeout",
        (30, 1, 3600),
        "seconds",
        "How long one mail may take until the program has ended, or the mail server has taken it.",
    ),
    text(
        "notification",
        "mail_from",
        Kind::Text,
        "no-reply@localhost",
        "Whom mail is from, such as `Queues <no-reply@example.com>`, and who is told if it comes back.",
    ),
    option(
        "notification",
        "subscription_confirmation_email_template",
        Kind::Map,
        Fallback::Nothing,
        "Mail that asks to confirm: `topic`, `body` and `sender`. In the first two `{0}` is the queue or topic, `{1}` the project, `{2}` the URL of a page.",
    ),
    option(
        "notification",
        "unsubscribe_confirmation_email_template",
        Kind::Map,
        Fallback::Nothing,
        "Mail to who has unsubscribed, as above.",
    ),
];

/// Reads the options.
///
/// # Errors
/// A sender that is none, a template with unknown members, a mail server without a name, a login without protection.
pub(super) fn read(settings: &Settings) -> Result<MailSettings, ConfigError> {
    let mut reading = Reading { settings, problems: Vec::new() };
    let from = reading.words("mail_from").to_owned();
    let from = reading.sender("mail_from", &from);
    let way = reading.way();
    let subscription =
        reading.template("subscription_confirmation_email_template", Template::subscription());
    let unsubscription =
        reading.template("unsubscribe_confirmation_email_template", Template::unsubscription());
    let timeout = Duration::from_secs(reading.number("mail_timeout").unsigned_abs());
    match from {
        Some(from) if reading.problems.is_empty() => {
            Ok(MailSettings { way, timeout, from, subscription, unsubscription })
        }
        _ => Err(ConfigError { problems: reading.problems }),
    }
}

struct Reading<'a> {
    settings: &'a Settings,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn value(&self, name: &str) -> Option<&'a Value> {
        self.settings.value(&format!("notification.{name}"))
    }

    fn words(&self, name: &str) -> &'a str {
        match self.value(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    fn number(&self, name: &str) -> i64 {
        match self.value(name) {
            Some(Value::Integer(number)) => *number,
            _ => 0,
        }
    }

    fn problem(&mut self, name: &str, message: &str) {
        let message = format!("notification.{name}: {message}");
        self.problems.push(Problem { place: None, message });
    }

    fn sender(&mut self, name: &str, text: &str) -> Option<lettre::message::Mailbox> {
        let read = mailbox(text);
        if read.is_none() {
            self.problem(name, "it takes a sender such as `Queues <no-reply@example.com>`");
        }
        read
    }

    fn way(&mut self) -> MailWay {
        if self.words("smtp_mode") == "third_part" {
            let line = self.words("smtp_command").split(' ').filter(|part| !part.is_empty());
            return MailWay::Command(line.map(str::to_owned).collect());
        }
        let (security, usual) = match self.words("smtp_security") {
            "none" => (SmtpSecurity::Plain, 25),
            "starttls" => (SmtpSecurity::StartTls, 587),
            _ => (SmtpSecurity::Tls, 465),
        };
        let host = self.words("smtp_host").to_owned();
        if host.is_empty() {
            self.problem(
                "smtp_host",
                "`smtp_mode = \"self_local\"` needs the name of a mail server",
            );
        }
        let user = self.words("smtp_user_name");
        let is_local = host == "localhost"
            || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        if security == SmtpSecurity::Plain && !user.is_empty() && !is_local {
            self.problem("smtp_security", "a password is not sent to another machine without TLS");
        }
        let password = Secret::new(self.words("smtp_user_password"));
        let ca_file = self.words("smtp_ca_file");
        let port = u16::try_from(self.number("smtp_port")).unwrap_or_default();
        MailWay::Smtp(SmtpSettings {
            host,
            port: if port == 0 { usual } else { port },
            security,
            user: (!user.is_empty()).then(|| (user.to_owned(), password)),
            idle_connections: usize::try_from(self.number("smtp_connections")).unwrap_or_default(),
            ca_file: (!ca_file.is_empty()).then(|| ca_file.into()),
        })
    }

    fn template(&mut self, name: &str, mut template: Template) -> Template {
        let nothing = BTreeMap::new();
        let entries = match self.value(name) {
            Some(Value::Map(entries)) => entries,
            _ => &nothing,
        };
        for (member, text) in entries {
            match member.as_str() {
                "topic" if is_one_line(text) => template.topic.clone_from(text),
                "topic" => self.problem(name, "`topic` must be one line"),
                "body" => template.body.clone_from(text),
                "sender" => template.sender = self.sender(name, text),
                _ => self.problem(name, "it has `topic`, `body` and `sender` only"),
            }
        }
        template
    }
}
