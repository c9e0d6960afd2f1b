//! How mail is configured.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;

use super::template::Template;
use crate::signature::Secret;

/// How mail is sent, and by whom. The debug text has no password.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Who takes mail.
    pub way: MailWay,
    /// How long one mail may take altogether.
    pub timeout: Duration,
    /// Whom mail is from, and who is told when it comes back.
    pub from: Mailbox,
    /// Asks to confirm.
    pub subscription: Template,
    /// Tells that nothing more is sent.
    pub unsubscription: Template,
}

/// Who takes mail.
#[derive(Clone, Debug)]
pub enum MailWay {
    /// A program that reads mail, head included, on its standard input.
    Command(Vec<String>),
    /// A mail server.
    Smtp(SmtpSettings),
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The name or address of the server; its certificate must be for it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// User and password, if the server wants them.
    pub user: Option<(String, Secret)>,
    /// How many connections wait for more mail.
    pub idle_connections: usize,
    /// A file of authorities that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS after a greeting; without it nothing is sent.
    StartTls,
    /// Not at all: for servers on this machine.
    Plain,
}
