//! Telling subscribers by mail.

mod letter;
mod options;
mod recipient;
mod sendmail;
mod settings;
mod smtp;
mod template;
mod verdict;

use std::time::Duration;

use async_trait::async_trait;

use super::{Carrier, Confirmations, Parcel, Told};
use letter::Letter;
use smtp::Smtp;

pub use options::{MailOptions, mailbox};
pub use recipient::{NoRecipient, Recipient, is_one_line};
pub use settings::{MailSettings, MailWay, SmtpSecurity, SmtpSettings};
pub use smtp::SmtpProblem;
pub use template::Template;

/// What an attempt takes beside sending.
const SLACK: Duration = Duration::from_secs(5);

/// Carries parcels to `mailto:` subscribers.
pub struct Mail {
    settings: MailSettings,
    confirmations: Confirmations,
    way: Way,
}

enum Way {
    Command(Vec<String>),
    Smtp(Smtp),
}

impl Mail {
    /// Sends mail as these settings say.
    ///
    /// # Errors
    /// TLS cannot be used as configured.
    pub fn new(settings: MailSettings, confirmations: Confirmations) -> Result<Self, SmtpProblem> {
        let way = match &settings.way {
            MailWay::Command(line) => Way::Command(line.clone()),
            MailWay::Smtp(server) => Way::Smtp(Smtp::new(server.clone())?),
        };
        Ok(Self { settings, confirmations, way })
    }
}

#[async_trait]
impl Carrier for Mail {
    fn longest(&self) -> Duration {
        self.settings.timeout + SLACK
    }

    async fn carry(&self, parcel: &Parcel) -> Told {
        let Letter { envelope, bytes } =
            match letter::write(parcel, &self.settings, &self.confirmations) {
                Ok(letter) => letter,
                Err(problem) => return verdict::refused(None, problem.to_string()),
            };
        let limit = self.settings.timeout;
        match &self.way {
            Way::Command(line) => sendmail::send(line, bytes, limit).await,
            Way::Smtp(smtp) => smtp.send(&envelope, &bytes, limit).await,
        }
    }
}

#[cfg(test)]
mod tests;
