//! The configuration as the rest of the server reads it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::check;
use super::confirmation;
use super::egress::{self, EgressConfig};
use super::features::{EncryptionConfig, PipelinesConfig};
use super::limit::Limits;
use super::load::Settings;
use super::logging::{LogConfig, LogFormat};
use super::mail;
use super::notification::NotificationConfig;
use super::option::Kind;
use super::problem::ConfigError;
use super::signing;
use super::switches::Switches;
use super::value::Value;
use super::webhook_signing;
use crate::notification::ConfirmationSettings;
use crate::notification::mail::MailSettings;
use crate::notification::webhook::SigningKeys;
use crate::signature::KeyRing;

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether the operations meant for operators are offered.
    pub admin_mode: bool,
    /// Whether queues are spread over pools.
    pub pooling: bool,
    /// Whether the main store takes queues that no pool takes.
    pub enable_virtual_pool: bool,
    /// Which operations exist beyond those that always do.
    pub switches: Switches,
    /// Whether messages carry a checksum.
    pub enable_checksum: bool,
    /// The limits of the API: every integer of the section `transport`.
    pub limits: Limits,
    /// The rest of the section `transport`.
    pub transport: TransportConfig,
    /// The HTTP listener.
    pub http: HttpConfig,
    /// The WebSocket listener, and what holds for every WebSocket.
    pub websocket: WebSocketConfig,
    /// The admin listener.
    pub admin: AdminConfig,
    /// The store.
    pub storage: StorageConfig,
    /// The stages that calls pass on their way to the store.
    pub pipelines: PipelinesConfig,
    /// The keys of queues that encrypt.
    pub encryption: EncryptionConfig,
    /// The keys that sign pre-signed URLs.
    pub signing: KeyRing,
    /// How subscribers are told.
    pub notification: NotificationConfig,
    /// Who must confirm, and how.
    pub confirmation: ConfirmationSettings,
    /// How mail is sent.
    pub mail: MailSettings,
    /// What the service connects to because a subscriber asks for it.
    pub egress: EgressConfig,
    /// The keys that sign webhooks.
    pub webhook_signing: SigningKeys,
    /// Who may call from a browser.
    pub cors: CorsConfig,
    /// What is logged.
    pub log: LogConfig,
    /// How long requests under way may take after the server was told to stop.
    pub shutdown_grace: Duration,
    /// Where all of this came from.
    pub settings: Settings,
}

/// The section `transport` without its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportConfig {
    /// Which client ids are taken.
    pub client_id: ClientIdRule,
    /// Whether deleting several messages demands the ids of their claims.
    pub message_delete_with_claim_id: bool,
    /// The schemes that subscribers may have.
    pub subscriber_types: Vec<String>,
}

/// Which client ids are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientIdRule {
    /// UUIDs.
    Uuid,
    /// Any text of this many characters.
    Length {
        /// The fewest characters.
        minimum: usize,
        /// The most characters.
        maximum: usize,
    },
}

/// The section `http`.
#[derive(Clone, Copy, Debug)]
pub struct HttpConfig {
    /// Where to listen, if at all.
    pub listen: Option<SocketAddr>,
    /// The most open connections.
    pub max_connections: usize,
    /// The largest request line with headers, in bytes.
    pub max_header_bytes: usize,
    /// The most headers of a request.
    pub max_headers: usize,
    /// How long headers may take.
    pub header_read_timeout: Duration,
    /// How long a body may take.
    pub body_read_timeout: Duration,
    /// How long a connection may stay without a request.
    pub idle_timeout: Duration,
}

/// The section `websocket`.
#[derive(Clone, Copy, Debug)]
pub struct WebSocketConfig {
    /// Where to listen, if at all.
    pub listen: Option<SocketAddr>,
    /// The most open connections.
    pub max_connections: usize,
    /// How long a handshake may take.
    pub handshake_timeout: Duration,
    /// The largest frame, in bytes.
    pub max_frame_bytes: usize,
    /// The largest message, in bytes.
    pub max_message_bytes: usize,
    /// The most requests under way on one connection.
    pub max_in_flight: usize,
    /// The most subscriptions of itself that a connection has.
    pub max_subscriptions: usize,
    /// How many bytes may wait to be pushed to a connection.
    pub max_waiting_bytes: usize,
    /// How often a quiet connection gets a ping, if at all.
    pub ping_interval: Option<Duration>,
}

