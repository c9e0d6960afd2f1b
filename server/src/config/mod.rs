//! What can be configured, where each value comes from, and the typed result.
//!
//! One table of options drives everything: files, environment variables, flags, `config show`,
//! `config check` and the page in `docs/`. Nothing outside this folder reads the environment.

mod check;
mod confirmation;
mod document;
mod egress;
mod features;
mod limit;
mod load;
mod logging;
mod mail;
mod notification;
mod option;
mod options;
mod page;
mod problem;
mod show;
mod signing;
mod switches;
mod table;
mod typed;
mod uri;
mod value;
mod webhook_signing;

pub use egress::EgressConfig;
pub use features::{EncryptionConfig, PipelinesConfig};
pub use limit::{LIMITS, LimitOption, Limits};
pub use load::{Given, Settings, Source, Sources, load};
pub use logging::{LogConfig, LogFormat};
pub use notification::NotificationConfig;
pub use option::{Fallback, Kind, OptionDef};
pub use page::page;
pub use problem::{ConfigError, Place, Problem};
pub use show::show;
pub use switches::Switches;
pub use table::Table;
pub use typed::{
    AdminConfig, ClientIdRule, Config, CorsConfig, HttpConfig, StorageConfig, TransportConfig,
    WebSocketConfig,
};
pub use uri::mask_uri;
pub use value::Value;

#[cfg(test)]
mod tests;
