//! How confirmation is configured.

/// Who must agree, and what requests say of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfirmationSettings {
    /// Whether subscribers other than mail addresses must agree.
    pub asks_others: bool,
    /// Whether mail addresses must agree.
    pub asks_mail: bool,
    /// Whether only the link that a subscriber was sent confirms.
    pub only_subscriber: bool,
    /// The URL under which subscribers reach HTTP of the service.
    pub public_endpoint: Option<String>,
    /// The URL under which subscribers reach WebSockets of the service.
    pub public_websocket_endpoint: Option<String>,
    /// The page that mail leads to.
    pub external_url: Option<String>,
    /// The lifetime of subscriptions that name none, in seconds.
    pub default_ttl: i64,
}
