//! Making a mail of a parcel.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, SinglePart};
use sukkal_storage::EntryKind;

use super::super::{Confirmations, Parcel};
use super::options::MailOptions;
use super::recipient::{NoRecipient, Recipient};
use super::settings::MailSettings;
use crate::signature::NotSigned;

/// The longest line of a mail, in characters; lines of 998 and more are lost on their way.
const LONGEST_LINE: usize = 990;

/// A mail as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    /// Who sends it to whom.
    pub(super) envelope: Envelope,
    /// Head and text.
    pub(super) bytes: Vec<u8>,
}

/// Why a mail cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLetter {
    /// The subscriber cannot be written to.
    #[error("the subscriber cannot be written to: {0}")]
    Recipient(#[from] NoRecipient),
    /// An option of the subscription cannot stand in a mail.
    #[error("the option {0} cannot stand in a mail")]
    Option(&'static str),
    /// The subscriber could not confirm.
    #[error("no request to confirm can be signed: {0}")]
    NotSigned(#[from] NotSigned),
    /// There is no page to lead to.
    #[error("there is no page to confirm at: notification.external_confirmation_url is not set")]
    NoPage,
    /// What a mail is made of does not fit.
    #[error("the mail cannot be made")]
    Unmade,
}

/// What is particular to one mail.
struct Content {
    from: Mailbox,
    subject: String,
    text: String,
}

/// Makes the mail for a parcel.
pub(super) fn write(
    parcel: &Parcel,
    settings: &MailSettings,
    confirmations: &Confirmations,
) -> Result<Letter, NoLetter> {
    let recipient = Recipient::read(&parcel.subscription.subscriber)?;
    let to = recipient.address.clone();
    let content = match parcel.kind {
        EntryKind::Confirm | EntryKind::Unsubscribe => asking(parcel, settings, confirmations)?,
        _ => telling(parcel, settings, recipient)?,
    };
    let at = Duration::from_millis(parcel.now.max(0).unsigned_abs());
    let id = format!("<{}@{}>", parcel.delivery_id, settings.from.email.domain());
    let mut message = Message::builder()
        .from(content.from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(content.subject)
        .date(UNIX_EPOCH + at)
        .message_id(Some(id))
        .raw_header(line("Auto-Submitted", "auto-generated".to_owned())?);
    if content.from.email != settings.from.email {
        message = message.sender(settings.from.clone());
    }
    if let Some(url) = confirmations.unsubscribe_url(parcel) {
        message = message
            .raw_header(line("List-Unsubscribe", format!("<{url}>"))?)
            .raw_header(line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?);
    }
    let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(encoded(&content.text)?);
    let message = message.singlepart(part).map_err(|_| NoLetter::Unmade)?;
    let envelope = Envelope::new(Some(settings.from.email.clone()), vec![to]);
    let envelope = envelope.map_err(|_| NoLetter::Unmade)?;
    Ok(Letter { envelope, bytes: message.formatted() })
}

/// A text of which every line that leaves is ASCII and short enough: as it is if it can be, so that people can read it
/// wherever it ends up.
fn encoded(text: &str) -> Result<Body, NoLetter> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if text.is_ascii() && text.lines().all(|line| line.len() <= LONGEST_LINE) {
        let bytes = text.replace('\n', "\r\n").into_bytes();
        return Ok(Body::dangerous_pre_encoded(bytes, ContentTransferEncoding::SevenBit));
    }
    Body::new_with_encoding(text, ContentTransferEncoding::Base64).map_err(|_| NoLetter::Unmade)
}

/// A message as the subscriber gets it.
fn telling(
    parcel: &Parcel,
    settings: &MailSettings,
    recipient: Recipient,
) -> Result<Content, NoLetter> {
    let options = MailOptions::read(&parcel.subscription.options).map_err(NoLetter::Option)?;
    let text = parcel.document();
    Ok(Content {
        from: options.from.unwrap_or_else(|| settings.from.clone()),
        subject: recipient.subject.or(options.subject).unwrap_or_default(),
        text: String::from_utf8(text).map_err(|_| NoLetter::Unmade)?,
    })
}

/// A request to confirm.
fn asking(
    parcel: &Parcel,
    settings: &MailSettings,
    confirmations: &Confirmations,
) -> Result<Content, NoLetter> {
    let page = confirmations.settings().external_url.as_deref().ok_or(NoLetter::NoPage)?;
    let url = confirmations.request(parcel)?.page_url(page);
    let template = match parcel.kind {
        EntryKind::Unsubscribe => &settings.unsubscription,
        _ => &settings.subscription,
    };
    let (subject, text) = template.fill([&parcel.queue.name, &parcel.queue.project, &url]);
    let from = template.sender.clone().unwrap_or_else(|| settings.from.clone());
    Ok(Content { from, subject, text })
}

/// A line of the head with nothing to encode or fold.
fn line(name: &'static str, value: String) -> Result<HeaderValue, NoLetter> {
    if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(NoLetter::Unmade);
    }
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| NoLetter::Unmade)?;
    Ok(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value))
}
