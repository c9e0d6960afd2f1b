//! The options of the section `notification` about asking subscribers whether they agree.

use super::limit::Limits;
use super::load::Settings;
use super::notification::NotificationConfig;
use super::option::{Kind, OptionDef};
use super::options::{flag, text};
use super::problem::{ConfigError, Problem};
use super::value::Value;
use crate::notification::ConfirmationSettings;

/// The options.
pub(super) const OPTIONS: &[OptionDef] = &[
    flag(
        "notification",
        "only_subscriber_confirms",
        false,
        "Whether only the link that a subscriber was sent confirms, and not the owner of the subscription.",
    ),
    text(
        "notification",
        "public_endpoint",
        Kind::Text,
        "",
        "The URL under which subscribers reach HTTP of the service, such as `https://queues.example.com`, for requests to confirm and links in mail. Links to unsubscribe need `https`.",
    ),
    text(
        "notification",
        "public_websocket_endpoint",
        Kind::Text,
        "",
        "The URL under which subscribers reach WebSockets of the service, for requests to confirm.",
    ),
    text(
        "notification",
        "external_confirmation_url",
        Kind::Text,
        "",
        "The page that mail which asks to confirm leads to; see docs/notifications.md. Without one no such mail is sent.",
    ),
];

/// Reads the options.
///
/// # Errors
/// Every URL that is none.
pub(super) fn read(
    settings: &Settings,
    notification: &NotificationConfig,
    limits: &Limits,
) -> Result<ConfirmationSettings, ConfigError> {
    let value = |name: &str| settings.value(&format!("notification.{name}"));
    let mut problems = Vec::new();
    let mut endpoint = |name: &str, schemes: &[&str]| {
        let Some(Value::Text(text)) = value(name) else { return None };
        if text.is_empty() {
            return None;
        }
        if !is_url(text, schemes) {
            let schemes: Vec<String> =
                schemes.iter().map(|scheme| format!("{scheme}://")).collect();
            let message =
                format!("notification.{name}: it takes a URL with {}", schemes.join(" or "));
            problems.push(Problem { place: None, message });
        }
        Some(text.clone())
    };
    let read = ConfirmationSettings {
        asks_others: notification.require_confirmation,
        asks_mail: notification.confirm_mail,
        only_subscriber: value("only_subscriber_confirms") == Some(&Value::Flag(true)),
        public_endpoint: endpoint("public_endpoint", &["http", "https"]),
        public_websocket_endpoint: endpoint("public_websocket_endpoint", &["ws", "wss"]),
        external_url: endpoint("external_confirmation_url", &["http", "https"]),
        default_ttl: limits.get("default_subscription_ttl").unwrap_or_default(),
    };
    if problems.is_empty() { Ok(read) } else { Err(ConfigError { problems }) }
}

/// Whether a text is a URL with one of these schemes that can stand in a line of a mail.
fn is_url(text: &str, schemes: &[&str]) -> bool {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    url::Url::parse(text)
        .is_ok_and(|url| visible && schemes.contains(&url.scheme()) && url.has_host())
}
