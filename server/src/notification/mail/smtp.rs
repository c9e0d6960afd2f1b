//! Handing mail to a mail server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::time::{Instant, timeout};

use super::settings::{SmtpSecurity, SmtpSettings};
use super::verdict::{self, Verdict};

/// How long a connection waits for more mail.
const IDLE: Duration = Duration::from_secs(30);
/// The most characters of a reply that are told.
const MOST_REPLIED: usize = 120;

/// Why a mail server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpProblem {
    /// The file of authorities cannot be read.
    #[error("notification.smtp_ca_file: {0}")]
    File(std::io::Error),
    /// TLS cannot be used as configured.
    #[error("TLS for mail cannot be set up: {0}")]
    Tls(Error),
}

/// A mail server, with connections that wait for more mail.
///
/// A connection is the property of one attempt and comes back only when that went well to its end, so an attempt that is
/// given up never leaves half a dialogue to the next one.
pub(super) struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// Where in the dialogue something went wrong: what a refusal means depends on it.
enum Step {
    /// Before anything of this mail was said.
    Service,
    /// About this recipient or this mail.
    Mail,
}

impl Smtp {
    pub(super) fn new(settings: SmtpSettings) -> Result<Self, SmtpProblem> {
        let tls = match settings.security {
            SmtpSecurity::Plain => None,
            _ => Some(tls(&settings)?),
        };
        Ok(Self { settings, tls, idle: Mutex::default() })
    }

    /// Makes one attempt within this time.
    pub(super) async fn send(&self, envelope: &Envelope, mail: &[u8], limit: Duration) -> Verdict {
        match timeout(limit, self.attempt(envelope, mail)).await {
            Ok(Ok(reply)) => verdict::delivered(Some(reply.code().into())),
            Ok(Err((step, error))) => judge(&step, &error),
            Err(_) => verdict::failed("the mail server did not answer in time"),
        }
    }

    async fn attempt(&self, envelope: &Envelope, mail: &[u8]) -> Result<Response, (Step, Error)> {
        let mut connection = self.connection().await.map_err(|error| (Step::Service, error))?;
        let reply = dialogue(&mut connection, envelope, mail).await?;
        self.keep(connection);
        Ok(reply)
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        while let Some(mut connection) = self.waiting() {
            if connection.test_connected().await {
                return Ok(connection);
            }
        }
        let Self { settings, tls, .. } = self;
        let server = (settings.host.as_str(), settings.port);
        let name = ClientId::default();
        let wrapped = tls.clone().filter(|_| settings.security == SmtpSecurity::Tls);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &name, wrapped, None).await?;
        if let (SmtpSecurity::StartTls, Some(tls)) = (settings.security, tls) {
            connection.starttls(tls.clone(), &name).await?;
        }
        if let Some((user, password)) = &settings.user {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(connection)
    }

    /// A connection that has not waited too long.
    fn waiting(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.settings.idle_connections {
            idle.push((connection, Instant::now()));
        }
    }
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, SmtpProblem> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.ca_file {
        let pem = std::fs::read(file).map_err(SmtpProblem::File)?;
        let authority = Certificate::from_pem(&pem).map_err(SmtpProblem::Tls)?;
        builder = builder.add_root_certificate(authority);
    }
    builder.build_rustls().map_err(SmtpProblem::Tls)
}

/// Hands one mail over. Every address and line is ASCII, so no extension is asked for.
async fn dialogue(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    mail: &[u8],
) -> Result<Response, (Step, Error)> {
    let service = |error| (Step::Service, error);
    let about_mail = |error| (Step::Mail, error);
    let from = Mail::new(envelope.from().cloned(), Vec::new());
    connection.command(from).await.map_err(service)?;
    for recipient in envelope.to() {
        let to = Rcpt::new(recipient.clone(), Vec::new());
        connection.command(to).await.map_err(about_mail)?;
    }
    connection.command(Data).await.map_err(about_mail)?;
    connection.message(mail).await.map_err(about_mail)
}

/// A refusal of this mail is final; whatever is wrong with the server, or with how it is used, may be mended.
fn judge(step: &Step, error: &Error) -> Verdict {
    let Some(status) = error.status().map(u16::from) else {
        return verdict::failed(kind(error));
    };
    let is_about_login = matches!(status, 530 | 534 | 535 | 538);
    match step {
        Step::Mail if error.is_permanent() && !is_about_login => {
            verdict::refused(Some(status), replied(error))
        }
        Step::Mail => Verdict { status: Some(status), ..verdict::failed(replied(error)) },
        // What a server says to a login may repeat it.
        Step::Service => {
            let detail = format!("the mail server takes no mail: {status}");
            Verdict { status: Some(status), ..verdict::failed(detail) }
        }
    }
}

fn kind(error: &Error) -> &'static str {
    if error.is_tls() {
        "TLS with the mail server failed"
    } else if error.is_timeout() {
        "the mail server did not answer in time"
    } else if error.is_response() {
        "the mail server answered something that is no reply"
    } else if error.is_client() {
        "the mail server lacks what is needed, such as STARTTLS or a way to log in"
    } else {
        "the mail server cannot be reached"
    }
}

/// What the server said, in one short line.
fn replied(error: &Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let line = source.lines().next().unwrap_or_default();
    let line: String =
        line.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MOST_REPLIED).collect();
    if line.is_empty() { "the mail server refused".to_owned() } else { line }
}
