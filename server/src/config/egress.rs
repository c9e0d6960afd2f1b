//! The section `egress`: what the service connects to because a subscriber asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::load::Settings;
use super::option::{Fallback, Kind, OptionDef};
use super::options::{flag, list, number, option, text};
use super::problem::{ConfigError, Problem};
use super::value::Value;
use crate::egress::{Allow, NoEntry, Ports};
use crate::signature::Secret;

/// The options of the section.
pub(super) const OPTIONS: &[OptionDef] = &[
    list(
        "egress",
        "allow",
        &[],
        "What subscribers may be told at beyond public addresses: addresses (`127.0.0.1`, `[::1]:8080`) and names (`localhost`), each also with a port, open just that; networks (`10.0.0.0/8`) open the private addresses in them. See docs/webhooks.md.",
    ),
    flag(
        "egress",
        "allow_private",
        false,
        "Whether subscribers may be told at private addresses: 10/8, 172.16/12, 192.168/16, 100.64/10 and fc00::/7.",
    ),
    list(
        "egress",
        "allow_private_projects",
        &[],
        "The projects whose subscribers may be told at private addresses.",
    ),
    option(
        "egress",
        "project_allow",
        Kind::Map,
        Fallback::Nothing,
        "By project: private addresses and networks that its subscribers may be told at, separated by commas.",
    ),
    list(
        "egress",
        "ports",
        &["80", "443", "1024-65535"],
        "The ports that subscribers may be told at, single ones or ranges.",
    ),
    text(
        "egress",
        "proxy",
        Kind::Uri,
        "",
        "A proxy for webhooks: `http://`, `https://`, `socks5://` (names are resolved and checked here) or `socks5h://` (the proxy resolves, and must check). Variables of the environment name none.",
    ),
    number("egress", "connect_timeout", (5, 1, 30), "seconds", "How long connecting may take."),
    number(
        "egress",
        "timeout",
        (15, 1, 30),
        "seconds",
        "How long a webhook may take, from resolving its name to the end of the answer.",
    ),
    number(
        "egress",
        "max_response_bytes",
        (16_384, 0, 1 << 20),
        "bytes",
        "How much of an answer is read; then the connection is closed.",
    ),
    text("egress", "user_agent", Kind::Text, "sukkal", "What webhooks say in `User-Agent`."),
    text(
        "egress",
        "ca_file",
        Kind::Text,
        "",
        "A file of certificates in PEM: authorities that webhooks trust beside those of the system.",
    ),
];

/// The section `egress`. Its debug text has no credentials.
#[derive(Clone, Debug)]
pub struct EgressConfig {
    /// What is open to all.
    pub allow: Allow,
    /// Whether private addresses are open to all.
    pub allow_private: bool,
    /// The projects that private addresses are open to.
    pub allow_private_projects: BTreeSet<String>,
    /// The private addresses that are open to a project.
    pub project_allow: BTreeMap<String, Allow>,
    /// The open ports.
    pub ports: Ports,
    /// The proxy, if there is one; may hold a password.
    pub proxy: Option<Secret>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a request may take altogether.
    pub timeout: Duration,
    /// How much of an answer is read, in bytes.
    pub max_response_bytes: usize,
    /// What requests say of who sends them.
    pub user_agent: String,
    /// A file of further authorities.
    pub ca_file: Option<PathBuf>,
}

impl EgressConfig {
    /// The URI of the proxy, with its password.
    pub fn proxy_uri(&self) -> Option<&str> {
        self.proxy.as_ref().map(Secret::expose)
    }
}

/// Reads the section.
///
/// # Errors
/// Every entry that is none, and a proxy or a user agent that cannot be used.
pub(super) fn read(settings: &Settings) -> Result<EgressConfig, ConfigError> {
    let value = |name: &str| settings.value(&format!("egress.{name}"));
    let items = |name: &str| match value(name) {
        Some(Value::List(items)) => items.clone(),
        _ => Vec::new(),
    };
    let words = |name: &str| match value(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let integer = |name: &str| match value(name) {
        Some(Value::Integer(number)) => usize::try_from(*number).unwrap_or_default(),
        _ => 0,
    };
    let mut problems = Vec::new();
    let mut told = |name: &str, error: NoEntry| {
        let message = format!("egress.{name}: {error}");
        problems.push(Problem { place: None, message });
    };
    let allow = Allow::read(items("allow").iter().map(String::as_str)).unwrap_or_else(|error| {
        told("allow", error);
        Allow::default()
    });
    let mut project_allow = BTreeMap::new();
    if let Some(Value::Map(entries)) = value("project_allow") {
        for (project, list) in entries {
            match Allow::read(list.split(',')) {
                Ok(allow) => drop(project_allow.insert(project.clone(), allow)),
                Err(error) => told(&format!("project_allow.{project}"), error),
            }
        }
    }
    let ports = Ports::read(items("ports").iter().map(String::as_str))
        .map_err(|error| told("ports", NoEntry(error.0)))
        .ok();
    let (proxy, user_agent) = (words("proxy"), words("user_agent"));
    if !proxy.is_empty() && !is_proxy(&proxy) {
        let message =
            "egress.proxy: it takes http://, https://, socks5:// or socks5h:// and a host";
        problems.push(Problem { place: None, message: message.to_owned() });
    }
    if http::HeaderValue::from_str(&user_agent).is_err() {
        let message = "egress.user_agent cannot stand in a header".to_owned();
        problems.push(Problem { place: None, message });
    }
    let (Some(ports), true) = (ports, problems.is_empty()) else {
        return Err(ConfigError { problems });
    };
    let seconds = |name: &str| Duration::from_secs(integer(name) as u64);
    let ca_file = words("ca_file");
    Ok(EgressConfig {
        allow,
        allow_private: value("allow_private") == Some(&Value::Flag(true)),
        allow_private_projects: items("allow_private_projects").into_iter().collect(),
        project_allow,
        ports,
        proxy: (!proxy.is_empty()).then(|| Secret::new(&proxy)),
        connect_timeout: seconds("connect_timeout"),
        timeout: seconds("timeout"),
        max_response_bytes: integer("max_response_bytes"),
        user_agent,
        ca_file: (!ca_file.is_empty()).then(|| ca_file.into()),
    })
}

fn is_proxy(uri: &str) -> bool {
    let Ok(uri) = url::Url::parse(uri) else { return false };
    ["http", "https", "socks5", "socks5h"].contains(&uri.scheme()) && uri.has_host()
}