/// The section `admin`.
#[derive(Clone, Copy, Debug)]
pub struct AdminConfig {
    /// Where to listen, if at all.
    pub listen: Option<SocketAddr>,
    /// The most open connections.
    pub max_connections: usize,
}

/// The section `storage`.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// The store; may hold a password: print it through [`mask_uri`](super::mask_uri) only.
    pub uri: String,
    /// Where an embedded store keeps its files.
    pub data_dir: PathBuf,
    /// Options of the driver.
    pub options: Vec<(String, String)>,
    /// The store of records, pools and flavors, if it is another; as secret as `uri`.
    pub control_uri: Option<String>,
    /// Options of the driver of that store.
    pub control_options: Vec<(String, String)>,
}

/// The section `cors`.
#[derive(Clone, Debug)]
pub struct CorsConfig {
    /// The origins that may call; none turns CORS off.
    pub allowed_origin: Vec<String>,
    /// Whether they may send credentials.
    pub allow_credentials: bool,
    /// The response headers they may read.
    pub expose_headers: Vec<String>,
    /// How many seconds a preflight may be remembered; 0 does not say.
    pub max_age: u64,
    /// The methods they may use.
    pub allow_methods: Vec<String>,
    /// The request headers they may send.
    pub allow_headers: Vec<String>,
}

impl Config {
    /// Reads the effective values and checks what several of them promise together.
    ///
    /// # Errors
    /// Every combination that cannot work, each naming the option that would settle it.
    pub fn from_settings(settings: Settings) -> Result<Self, ConfigError> {
        let read = Reader(&settings);
        let notification = NotificationConfig::read(&settings);
        let config = Self {
            admin_mode: read.flag("admin_mode"),
            pooling: read.flag("pooling"),
            enable_virtual_pool: read.flag("pooling:catalog.enable_virtual_pool"),
            switches: Switches::read(&settings),
            enable_checksum: read.flag("enable_checksum"),
            limits: read.limits(),
            transport: read.transport(),
            http: read.http(),
            websocket: read.websocket(),
            admin: AdminConfig {
                listen: read.address("admin.listen"),
                max_connections: read.size("admin.max_connections"),
            },
            storage: read.storage(),
            pipelines: read.pipelines(),
            encryption: read.encryption(),
            signing: signing::read(&settings),
            notification,
            mail: mail::read(&settings)?,
            confirmation: confirmation::read(&settings, &notification, &read.limits())?,
            egress: egress::read(&settings)?,
            webhook_signing: webhook_signing::read(&settings)?,
            cors: read.cors(),
            log: read.log(),
            shutdown_grace: read.seconds("shutdown.grace_seconds"),
            settings: settings.clone(),
        };
        let remote_allowed = read.flag("security.allow_remote_without_auth");
        check::check(&config, remote_allowed)?;
        signing::check(&config.signing, &settings)?;
        Ok(config)
    }

    /// What deserves a line in the log, though it stops nothing.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.settings.warnings().to_vec();
        warnings.extend(check::warnings(self));
        warnings
    }
}

/// Reads values whose names and kinds the table is known to have.
struct Reader<'a>(&'a Settings);

impl Reader<'_> {
    fn value(&self, name: &str) -> &Value {
        self.0.value(name).expect("the table has every option that is read")
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Value::Flag(true))
    }

    fn size(&self, name: &str) -> usize {
        match self.value(name) {
            Value::Integer(number) => usize::try_from(*number).unwrap_or_default(),
            _ => 0,
        }
    }

    fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs(self.size(name) as u64)
    }

    fn text(&self, name: &str) -> &str {
        match self.value(name) {
            Value::Text(text) => text,
            _ => "",
        }
    }

    fn address(&self, name: &str) -> Option<SocketAddr> {
        self.text(name).parse().ok()
    }

    fn list(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Value::List(items) => items.clone(),
            _ => Vec::new(),
        }
    }

    fn map(&self, name: &str) -> Vec<(String, String)> {
        match self.value(name) {
            Value::Map(entries) => entries.clone().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn limits(&self) -> Limits {
        self.0
            .iter()
            .filter_map(|(option, value, _)| match (option.section, option.kind, value) {
                ("transport", Kind::Integer { .. }, Value::Integer(number)) => {
                    Some((option.name, *number))
                }
                _ => None,
            })
            .collect()
    }

    fn transport(&self) -> TransportConfig {
        let client_id = match self.text("transport.client_id_uuid_safe") {
            "off" => ClientIdRule::Length {
                minimum: self.size("transport.min_length_client_id"),
                maximum: self.size("transport.max_length_client_id"),
            },
            _ => ClientIdRule::Uuid,
        };
        let message_delete_with_claim_id = self.flag("transport.message_delete_with_claim_id");
        let subscriber_types = self.list("transport.subscriber_types");
        TransportConfig { client_id, message_delete_with_claim_id, subscriber_types }
    }

    fn http(&self) -> HttpConfig {
        HttpConfig {
            listen: self.address("http.listen"),
            max_connections: self.size("http.max_connections"),
            max_header_bytes: self.size("http.max_header_bytes"),
            max_headers: self.size("http.max_headers"),
            header_read_timeout: self.seconds("http.header_read_timeout"),
            body_read_timeout: self.seconds("http.body_read_timeout"),
            idle_timeout: self.seconds("http.idle_timeout"),
        }
    }

    fn websocket(&self) -> WebSocketConfig {
        let ping_interval = self.seconds("websocket.ping_interval");
        WebSocketConfig {
            listen: self.address("websocket.listen"),
            max_connections: self.size("websocket.max_connections"),
            handshake_timeout: self.seconds("websocket.handshake_timeout"),
            max_frame_bytes: self.size("websocket.max_frame_bytes"),
            max_message_bytes: self.size("websocket.max_message_bytes"),
            max_in_flight: self.size("websocket.max_in_flight"),
            max_subscriptions: self.size("websocket.max_subscriptions"),
            max_waiting_bytes: self.size("websocket.max_waiting_bytes"),
            ping_interval: (!ping_interval.is_zero()).then_some(ping_interval),
        }
    }

    fn storage(&self) -> StorageConfig {
        let control_uri = self.text("storage.control_uri");
        StorageConfig {
            uri: self.text("storage.uri").to_owned(),
            data_dir: PathBuf::from(self.text("storage.data_dir")),
            options: self.map("storage.options"),
            control_uri: (!control_uri.is_empty()).then(|| control_uri.to_owned()),
            control_options: self.map("storage.control_options"),
        }
    }

    fn encryption(&self) -> EncryptionConfig {
        let key_files = self.map("encryption.key_files");
        EncryptionConfig {
            active_key: self.text("encryption.active_key").to_owned(),
            keys: self.map("encryption.keys"),
            key_files: key_files.into_iter().map(|(id, path)| (id, path.into())).collect(),
            placeholders_allowed: self.flag("security.allow_placeholder_secrets"),
        }
    }

    fn pipelines(&self) -> PipelinesConfig {
        PipelinesConfig {
            queue: self.list("storage.queue_pipeline"),
            message: self.list("storage.message_pipeline"),
            claim: self.list("storage.claim_pipeline"),
            subscription: self.list("storage.subscription_pipeline"),
            topic: self.list("storage.topic_pipeline"),
        }
    }

    fn cors(&self) -> CorsConfig {
        CorsConfig {
            allowed_origin: self.list("cors.allowed_origin"),
            allow_credentials: self.flag("cors.allow_credentials"),
            expose_headers: self.list("cors.expose_headers"),
            max_age: self.size("cors.max_age") as u64,
            allow_methods: self.list("cors.allow_methods"),
            allow_headers: self.list("cors.allow_headers"),
        }
    }

    fn log(&self) -> LogConfig {
        let format = match self.text("log.format") {
            "json" => LogFormat::Json,
            _ => LogFormat::Text,
        };
        LogConfig { level: self.text("log.level").to_owned(), format }
    }
}
